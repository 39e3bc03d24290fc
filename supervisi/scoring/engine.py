"""The score of a sheet: provisional and complete, at every node, exact (docs/penilaian.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from .answers import AnswerValue, parse_answer
from .instrument import TOTAL, Instrument, Item, Node
from .rounding import UNITS, scaled

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
    """The result of a sheet, in whole numbers over one common denominator (`unit`); fractions are made when asked for.

    Keys of `complete_points`, `provisional_points` and of their fractions: every node, items with a weight, `total`.
    """

    instrument: Instrument
    values: Mapping[str, AnswerValue]
    unit: int
    complete_points: Mapping[str, int]
    provisional_points: Mapping[str, int]
    # Subs, and items with a weight of their own, that score nothing provisionally because they have no answer.
    empty_nodes: tuple[str, ...]

    @cached_property
    def complete(self) -> dict[str, Fraction]:
        """The complete score at every node."""
        return {code: Fraction(count, self.unit) for code, count in self.complete_points.items()}

    @cached_property
    def provisional(self) -> dict[str, Fraction]:
        """The provisional score at every node."""
        return {code: Fraction(count, self.unit) for code, count in self.provisional_points.items()}

    @cached_property
    def item_values(self) -> dict[str, Fraction | None]:
        """The value of every item, 0..1."""
        return {code: value.value for code, value in self.values.items()}

    @cached_property
    def unanswered(self) -> tuple[str, ...]:
        """Items without an answer, in the order of the sheet."""
        return tuple(code for code, value in self.values.items() if not value.is_answered)

    @cached_property
    def unanswerable(self) -> tuple[str, ...]:
        """Items that the unit can't have, in the order of the sheet."""
        return tuple(code for code, value in self.values.items() if value.is_unanswerable)

    @cached_property
    def areas(self) -> tuple[AreaScore, ...]:
        """The areas in order."""
        return tuple(
            AreaScore(
                key=area.key,
                provisional=Fraction(self.sum_of(self.provisional_points, area.nodes), self.unit),
                complete=Fraction(self.sum_of(self.complete_points, area.nodes), self.unit),
                weight=self.instrument.area_weight(area.key),
                answered=self.answered_in[area.key],
                total=self.instrument.area_sizes[area.key],
            )
            for area in self.instrument.areas
        )

    @cached_property
    def answered_in(self) -> dict[str, int]:
        """Items answered by area key."""
        answered = dict(self.instrument.area_sizes)
        for code in self.unanswered:
            answered[self.instrument.item(code).area_key] -= 1
        return answered

    def area(self, key: str) -> AreaScore:
        """Return the area with the key."""
        return {area.key: area for area in self.areas}[key]

    @staticmethod
    def sum_of(points: Mapping[str, int], codes: tuple[str, ...]) -> int:
        """Return the points of several nodes together."""
        return sum([points[code] for code in codes])

    def as_stored(self, points: int) -> int:
        """Return points in their stored form: 10⁻¹⁰, half up, once."""
        return scaled(points, self.unit)

    def nodes_as_stored(self) -> dict[str, int]:
        """Return the complete score of every node, the total included, in its stored form."""
        unit, twice, double = self.unit, 2 * self.unit, 2 * UNITS
        # What `scaled` does, without a call for each: a score is never below 0.
        return {code: (points * double + unit) // twice for code, points in self.complete_points.items()}


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
    values = {}
    for item in instrument.items:
        raw = answers.get(item.code)
        # A letter that was read before, without a call: most answers of most sheets.
        value = item.read_before.get(raw) if type(raw) is str else None
        values[item.code] = parse_answer(item, raw) if value is None else value
    return values


def score_values(instrument: Instrument, values: Mapping[str, AnswerValue]) -> SheetScore:
    """Score a sheet whose answers are read already; `values` names every item of the instrument."""
    tally = _Tally(instrument, values)
    for node in instrument.upwards:
        tally.add(node)
    complete = tally.with_total(tally.complete)
    return SheetScore(
        instrument=instrument,
        values=values,
        unit=tally.unit,
        complete_points=complete,
        provisional_points=tally.with_total(tally.provisional) if tally.is_open else complete,
        empty_nodes=tuple(tally.empty),
    )


def item_share(instrument: Instrument, score: SheetScore, item: Item) -> Fraction:
    """Return the points that a full value of the item is worth on the sheet."""
    return Fraction(*share_ratio(instrument, score, item))


def share_ratio(instrument: Instrument, score: SheetScore, item: Item) -> tuple[int, int]:
    """Return the same as two whole numbers."""
    if item.weight is not None:
        return item.weight.as_integer_ratio()
    node = instrument.node(item.node_code)
    counting = len(node.items)
    if score.unanswerable:
        counting = sum(entry.code not in score.unanswerable for entry in node.items)
    return (instrument.whole_weights[node.code], instrument.weight_unit * counting) if counting else (0, 1)


class _Tally:
    """Adds a sheet up in whole numbers over one common denominator: exact, and faster than sums of fractions.

    The denominator is the product of three: of the sheet's item values, of the instrument's weights, and of the
    numbers that a mean may divide by. While every item has a value, provisional and complete scores are the same.
    """

    def __init__(self, instrument: Instrument, values: Mapping[str, AnswerValue]) -> None:
        self._values = values
        ratios = {code: value.ratio for code, value in values.items() if value.ratio is not None}
        unit = lcm(*{below for _, below in ratios.values()})
        self._points = {code: above * (unit // below) for code, (above, below) in ratios.items()}
        self._value_unit, self._mean_unit = unit, instrument.mean_unit
        self._weights, self._shares = instrument.whole_weights, instrument.mean_shares
        self._roots = [node.code for node in instrument.root]
        self.unit = unit * instrument.weight_unit * instrument.mean_unit
        # Whether an item without a value leaves the provisional score apart from the complete one.
        self.is_open = len(ratios) < len(values)
        self.complete: dict[str, int] = {}
        self.provisional: dict[str, int] = {} if self.is_open else self.complete
        self.empty: list[str] = []

    def add(self, node: Node) -> None:
        """Score a node; everything below it is scored already."""
        if node.children:
            codes = node.child_codes
        elif node.rule == "sum":
            codes = [self._add_weighted(item) for item in node.items]
        else:
            self._add_mean(node)
            return
        self.complete[node.code] = sum([self.complete[code] for code in codes])
        if self.is_open:
            self.provisional[node.code] = sum([self.provisional[code] for code in codes])

    def _add_weighted(self, item: Item) -> str:
        """An item with a weight of its own: value times weight; an unanswered one gives nothing and is named."""
        points = self._points.get(item.code, 0) * self._weights[item.code] * self._mean_unit
        self.provisional[item.code] = self.complete[item.code] = points
        if not self._values[item.code].is_answered:
            self.empty.append(item.code)
        return item.code

    def _add_mean(self, node: Node) -> None:
        """The mean of the items: unanswerable ones are left out, unanswered ones only provisionally."""
        codes, weight = node.item_codes, self._weights[node.code]
        if not self.is_open and codes:
            # Every item has a value: most sheets, and then provisional and complete points are one.
            self.complete[node.code] = sum([self._points[code] for code in codes]) * self._shares[node.code]
            return
        known = [self._points[code] for code in codes if code in self._points]
        if len(known) == len(codes):
            points = sum(known) * weight * (self._mean_unit // len(codes)) if codes else self._when_empty(node)
            self.complete[node.code] = self.provisional[node.code] = points
            return
        counting = sum(not self._values[code].is_unanswerable for code in codes)
        if not counting:
            self.provisional[node.code] = self.complete[node.code] = self._when_empty(node)
            return
        if not known:
            self.empty.append(node.code)
        total = sum(known) * weight
        self.provisional[node.code] = total * (self._mean_unit // (len(known) or 1))
        self.complete[node.code] = total * (self._mean_unit // counting)

    def _when_empty(self, node: Node) -> int:
        """What a sub scores whose items are all unanswerable."""
        return self._weights[node.code] * self._value_unit * self._mean_unit if node.when_empty == "full" else 0

    def with_total(self, points: dict[str, int]) -> dict[str, int]:
        """Return the points with those of the roots together."""
        points[TOTAL] = sum([points[code] for code in self._roots])
        return points
