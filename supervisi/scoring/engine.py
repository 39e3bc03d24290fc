"""The score of a sheet: provisional and complete, at every node, exact (docs/penilaian.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .answers import UNANSWERED, AnswerValue, parse_answer
from .instrument import TOTAL, Instrument, Item, Node

_ZERO = Fraction()


@dataclass(frozen=True)
class AreaScore:
    """One area: scores in points, its weight, items answered and items in all."""

    key: str
    provisional: Fraction
    complete: Fraction
    weight: Fraction
    answered: int
    total: int

    @property
    def percent(self) -> Fraction:
        """Complete score against the weight, in percent."""
        return self.complete * 100 / self.weight


@dataclass(frozen=True)
class SheetScore:
    """The result of a sheet. Keys of `provisional` and `complete`: every node, items with a weight, and `total`."""

    provisional: dict[str, Fraction]
    complete: dict[str, Fraction]
    item_values: dict[str, Fraction | None]
    unanswered: tuple[str, ...]
    unanswerable: tuple[str, ...]
    # Subs, and items with a weight of their own, that score nothing provisionally because they have no answer.
    empty_nodes: tuple[str, ...]
    areas: tuple[AreaScore, ...]

    def area(self, key: str) -> AreaScore:
        """Return the area with the key."""
        return {area.key: area for area in self.areas}[key]


def score_sheet(instrument: Instrument, answers: Mapping[str, Any]) -> SheetScore:
    """Score a sheet.

    Args:
        instrument: the instrument of the sheet.
        answers: raw answers by item code; what is missing is unanswered.

    Raises:
        AnswerFault: an answer that its item can't have.
    """
    values = {
        item.code: parse_answer(item, answers[item.code]) if item.code in answers else UNANSWERED
        for item in instrument.items
    }
    provisional: dict[str, Fraction] = {}
    complete: dict[str, Fraction] = {}
    empty: list[str] = []
    for node in instrument.root:
        _score_node(node, values, provisional, complete, empty)
    provisional[TOTAL] = sum((provisional[node.code] for node in instrument.root), _ZERO)
    complete[TOTAL] = sum((complete[node.code] for node in instrument.root), _ZERO)
    return SheetScore(
        provisional=provisional,
        complete=complete,
        item_values={code: value.value for code, value in values.items()},
        unanswered=tuple(code for code, value in values.items() if not value.is_answered),
        unanswerable=tuple(code for code, value in values.items() if value.is_unanswerable),
        empty_nodes=tuple(empty),
        areas=_areas(instrument, values, provisional, complete),
    )


def _score_node(
    node: Node,
    values: Mapping[str, AnswerValue],
    provisional: dict[str, Fraction],
    complete: dict[str, Fraction],
    empty: list[str],
) -> None:
    for child in node.children:
        _score_node(child, values, provisional, complete, empty)
    if node.children:
        provisional[node.code] = sum((provisional[child.code] for child in node.children), _ZERO)
        complete[node.code] = sum((complete[child.code] for child in node.children), _ZERO)
        return
    if node.rule == "sum":
        _score_weighted(node, values, provisional, complete)
        empty.extend(item.code for item in node.items if not values[item.code].is_answered)
        return
    found = [values[item.code] for item in node.items]
    provisional[node.code], complete[node.code] = _mean(node, found)
    if any(not value.is_answered for value in found) and all(value.value is None for value in found):
        empty.append(node.code)


def _score_weighted(
    node: Node, values: Mapping[str, AnswerValue], provisional: dict[str, Fraction], complete: dict[str, Fraction]
) -> None:
    """Items with weights of their own: value times weight; an unanswered one gives nothing."""
    for item in node.items:
        points = (values[item.code].value or _ZERO) * _weight(item)
        provisional[item.code] = complete[item.code] = points
    provisional[node.code] = complete[node.code] = sum((complete[item.code] for item in node.items), _ZERO)


def _weight(item: Item) -> Fraction:
    return item.weight if item.weight is not None else _ZERO


def _mean(node: Node, values: list[AnswerValue]) -> tuple[Fraction, Fraction]:
    """Return (provisional, complete): unanswerable items are left out, unanswered ones only provisionally."""
    counting = [value for value in values if not value.is_unanswerable]
    if not counting:
        points = node.weight if node.when_empty == "full" else _ZERO
        return points, points
    known = [value.value for value in counting if value.value is not None]
    total = sum(known, _ZERO) * node.weight
    return (total / len(known) if known else _ZERO), total / len(counting)


def _areas(
    instrument: Instrument,
    values: Mapping[str, AnswerValue],
    provisional: Mapping[str, Fraction],
    complete: Mapping[str, Fraction],
) -> tuple[AreaScore, ...]:
    answered: dict[str, int] = {}
    total: dict[str, int] = {}
    for item in instrument.items:
        total[item.area_key] = total.get(item.area_key, 0) + 1
        answered[item.area_key] = answered.get(item.area_key, 0) + values[item.code].is_answered
    return tuple(
        AreaScore(
            key=area.key,
            provisional=sum((provisional[code] for code in area.nodes), _ZERO),
            complete=sum((complete[code] for code in area.nodes), _ZERO),
            weight=instrument.area_weight(area.key),
            answered=answered.get(area.key, 0),
            total=total.get(area.key, 0),
        )
        for area in instrument.areas
    )
