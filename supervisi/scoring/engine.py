"""The score of a sheet: provisional and complete, at every node, exact (docs/penilaian.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
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
    return score_values(instrument, parse_answers(instrument, answers))


def parse_answers(instrument: Instrument, answers: Mapping[str, Any]) -> dict[str, AnswerValue]:
    """Read the answers of a sheet, each item of the instrument once.

    Raises:
        AnswerFault: an answer that its item can't have.
    """
    return {
        item.code: parse_answer(item, answers[item.code]) if item.code in answers else UNANSWERED
        for item in instrument.items
    }


def score_values(instrument: Instrument, values: Mapping[str, AnswerValue]) -> SheetScore:
    """Score a sheet whose answers are read already; `values` names every item of the instrument."""
    tally = _Tally(instrument, values)
    for node in instrument.root:
        tally.add(node)
    provisional, complete = tally.fractions(tally.provisional), tally.fractions(tally.complete)
    return SheetScore(
        provisional=provisional,
        complete=complete,
        item_values={code: value.value for code, value in values.items()},
        unanswered=tuple(code for code, value in values.items() if not value.is_answered),
        unanswerable=tuple(code for code, value in values.items() if value.is_unanswerable),
        empty_nodes=tuple(tally.empty),
        areas=_areas(instrument, values, provisional, complete),
    )


def item_share(instrument: Instrument, score: SheetScore, item: Item) -> Fraction:
    """Return the points that a full value of the item is worth on the sheet."""
    if item.weight is not None:
        return item.weight
    node = instrument.node(item.node_code)
    counting = [entry for entry in node.items if entry.code not in score.unanswerable]
    return node.weight / len(counting) if counting else _ZERO


class _Tally:
    """Adds a sheet up in whole numbers over one common denominator: exact, and faster than sums of fractions.

    The denominator is the product of three: of the sheet's item values, of the instrument's weights, and of the
    numbers that a mean may divide by.
    """

    def __init__(self, instrument: Instrument, values: Mapping[str, AnswerValue]) -> None:
        self._values = values
        self._value_unit = lcm(*{value.value.denominator for value in values.values() if value.value is not None})
        self._weight_unit, self._mean_unit = instrument.weight_unit, instrument.mean_unit
        self._root = [node.code for node in instrument.root]
        self.provisional: dict[str, int] = {}
        self.complete: dict[str, int] = {}
        self.empty: list[str] = []

    def add(self, node: Node) -> None:
        """Score a node after everything below it."""
        for child in node.children:
            self.add(child)
        if node.children:
            codes = [child.code for child in node.children]
        elif node.rule == "sum":
            codes = [self._add_weighted(item) for item in node.items]
        else:
            self._add_mean(node)
            return
        self.provisional[node.code] = sum(self.provisional[code] for code in codes)
        self.complete[node.code] = sum(self.complete[code] for code in codes)

    def _add_weighted(self, item: Item) -> str:
        """An item with a weight of its own: value times weight; an unanswered one gives nothing and is named."""
        value = self._values[item.code]
        points = 0
        if value.value is not None and item.weight is not None:
            points = self._value(value.value) * self._weight(item.weight) * self._mean_unit
        self.provisional[item.code] = self.complete[item.code] = points
        if not value.is_answered:
            self.empty.append(item.code)
        return item.code

    def _add_mean(self, node: Node) -> None:
        """The mean of the items: unanswerable ones are left out, unanswered ones only provisionally."""
        counting = [value for item in node.items if not (value := self._values[item.code]).is_unanswerable]
        known = [self._value(value.value) for value in counting if value.value is not None]
        weight = self._weight(node.weight)
        if not counting:
            points = weight * self._value_unit * self._mean_unit if node.when_empty == "full" else 0
            self.provisional[node.code] = self.complete[node.code] = points
            return
        if not known:
            self.empty.append(node.code)
        total = sum(known) * weight
        self.provisional[node.code] = total * (self._mean_unit // (len(known) or 1))
        self.complete[node.code] = total * (self._mean_unit // len(counting))

    def _value(self, value: Fraction) -> int:
        return value.numerator * (self._value_unit // value.denominator)

    def _weight(self, weight: Fraction) -> int:
        return weight.numerator * (self._weight_unit // weight.denominator)

    def fractions(self, points: dict[str, int]) -> dict[str, Fraction]:
        """Return the scores as fractions, with the total."""
        unit = self._value_unit * self._weight_unit * self._mean_unit
        scores = {code: Fraction(count, unit) for code, count in points.items()}
        scores[TOTAL] = Fraction(sum(points[code] for code in self._root), unit)
        return scores


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
