"""Two sheets of one instrument side by side: what moved, by how much, and whose answers did it.

Two periods or visits of a unit, two layers, or two units: whatever two sheets are given. Where they are of two versions
of the instrument, items are matched over the published crosswalk.
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
from supervisi.scoring.instrument import TOTAL, Item
from supervisi.scoring.rounding import shown
from supervisi.services.content import answers_of
from supervisi.services.instruments import crosswalk_between
from supervisi.services.replies import ShownAnswer, author_text, show_answer
from wbbm.organisasi.models import User

# Sheets that are offered: of the unit itself, and of other units in the same period and layer.
_MOST_OWN, _MOST_OTHERS = 24, 60
NOTHING = "tidak ada"


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
    # The item's code on this sheet; empty where its version doesn't ask for it.
    code: str


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
    def has_two_versions(self) -> bool:
        """Tell whether the two are of different versions of the instrument."""
        return self.second is not None and (self.first.checklist.instrument_id != self.second.checklist.instrument_id)

    @property
    def other_choices(self) -> tuple[Choice, ...]:
        """Sheets of other units."""
        return tuple(choice for choice in self.choices if not choice.is_own)


def comparable(viewer: User, checklist: Checklist) -> ChecklistQuerySet:
    """Keep the sheets that may be set against this one: seen, handed in, whole, of any version of the instrument."""
    return (
        Checklist.objects.visible_to(viewer)
        .counting_candidates()
        .filter(instrument__code=checklist.instrument.code)
        .exclude(pk=checklist.pk)
    )


def read_comparison(checklist: Checklist, other: Checklist | None, viewer: User) -> ComparisonPage:
    """Set a sheet against an older, a newer, or another unit's one; the points are second less first."""
    first, second = _in_order(checklist, other)
    sheets = [first] if second is None else [first, second]
    answers = answers_of(sheets)
    scores = [score_sheet(engine_instrument(sheet.instrument), answers[sheet.pk]) for sheet in sheets]
    totals = [score.complete[TOTAL] for score in scores]
    sides = [Side(sheet, label_of(sheet), shown(total)) for sheet, total in zip(sheets, totals, strict=True)]
    choices = _choices(viewer, checklist)
    if second is None:
        return ComparisonPage(sides[0], None, choices, "", "", (), (), "")
    points = [_item_points(score) for score in scores]
    between = totals[1] - totals[0]
    rest = between - sum(points[1].values(), Fraction()) + sum(points[0].values(), Fraction())
    return ComparisonPage(
        first=sides[0],
        second=sides[1],
        choices=choices,
        moved=signed(between),
        tone=_tone(between),
        areas=_areas(scores),
        items=_items(sheets, _pairs(first, second), answers, points),
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


def _item_points(score: SheetScore) -> dict[str, Fraction]:
    """Return what each item brings to the total of its sheet."""
    return {
        item.code: item_share(score.instrument, score, item) * (score.item_values[item.code] or Fraction())
        for item in score.instrument.items
    }


def _areas(scores: list[SheetScore]) -> tuple[AreaMove, ...]:
    """Return the areas of both sheets; one that only one version has stands beside nothing."""
    first, second = ({area.key: area for area in score.areas} for score in scores)
    labels = {area.key: area.label for score in scores for area in score.instrument.areas}
    lines = []
    for key, label in labels.items():
        before, after = first.get(key), second.get(key)
        between = (after.complete if after else Fraction()) - (before.complete if before else Fraction())
        told = [f"{shown(area.percent)}%" if area is not None else NOTHING for area in (before, after)]
        lines.append(AreaMove(key, label, told[0], told[1], signed(between), _tone(between)))
    return tuple(lines)


def _pairs(first: Checklist, second: Checklist) -> list[tuple[Item | None, Item | None]]:
    """Return the items of both sheets that are the same question; of two versions over the published crosswalk."""
    before, after = engine_instrument(first.instrument), engine_instrument(second.instrument)
    if first.instrument_id == second.instrument_id:
        return [(item, item) for item in after.items]
    if first.instrument_id < second.instrument_id:
        found = {new: old for old, new in crosswalk_between(first.instrument, second.instrument).items() if new}
    else:
        found = {old: new for old, new in crosswalk_between(second.instrument, first.instrument).items() if new}
    taken = set(found.values())
    known = [(before.item(found[item.code]) if item.code in found else None, item) for item in after.items]
    return [*known, *((item, None) for item in before.items if item.code not in taken)]


def _items(
    sheets: list[Checklist],
    pairs: list[tuple[Item | None, Item | None]],
    answers: Mapping[int, Mapping[str, object]],
    points: list[dict[str, Fraction]],
) -> tuple[ItemMove, ...]:
    """Return the items that differ, the farthest apart first."""
    changed = []
    for pair in pairs:
        raw = [answers[sheet.pk].get(item.code) if item else None for sheet, item in zip(sheets, pair, strict=True)]
        worth = [part[item.code] if item else Fraction() for part, item in zip(points, pair, strict=True)]
        if raw[0] != raw[1] or worth[0] != worth[1]:
            changed.append((pair, raw, worth[1] - worth[0]))
    codes = {item.code for pair, _, _ in changed for item in pair if item is not None}
    rows = {
        (row.checklist_id, row.item.code): row
        for row in Answer.objects.filter(
            checklist__in=[sheet.pk for sheet in sheets], item__code__in=codes
        ).select_related("item", "author", "posting__unit")
    }
    moves = []
    for pair, raw, between in changed:
        told = [_told(item, sheet, answer, rows) for item, sheet, answer in zip(pair, sheets, raw, strict=True)]
        item = pair[1] or pair[0]
        assert item is not None  # one of the two is there
        moves.append((abs(between), ItemMove(item, told[0], told[1], signed(between), _tone(between))))
    moves.sort(key=lambda entry: (-entry[0], entry[1].item.position))
    return tuple(move for _, move in moves)


def _told(item: Item | None, checklist: Checklist, raw: object, rows: Mapping[tuple[int, str], Answer]) -> Told:
    if item is None:
        return Told(ShownAnswer("", ""), "", "", "")
    row = rows.get((checklist.pk, item.code))
    author = author_text(row.author, row.posting, checklist) if row is not None and row.version else ""
    at = long_moment(row.saved_at, checklist.unit) if row is not None else ""
    return Told(show_answer(item, raw), author, at, item.code)
