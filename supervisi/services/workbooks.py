"""The official workbook of a sheet: what it holds, and that somebody took it along (docs/buku-kerja.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerEvidence, Checklist, Layer
from supervisi.workbook.package import Package, WorkbookRefused
from supervisi.workbook.template import Filled, fill_template
from supervisi.workbook.write import UNIT_SIDE, Book, write_workbook
from wbbm.errors import DomainError
from wbbm.organisasi.services.audit import main_posting, record
from wbbm.organisasi.tables import DEMO_LINE

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class UnfitWorkbook(DomainError):
    """The file can't be read as a workbook of this sheet."""


EXPORTED = "workbook.exported"
SIDES: dict[str, str] = {Layer.SELF: UNIT_SIDE, Layer.TPI: "TPI", Layer.SUPERVISION: "Supervisi"}


def export_workbook(*, checklist: Checklist, by: User | None) -> bytes:
    """Return a sheet as a fresh workbook and record who took it; `by` is None for a command.

    Whether the person may see the score, which the workbook tells, is the caller's to ask.
    """
    content = write_workbook(read_book(checklist))
    _record(checklist, by)
    return content


def fill_workbook(*, checklist: Checklist, content: bytes, by: User | None) -> Filled:
    """Return somebody's own template with the sheet's answers and record who took them.

    Raises:
        UnfitWorkbook: the file can't be used; the message says what to do.
    """
    book = read_book(checklist)
    try:
        filled = fill_template(Package(content), book.instrument, book.side, book.answers, book.notes, book.evidence)
    except WorkbookRefused as refusal:
        raise UnfitWorkbook(refusal.message) from refusal
    _record(checklist, by)
    return filled


def _record(checklist: Checklist, by: User | None) -> None:
    posting = main_posting(by) if by is not None else None
    record(EXPORTED, by=by, posting=posting, about=checklist, unit=checklist.unit)


def read_book(checklist: Checklist) -> Book:
    """Read what a workbook tells of a sheet (two queries)."""
    instrument = engine_instrument(checklist.instrument)
    # Copied answers that nobody has reviewed are none.
    rows = Answer.objects.filter(checklist=checklist, version__gt=0, needs_review=False)
    values = dict(rows.values_list("item__code", "value"))
    links = AnswerEvidence.objects.attached().filter(answer__checklist=checklist).order_by("pk")
    evidence: dict[str, tuple[str, ...]] = {}
    for code, title in links.values_list("answer__item__code", "evidence__title"):
        evidence[code] = (*evidence.get(code, ()), title)
    return Book(
        instrument=instrument,
        title=f"{checklist.unit.name}, {checklist.period.name}",
        predicate=instrument.predicates[-1].code,
        side=SIDES[checklist.layer],
        answers={code: value.get("answer") for code, value in values.items()},
        notes={code: value.get("note", "") for code, value in values.items()},
        evidence=evidence,
        warning=DEMO_LINE if settings.IS_DEMO else "",
    )
