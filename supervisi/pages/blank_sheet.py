"""The blank sheet for paper: codes, questions, options."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist
from supervisi.scoring.instrument import Item


@dataclass(frozen=True)
class BlankSection:
    """Items under one heading."""

    heading: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class BlankArea:
    """One area of the sheet."""

    key: str
    label: str
    sections: tuple[BlankSection, ...]


@dataclass(frozen=True)
class BlankSheet:
    """The sheet without answers."""

    checklist: Checklist
    areas: tuple[BlankArea, ...]
    count: int


def read_blank_sheet(checklist: Checklist) -> BlankSheet:
    """Read the sheet's due items, in the order of its areas."""
    instrument = engine_instrument(checklist.instrument)
    due = set(Answer.objects.filter(checklist=checklist, is_due=True).values_list("item__code", flat=True))
    areas = []
    for area in instrument.areas:
        items = [item for item in instrument.items_of_area(area.key) if item.code in due]
        sections = tuple(
            BlankSection(instrument.node(code).name, tuple(group))
            for code, group in groupby(items, key=lambda item: item.node_code)
        )
        areas.append(BlankArea(area.key, area.label, sections))
    return BlankSheet(checklist, tuple(areas), len(due))
