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


@dataclass(frozen=True)
class Result:
    """One result of a line: when (in steps of the axis), how much, what its tip says, and where it leads.

    Results of another `run` (another version of the instrument, another layer) are not joined to those before.
    """

    at: Fraction
    value: Fraction
    tip: str
    url: str
    run: tuple[object, ...]


@dataclass(frozen=True)
class Dot:
    """A result of a line as it is drawn."""

    x: str
    y: str
    tip: str
    url: str


@dataclass(frozen=True)
class Line:
    """A line of results; `key` tells the lines of a chart apart."""

    key: str
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True)
class Lines:
    """A chart of several lines over the same steps."""

    lines: tuple[Line, ...]
    levels: tuple[Level, ...]
    ticks: tuple[tuple[str, str], ...]


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


# Boxes of a chart of lines: left, right, top, bottom, room beside the outermost results.
WIDE, SMALL = (40, 312, 12, 140, 16), (0, 160, 8, 56, 8)


def line_chart(
    series: Sequence[tuple[str, Sequence[Result]]],
    ticks: Sequence[str],
    gates: Sequence[Fraction],
    *,
    box: tuple[int, int, int, int, int],
    between: tuple[Fraction, Fraction],
) -> Lines:
    """Draw lines of (key, results, oldest first) over the steps of an axis.

    Args:
        ticks: what each step is called; results stand at 0 up to the last of them.
        gates: values of horizontal lines, the lower one first.
        between: the lowest and the highest value of the scale.
    """
    left, right, top, bottom, room = box
    step = Fraction(right - left - 2 * room, max(1, len(ticks) - 1))
    lowest, highest = between

    def across(at: Fraction) -> Fraction:
        return left + room + at * step if len(ticks) > 1 else Fraction(left + right, 2) + at * room

    def height(value: Fraction) -> Fraction:
        return bottom - (value - lowest) * (bottom - top) / (highest - lowest)

    lines = []
    for key, results in series:
        path, run = [], None
        for result in results:
            path.append(
                f"{'L' if result.run == run else 'M'}{_place(across(result.at))} {_place(height(result.value))}"
            )
            run = result.run
        dots = [Dot(_place(across(each.at)), _place(height(each.value)), each.tip, each.url) for each in results]
        lines.append(Line(key, "".join(path), tuple(dots)))
    levels = [
        Level(_place(height(gate)), _place(height(gate) + 4), trimmed(gate), place == 0 and len(gates) > 1)
        for place, gate in enumerate(gates)
    ]
    marks = [(_place(across(Fraction(place))), text) for place, text in enumerate(ticks)]
    return Lines(tuple(lines), tuple(levels), tuple(marks))


def scale_of(values: Sequence[Fraction], gates: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """Return a scale on which all values and gates stand, with a little room."""
    known = [*values, *gates] or [Fraction(0), Fraction(100)]
    return max(Fraction(0), min(known) - 2), min(Fraction(100), max(known) + 2)


def _place(value: Fraction) -> str:
    return decimal_string(value, 2)
