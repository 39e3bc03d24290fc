"""Two sheets of one instrument side by side: what moved, by how much, and whose answers did it.

Two periods or visits of a unit, two layers, or two units: whatever two sheets are given.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Q
from django.utils import dateformat

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist
from supervisi.models.checklists import ChecklistQuerySet
from supervisi.pages.layers import signed
from supervisi.pages.moments import long_moment
from supervisi.scoring.engine import SheetScore, item_share, score_sheet
from supervisi.scoring.instrument import TOTAL, Instrument, Item
from supervisi.scoring.rounding import shown
from supervisi.services.content import answers_of
from supervisi.services.replies import ShownAnswer, author_text, show_answer
from wbbm.organisasi.models import User

# Sheets that are offered: of the unit itself, and of other units in the same period and layer.
_MOST_OWN, _MOST_OTHERS = 24, 60


@dataclass(frozen=True)
class Choice:
    """A sheet that may stand on the other side."""

    pk: int
    label: str
    is_own: bool


@dataclass(frozen=True)
class Side:
    """One of the two sheets."""

    checklist: Checklist
    label: str
    total: str


@dataclass(frozen=True)
class AreaMove:
    """One area: percent on both sides, and the points between."""

    key: str
    label: str
    first: str
    second: str
    points: str
    tone: str


@dataclass(frozen=True)
class Told:
    """An answer of one side: what, by whom, when."""

    answer: ShownAnswer
    author: str
    at: str


@dataclass(frozen=True)
class ItemMove:
    """One item whose answer or points differ."""

    item: Item
    first: Told
    second: Told
    points: str
    tone: str


@dataclass(frozen=True)
class ComparisonPage:
    """Two sheets side by side; without a second one only what may be chosen."""

    first: Side
    second: Side | None
    choices: tuple[Choice, ...]
    moved: str
    tone: str
    areas: tuple[AreaMove, ...]
    items: tuple[ItemMove, ...]
    # Points that no single item brings: a part that counts in full because none of its items can be answered.
    rest: str

    @property
    def own_choices(self) -> tuple[Choice, ...]:
        """Other sheets of the same unit."""
        return tuple(choice for choice in self.choices if choice.is_own)

    @property
    def other_choices(self) -> tuple[Choice, ...]:
        """Sheets of other units."""
        return tuple(choice for choice in self.choices if not choice.is_own)


def comparable(viewer: User, checklist: Checklist) -> ChecklistQuerySet:
    """Keep the sheets that may be set against this one: seen, handed in, whole, of the same instrument."""
    return (
        Checklist.objects.visible_to(viewer)
        .counting_candidates()
        .filter(instrument=checklist.instrument_id)
        .exclude(pk=checklist.pk)
    )


def read_comparison(checklist: Checklist, other: Checklist | None, viewer: User) -> ComparisonPage:
    """Set a sheet against an older, a newer, or another unit's one; the points are second less first."""
    instrument = engine_instrument(checklist.instrument)
    first, second = _in_order(checklist, other)
    sheets = [first] if second is None else [first, second]
    answers = answers_of(sheets)
    scores = [score_sheet(instrument, answers[sheet.pk]) for sheet in sheets]
    totals = [score.complete[TOTAL] for score in scores]
    sides = [Side(sheet, label_of(sheet), shown(total)) for sheet, total in zip(sheets, totals, strict=True)]
    choices = _choices(viewer, checklist)
    if second is None:
        return ComparisonPage(sides[0], None, choices, "", "", (), (), "")
    points = [_item_points(instrument, score) for score in scores]
    between = totals[1] - totals[0]
    rest = between - sum(points[1].values(), Fraction()) + sum(points[0].values(), Fraction())
    return ComparisonPage(
        first=sides[0],
        second=sides[1],
        choices=choices,
        moved=signed(between),
        tone=_tone(between),
        areas=_areas(instrument, scores),
        items=_items(instrument, sheets, answers, points),
        rest=signed(rest) if rest else "",
    )


def label_of(checklist: Checklist) -> str:
    """Name a sheet: unit, layer, period, and the day of its visit."""
    day = f", kunjungan {_day(checklist.visit.starts_on)}" if checklist.visit is not None else ""
    return f"{checklist.unit.name}: {checklist.get_layer_display().lower()} {checklist.period.name}{day}"


def _day(day: datetime.date) -> str:
    return dateformat.format(day, "j F Y")


def _tone(points: Fraction) -> str:
    return "up" if points > 0 else "down" if points < 0 else ""


def _when(checklist: Checklist) -> tuple[datetime.date, datetime.date, int]:
    seen = checklist.visit.starts_on if checklist.visit is not None else checklist.period.first_day
    return checklist.period.first_day, seen, checklist.pk


def _in_order(checklist: Checklist, other: Checklist | None) -> tuple[Checklist, Checklist | None]:
    """The older sheet of a unit first; of two units the one that was asked for."""
    if other is not None and other.unit_id == checklist.unit_id and _when(other) < _when(checklist):
        return other, checklist
    return checklist, other


def _choices(viewer: User, checklist: Checklist) -> tuple[Choice, ...]:
    known = comparable(viewer, checklist).with_frame()
    own = known.filter(unit=checklist.unit_id).order_by("-period__first_day", "-pk")[:_MOST_OWN]
    same = Q(period=checklist.period_id, layer=checklist.layer)
    others = known.filter(same).exclude(unit=checklist.unit_id).order_by("unit__name", "-pk")[:_MOST_OTHERS]
    return (*(Choice(sheet.pk, label_of(sheet), True) for sheet in own),
            *(Choice(sheet.pk, label_of(sheet), False) for sheet in others))  # fmt: skip


def _item_points(instrument: Instrument, score: SheetScore) -> dict[str, Fraction]:
    """Return what each item brings to the total of its sheet."""
    return {
        item.code: item_share(instrument, score, item) * (score.item_values[item.code] or Fraction())
        for item in instrument.items
    }


def _areas(instrument: Instrument, scores: list[SheetScore]) -> tuple[AreaMove, ...]:
    lines = []
    for area in instrument.areas:
        first, second = (score.area(area.key) for score in scores)
        between = second.complete - first.complete
        lines.append(
            AreaMove(area.key, area.label, shown(first.percent), shown(second.percent), signed(between), _tone(between))
        )
    return tuple(lines)


def _items(
    instrument: Instrument,
    sheets: list[Checklist],
    answers: Mapping[int, Mapping[str, object]],
    points: list[dict[str, Fraction]],
) -> tuple[ItemMove, ...]:
    """Return the items that differ, the farthest apart first."""
    first, second = sheets
    changed = [
        item
        for item in instrument.items
        if answers[first.pk].get(item.code) != answers[second.pk].get(item.code)
        or points[0][item.code] != points[1][item.code]
    ]
    rows = {
        (row.checklist_id, row.item.code): row
        for row in Answer.objects.filter(
            checklist__in=[first.pk, second.pk], item__code__in=[item.code for item in changed]
        ).select_related("item", "author", "posting__unit")
    }
    moves = []
    for item in changed:
        between = points[1][item.code] - points[0][item.code]
        told = [
            _told(item, sheet, answers[sheet.pk].get(item.code), rows.get((sheet.pk, item.code))) for sheet in sheets
        ]
        moves.append((abs(between), ItemMove(item, told[0], told[1], signed(between), _tone(between))))
    moves.sort(key=lambda entry: (-entry[0], entry[1].item.position))
    return tuple(move for _, move in moves)


def _told(item: Item, checklist: Checklist, raw: object, row: Answer | None) -> Told:
    author = author_text(row.author, row.posting, checklist) if row is not None and row.version else ""
    return Told(show_answer(item, raw), author, long_moment(row.saved_at, checklist.unit) if row is not None else "")
