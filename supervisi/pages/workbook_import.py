"""An uploaded workbook beside the sheet: what differs, what can't be matched, what may be accepted."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi.models import Checklist, WorkbookImport
from supervisi.scoring.instrument import Item
from supervisi.services.operations import Card
from supervisi.services.replies import show_answer
from supervisi.services.workbook_imports import CHANGED, EMPTY, SAME, Line, compare, posting_to_import
from wbbm.organisasi.models import User

NOTHING = "kosong"


@dataclass(frozen=True)
class Told:
    """One answer as people read it, its inputs, and the note where it is another than the portal's."""

    answer: str
    inputs: str
    note: str


@dataclass(frozen=True)
class Difference:
    """An item whose file says something else than the portal."""

    code: str
    question: str
    area_key: str
    row: int
    version: int
    file: Told
    portal: Told
    exported: Told | None
    is_stale: bool


@dataclass(frozen=True)
class ComparisonPage:
    """What the page shows."""

    upload: WorkbookImport
    checklist: Checklist
    differences: tuple[Difference, ...]
    same: int
    empty: int
    was_exported: bool
    can_accept: bool

    @property
    def stale(self) -> int:
        """Lines whose portal answer is newer than what the file was made from."""
        return sum(line.is_stale for line in self.differences)


def read_comparison(upload: WorkbookImport, viewer: User) -> ComparisonPage:
    """Read the comparison (three queries)."""
    lines, checklist = compare(upload), upload.checklist
    states = [line.state for line in lines]
    return ComparisonPage(
        upload=upload,
        checklist=checklist,
        differences=tuple(_difference(line) for line in lines if line.state == CHANGED),
        same=states.count(SAME),
        empty=states.count(EMPTY),
        was_exported=any(line.was_exported for line in lines),
        can_accept=checklist.is_draft and posting_to_import(viewer, checklist) is not None,
    )


def _difference(line: Line) -> Difference:
    item, has_other_note = line.item, line.merged.note != line.portal.note
    return Difference(
        code=item.code,
        question=item.question,
        area_key=item.area_key,
        row=line.row,
        version=line.version,
        file=_told(item, line.merged, has_other_note),
        portal=_told(item, line.portal, has_other_note),
        exported=_told(item, line.exported or Card(), has_other_note) if line.was_exported else None,
        is_stale=line.is_stale,
    )


def _told(item: Item, card: Card, with_note: bool) -> Told:
    shown = show_answer(item, card.answer)
    # Of a letter the criterion is known; of inputs the numbers tell what changed.
    inputs = shown.text if item.inputs else ""
    answer = shown.letter or ("belum lengkap" if inputs else NOTHING)
    return Told(answer, inputs, (card.note or NOTHING) if with_note else "")
