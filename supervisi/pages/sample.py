"""The sample of a sheet: its items with the reason of each, the seed, and what may still be added."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, SampleDraw, SampleItem, VisitStatus
from supervisi.scoring.instrument import Item
from wbbm.organisasi.models import User


@dataclass(frozen=True)
class SampleLine:
    """One item of the sample, or one that was taken out."""

    item: Item
    why: str
    reason: str


@dataclass(frozen=True)
class SamplePage:
    """What the page shows."""

    checklist: Checklist
    draw: SampleDraw
    lines: tuple[SampleLine, ...]
    removed: tuple[SampleLine, ...]
    # Items that may be added, by code.
    others: tuple[tuple[str, str], ...]
    total: int
    can_change: bool


def read_sample(checklist: Checklist, viewer: User) -> SamplePage | None:
    """Read a sheet's sample, or None when every item is due (two queries)."""
    draw = SampleDraw.objects.filter(checklist=checklist).first()
    visit = checklist.visit
    if draw is None or visit is None:
        return None
    engine = engine_instrument(checklist.instrument)
    rows = list(SampleItem.objects.filter(draw=draw).select_related("item"))
    inside = {row.item.code for row in rows if row.is_in}
    return SamplePage(
        checklist=checklist,
        draw=draw,
        lines=tuple(_line(engine.item(row.item.code), row) for row in rows if row.is_in),
        removed=tuple(_line(engine.item(row.item.code), row) for row in rows if not row.is_in),
        others=tuple((item.code, f"{item.code} {item.question}") for item in engine.items if item.code not in inside),
        total=len(engine.items),
        can_change=visit.status == VisitStatus.PLANNED and access.posting_to_change_team(viewer, visit) is not None,
    )


def _line(item: Item, row: SampleItem) -> SampleLine:
    return SampleLine(item, row.get_why_display(), row.reason)
