"""Bars, rings and trends: finished strings for SVG. Under `id` a template would write 12.5 as 12,5 and break it."""

from __future__ import annotations

from collections.abc import Sequence
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
class Gain:
    """A bar of what is there and what is gained, with one gate."""

    now: str
    gained: str
    mark: str
    label: str


@dataclass(frozen=True)
class Ring:
    """A progress ring: `dash` for stroke-dasharray over a path of 100."""

    dash: str
    percent: int
    label: str
    is_done: bool


@dataclass(frozen=True)
class Level:
    """A horizontal line of a trend: a gate."""

    y: str
    text_y: str
    text: str
    is_low: bool


@dataclass(frozen=True)
class TrendPoint:
    """One score of a trend: its place, and where its figure stands."""

    x: str
    y: str
    text_y: str
    value: str
    name: str
    short: str


@dataclass(frozen=True)
class Trend:
    """A line of scores over periods in a box of 320 × 132."""

    path: str
    points: tuple[TrendPoint, ...]
    levels: tuple[Level, ...]
    label: str


def coordinate(value: Fraction) -> str:
    """Write a number for SVG: full stop, two decimals, within 0 and 100."""
    return decimal_string(min(Fraction(100), max(Fraction(), value)), 2)


def nearest_missed(value: Fraction, gates: Sequence[Fraction]) -> Fraction | None:
    """Return the lowest gate above the value: the one that a rounded figure could hide."""
    return min((gate for gate in gates if value < gate), default=None)


def score_bar(percent: Fraction, *, low: Fraction, high: Fraction, label: str, has_gates: bool = True) -> Bar:
    """Make a bar with two gates; it is green from the higher one on, amber from the lower one, else red.

    Without gates the two limits only colour it.
    """
    tone = "ok" if percent >= high else "warn" if percent >= low else "bad"
    figure = shown(percent, gate=nearest_missed(percent, (low, high)))
    gates = f"ambang {trimmed(low)} dan {trimmed(high)}" if has_gates else "tanpa ambang"
    return Bar(
        width=coordinate(percent),
        tone=tone,
        marks=(Mark(coordinate(low), True), Mark(coordinate(high), False)) if has_gates else (),
        label=f"{label}: {figure}; {gates}",
    )


def gain_bar(now: Fraction, then: Fraction, weight: Fraction, gate: Fraction, *, label: str) -> Gain:
    """Make a bar of a score now and then, both of a weight."""
    return Gain(
        now=coordinate(now * 100 / weight),
        gained=coordinate((then - now) * 100 / weight),
        mark=coordinate(gate * 100 / weight),
        label=f"{label}; ambang {trimmed(gate)}",
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


def trimmed(value: Fraction) -> str:
    """Write a limit without empty decimals: 75, 19,5."""
    text = shown(value)
    return text.rstrip("0").rstrip(",")


# The box of a trend: where the first and the last point stand, and the highest and lowest score.
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 296, 26, 100


def trend(scores: Sequence[tuple[str, str, Fraction]], *, low: Fraction, high: Fraction, label: str) -> Trend:
    """Make a trend of (name, short name, score), oldest first, between two gates."""
    values = [score for _, _, score in scores]
    floor, ceiling = min([*values, low]) - 2, max([*values, high]) + 2
    step = Fraction(_RIGHT - _LEFT, max(1, len(scores) - 1))

    def height(score: Fraction) -> Fraction:
        return _BOTTOM - (score - floor) * (_BOTTOM - _TOP) / (ceiling - floor)

    points = []
    for place, (name, short, score) in enumerate(scores):
        x, y = _LEFT + place * step, height(score)
        figure = shown(score, gate=nearest_missed(score, (low, high)))
        points.append(TrendPoint(_place(x), _place(y), _place(y - 9), figure, name, short))
    return Trend(
        path="M" + "L".join(f"{point.x} {point.y}" for point in points),
        points=tuple(points),
        levels=tuple(
            Level(_place(height(gate)), _place(height(gate) + 4), trimmed(gate), gate == low) for gate in (low, high)
        ),
        label=f"{label}: " + "; ".join(f"{point.name} {point.value}" for point in points),
    )


def _place(value: Fraction) -> str:
    return decimal_string(value, 2)
