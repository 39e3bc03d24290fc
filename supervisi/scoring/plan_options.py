"""What could be answered better at one item, and how much work each better answer is, in half days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .answers import AnswerValue, parse_answer
from .instrument import TOTAL, Instrument, Item

# Half days from nothing to all points, by the number of steps of the scale, where an instrument names no days.
_BY_STEPS = {2: 4, 3: 6, 4: 8, 5: 10}
_BY_INPUTS = 8
# An item with a weight of its own is a result (of surveys, of performance): no paper brings it about.
_BY_RESULTS = 80
# Finer steps of an input than this are no help to anybody, and cost time.
_MOST_STEPS = 20
MOST_HALF_DAYS = 500


@dataclass(frozen=True)
class Better:
    """A better answer of an item: the raw answer, its value, and the work to get there in half days."""

    item_code: str
    raw: Any
    value: Fraction
    half_days: int


def is_survey(item: Item) -> bool:
    """Tell whether the item is a survey's index: people outside decide it, never paperwork."""
    return item.formula is not None and item.formula.kind == "index"


def default_half_days(item: Item, answer: AnswerValue) -> int:
    """Return the work that gives the item all its points, in half days: less where part of it is there."""
    if item.effort_days is not None:
        whole = 2 * item.effort_days
    elif item.weight is not None:
        whole = _BY_RESULTS
    else:
        whole = _BY_STEPS.get(len(item.options), _BY_STEPS[5]) if item.options else _BY_INPUTS
    return max(1, _up(whole * (1 - (answer.value or 0))))


def better_answers(item: Item, answer: AnswerValue, half_days: int) -> tuple[Better, ...]:
    """Return the better answers, the least work first; each costs its share of the work, rounded up to half days.

    Of two with the same work only the better one stays. None for surveys, for what has happened already (a count of
    violations), and for numbers that are not there yet.
    """
    current = answer.value or Fraction()
    if current >= 1 or answer.is_unanswerable:
        return ()
    if item.options:
        found = [(option.code, option.value) for option in item.options if option.value > current]
    elif item.formula is not None and item.formula.kind == "ratio" and answer.value is not None:
        found = _steps(item, answer, half_days)
    else:
        return ()
    best: dict[int, Better] = {}
    for raw, value in sorted(found, key=lambda pair: pair[1]):
        work = max(1, _up(half_days * (value - current) / (1 - current)))
        best[work] = Better(item.code, raw, value, work)
    return tuple(best[work] for work in sorted(best))


def _steps(item: Item, answer: AnswerValue, half_days: int) -> list[tuple[Any, Fraction]]:
    """Return how far the numerator can be brought in each half day, up to all of it."""
    formula = item.formula
    assert formula is not None  # asked before
    below = sum(answer.raw[key] for key in formula.denominators)
    now = answer.raw[formula.numerator]
    if formula.numerator in formula.denominators:
        return []
    gap, parts = below - now, min(half_days, _MOST_STEPS)
    counts = sorted({now + gap * part // parts for part in range(1, parts + 1)} - {now})
    raws = [answer.raw | {formula.numerator: count} for count in counts]
    return [(raw, value) for raw in raws if (value := parse_answer(item, raw).value) is not None]


def _up(value: Fraction | int) -> int:
    return -(-value // 1)


def work_of(item: Item, answer: AnswerValue, known: Mapping[str, int]) -> int:
    """Return the work of an item in half days: the corrected one, else the usual one."""
    return known.get(item.code) or default_half_days(item, answer)


def items_of_gate(instrument: Instrument, code: str) -> tuple[Item, ...]:
    """Return the items that a gate counts: of the total, of an area, below a node, or the item itself."""
    if code == TOTAL:
        return instrument.items
    for area in instrument.areas:
        if area.key == code:
            return tuple(item for node in area.nodes for item in instrument.items_under(node))
    return instrument.items_under(code)
