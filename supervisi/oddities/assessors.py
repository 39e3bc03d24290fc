"""An assessor who is always higher than the others on the same items of sister units (four queries).

A sign test that a person can follow: item by item, his mean beside the mean of all others in the same period,
instrument and layer, at units below the same unit. Only how often he is higher and by how much counts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db.models import CharField, Count, F, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Length, Substr

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, ChecklistStatus, Instrument, Layer, OddityKind
from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.instrument import Instrument as EngineInstrument
from wbbm.organisasi.models import Unit

from .found import HIGHER_ITEMS, HIGHER_PERCENT, HIGHER_SHARE, HIGHER_UNITS, Found, Look

# The unit above, period, instrument, layer: within it people are compared.
_Circle = tuple[str, int, int, str]
_CIRCLE = ("above", "period", "instrument", "layer")


@dataclass
class _Sum:
    """Values of an item that one person gave, added up."""

    total: Fraction = Fraction()
    count: int = 0

    def add(self, value: Fraction, times: int) -> None:
        self.total += value * times
        self.count += times


@dataclass
class _Beside:
    """One assessor beside the others, over all items that both assessed."""

    higher: int = 0
    lower: int = 0
    same: int = 0
    difference: Fraction = Fraction()
    others: set[int] = field(default_factory=set)
    # Item, his mean, theirs; the widest first.
    items: list[tuple[str, Fraction, Fraction]] = field(default_factory=list)

    @property
    def compared(self) -> int:
        return self.higher + self.lower + self.same

    @property
    def mean_percent(self) -> Fraction:
        return self.difference * 100 / self.compared

    @property
    def is_odd(self) -> bool:
        differing = self.higher + self.lower
        return (
            differing >= HIGHER_ITEMS
            and self.higher * 100 >= HIGHER_SHARE * differing
            and self.mean_percent >= HIGHER_PERCENT
        )


def higher_assessors(look: Look) -> Iterator[Found]:
    """Find assessors on sheets of open periods, past draft, who stand above the others on nearly every item."""
    units = _units()
    sums = _sums()
    signs: list[tuple[_Circle, int, _Beside]] = []
    for circle, people in sums.items():
        for person in people:
            if units.get((circle, person), 0) < HIGHER_UNITS:
                continue
            beside = _compare(person, people)
            if beside.is_odd:
                signs.append((circle, person, beside))
    sheets = _sheets({person for _, person, _ in signs}) if signs else {}
    for circle, person, beside in signs:
        yield _sign(circle, person, beside, sheets[circle, person])


def _assessed() -> QuerySet[Answer]:
    rows = Answer.objects.filter(
        checklist__period__closed_at__isnull=True, is_answered=True, author__isnull=False
    ).exclude(checklist__status=ChecklistStatus.DRAFT)
    path = "checklist__unit__path"
    above = Substr(path, 1, Length(path) - Unit.steplen, output_field=CharField())
    return rows.exclude(checklist__layer=Layer.SELF).order_by().annotate(
        above=above, period=F("checklist__period"), instrument=F("checklist__instrument"), layer=F("checklist__layer")
    )  # fmt: skip


def _circle(row: dict[str, Any]) -> _Circle:
    return tuple(row[name] for name in _CIRCLE)


def _units() -> dict[tuple[_Circle, int], int]:
    """Return at how many units each person assessed."""
    rows = _assessed().values(*_CIRCLE, "author").annotate(units=Count("checklist__unit", distinct=True))
    return {(_circle(row), row["author"]): row["units"] for row in rows}


def _sums() -> dict[_Circle, dict[int, dict[str, _Sum]]]:
    """Return the values by circle, person and item; the database counts equal answers, so that few rows come."""
    rows = _assessed().annotate(given=KeyTextTransform("answer", "value"))
    rows = rows.values(*_CIRCLE, "author", "given", code=F("item__code")).annotate(times=Count("pk"))
    engines = {row.pk: engine_instrument(row) for row in Instrument.objects.defer("definition")}
    found: dict[_Circle, dict[int, dict[str, _Sum]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(_Sum)))
    for row in rows:
        value = _value(engines[row["instrument"]], row["code"], row["given"])
        if value is not None:
            found[_circle(row)][row["author"]][row["code"]].add(value, row["times"])
    return found


def _value(engine: EngineInstrument, code: str, given: str | None) -> Fraction | None:
    """Return what an answer is worth, from 0 to 1; None where nothing could be answered."""
    raw = json.loads(given) if given and given.startswith("{") else given
    try:
        return parse_answer(engine.item(code), raw).value
    except AnswerFault:
        return None


def _compare(person: int, people: dict[int, dict[str, _Sum]]) -> _Beside:
    beside = _Beside()
    for code, own in people[person].items():
        theirs = _Sum()
        for other, items in people.items():
            if other != person and code in items:
                theirs.add(items[code].total / items[code].count, items[code].count)
                beside.others.add(other)
        if theirs.count < HIGHER_UNITS or own.count < HIGHER_UNITS:
            continue
        mean, beyond = own.total / own.count, theirs.total / theirs.count
        beside.higher += mean > beyond
        beside.lower += mean < beyond
        beside.same += mean == beyond
        beside.difference += mean - beyond
        beside.items.append((code, mean, beyond))
    beside.items.sort(key=lambda row: (row[2] - row[1], row[0]))
    return beside


def _sheets(people: set[int]) -> dict[tuple[_Circle, int], list[tuple[int, int]]]:
    """Return the sheets on which these people answered, each with its unit."""
    rows = _assessed().filter(author__in=people).values(*_CIRCLE, "author", "checklist", unit=F("checklist__unit"))
    found: dict[tuple[_Circle, int], set[tuple[int, int]]] = defaultdict(set)
    for row in rows.distinct():
        found[_circle(row), row["author"]].add((row["checklist"], row["unit"]))
    return {key: sorted(sheets) for key, sheets in found.items()}


def _sign(circle: _Circle, person: int, beside: _Beside, sheets: list[tuple[int, int]]) -> Found:
    above, period, instrument, layer = circle
    return Found(
        kind=OddityKind.HIGHER,
        subject=f"higher:{person}:{period}:{instrument}:{layer}:{above}"[:80],
        key=[sheet for sheet, _ in sheets],
        facts={
            "layer": layer,
            "instrument": instrument,
            "higher": beside.higher,
            "lower": beside.lower,
            "same": beside.same,
            # In hundredths of a percent of a full item.
            "difference": round(beside.mean_percent * 100),
            "others": len(beside.others),
            "items": [[code, round(mean * 10000), round(theirs * 10000)] for code, mean, theirs in beside.items],
            "sheets": [list(pair) for pair in sheets],
        },
        units=frozenset(unit for _, unit in sheets),
        people=frozenset({person}),
        period_id=period,
    )
