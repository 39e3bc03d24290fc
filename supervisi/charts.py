"""Bars and rings: finished strings for SVG. Under `id` a template would write 12.5 as 12,5 and break it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from supervisi.scoring.rounding import decimal_string, shown


@dataclass(frozen=True)
class Mark:
    """A gate on a bar: where it stands (SVG text), and whether it is the lower one."""

    x: str
    is_low: bool


@dataclass(frozen=True)
class Bar:
    """A score bar on a scale of 0 to 100."""

    width: str
    tone: str
    marks: tuple[Mark, ...]
    label: str


@dataclass(frozen=True)
class Ring:
    """A progress ring: `dash` for stroke-dasharray over a path of 100."""

    dash: str
    percent: int
    label: str
    is_done: bool


def coordinate(value: Fraction) -> str:
    """Write a number for SVG: full stop, two decimals, within 0 and 100."""
    return decimal_string(min(Fraction(100), max(Fraction(), value)), 2)


def score_bar(percent: Fraction, *, low: Fraction, high: Fraction, label: str) -> Bar:
    """Make a bar with two gates; it is green from the higher one on, amber from the lower one, else red."""
    tone = "ok" if percent >= high else "warn" if percent >= low else "bad"
    return Bar(
        width=coordinate(percent),
        tone=tone,
        marks=(Mark(coordinate(low), True), Mark(coordinate(high), False)),
        label=f"{label}: {shown(percent, gate=high if percent < high else None)} persen",
    )


def progress_ring(done: int, total: int, label: str) -> Ring:
    """Make a ring; 100 % only when nothing is left."""
    percent = done * 100 // total if total else 0
    return Ring(f"{percent} 100", percent, label, bool(total) and done == total)


def band(percent: Fraction) -> int:
    """Return the heat band: 1 below 60, 2 below 75, 3 below 90, else 4; decided on the exact share."""
    return 1 + sum(percent >= limit for limit in (60, 75, 90))


def cut(percent: Fraction) -> int:
    """Return the whole percent of a heat cell, cut off: it never rounds up over a gate."""
    return percent.numerator // percent.denominator
