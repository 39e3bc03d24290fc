"""Import of an official workbook: read, kept as an upload, and written item by item once a person accepts."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction

from supervisi.access import posting_to_write
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checklist, Layer, RevisionOutcome, WorkbookImport
from supervisi.scoring.instrument import Instrument, Item
from supervisi.services.answers import CONFLICT, LOCKED, save_operation
from supervisi.services.checklists import LockedChecklist
from supervisi.services.operations import Card, InvalidOperation, Operation, canonical, is_storable
from supervisi.services.workbooks import EXPORTED, SIDES, UnfitWorkbook
from supervisi.workbook.package import Package, WorkbookRefused
from supervisi.workbook.read import Reading, read_workbook
from wbbm.errors import NotAllowed
from wbbm.organisasi.models import AuditEvent
from wbbm.organisasi.services.audit import record

if TYPE_CHECKING:
    from wbbm.organisasi.models import Posting, User

IMPORTED = "workbook.imported"
# States of a line: takes nothing, is as the portal has it, or would change the portal.
EMPTY, SAME, CHANGED = "empty", "same", "changed"


@dataclass(frozen=True)
class Line:
    """One item: what the file says, what the portal has now, and what it had when the workbook was last taken."""

    item: Item
    row: int
    file: Card
    portal: Card
    # None when it was never exported, or had no answer then.
    exported: Card | None
    # What would be stored; cells that are empty in the file change nothing.
    merged: Card
    version: int
    was_exported: bool

    @property
    def state(self) -> str:
        """Tell what accepting the line would do."""
        if self.file.answer is None and not self.file.note:
            return EMPTY
        return SAME if self.merged == self.portal else CHANGED

    @property
    def is_stale(self) -> bool:
        """Tell whether the portal has moved on since the export while the file still says what was exported."""
        if not self.was_exported or self.state != CHANGED:
            return False
        known = self.exported or Card()
        return _told(known) != _told(self.portal) and _told(self.file) == _told(known)


@dataclass(frozen=True)
class Accepted:
    """What became of the accepted lines, by item code."""

    saved: tuple[str, ...]
    conflicts: tuple[str, ...]
    refused: tuple[str, ...]


def posting_to_import(by: User, checklist: Checklist) -> Posting | None:
    """Return the posting by which the person may import: operator for the own sheet, auditor for a `tpi` sheet."""
    if checklist.layer not in {Layer.SELF, Layer.TPI} or checklist.is_sample:
        return None
    return posting_to_write(by, checklist)


def check_may_import(checklist: Checklist, by: User) -> Posting:
    """Return the posting by which the person imports.

    Raises:
        NotAllowed: the person may not fill in this sheet from a workbook.
        LockedChecklist: the sheet is no draft.
    """
    posting = posting_to_import(by, checklist)
    if posting is None:
        raise NotAllowed(
            "Buku kerja diimpor oleh operator ke lembar satuannya sendiri, atau oleh auditor ke lembar TPI."
        )
    if not checklist.is_draft:
        raise LockedChecklist(checklist)
    return posting


def read_for(checklist: Checklist, content: bytes) -> Reading:
    """Read a workbook for the sheet's instrument and layer.

    Raises:
        UnfitWorkbook: the file can't be used; the message says what to do.
    """
    try:
        return read_workbook(Package(content), engine_instrument(checklist.instrument), SIDES[checklist.layer])
    except WorkbookRefused as refusal:
        raise UnfitWorkbook(refusal.message) from refusal


def keep_import(*, checklist: Checklist, content: bytes, name: str, by: User) -> WorkbookImport:
    """Read an upload and keep what it says; nothing is written on the sheet.

    Raises:
        NotAllowed, LockedChecklist: the person may not write on the sheet now.
        UnfitWorkbook: the file can't be used.
    """
    check_may_import(checklist, by)
    reading = read_for(checklist, content)
    safe = "".join(sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable())
    with transaction.atomic():
        WorkbookImport.objects.expired().delete()
        return WorkbookImport.objects.create(
            checklist=checklist,
            owner=by,
            file_name=safe[-120:] or "berkas",
            file_sha256=hashlib.sha256(content).hexdigest(),
            file_size=len(content),
            sheet_name=_storable(reading.sheet)[:100],
            items=[[found.code, found.row, found.answer, _storable(found.note)] for found in reading.items],
            problems=[[fault.row, _storable(fault.text), _storable(fault.message)] for fault in reading.problems],
            missing=list(reading.missing),
        )


def compare(upload: WorkbookImport) -> list[Line]:
    """Hold an upload against the sheet as it is now and as it was last exported (three queries)."""
    checklist = upload.checklist
    instrument = engine_instrument(checklist.instrument)
    rows = Answer.objects.filter(checklist=checklist, is_due=True)
    # A copy that nobody has reviewed is none, but its version is the one that a save is held against.
    present = {
        code: (Card() if needs_review or not version else Card.of(value), version)
        for code, value, version, needs_review in rows.values_list("item__code", "value", "version", "needs_review")
    }
    exported = _exported(checklist)
    return [
        _line(instrument, entry, present, exported)
        for entry in upload.items
        if instrument.has_item(entry[0]) and entry[0] in present
    ]


def _line(
    instrument: Instrument,
    entry: list[Any],
    present: Mapping[str, tuple[Card, int]],
    exported: Mapping[str, Card] | None,
) -> Line:
    code, row, answer, note = entry
    portal, version = present[code]
    return Line(
        item=instrument.item(code),
        row=row,
        file=Card(answer=answer, note=note),
        portal=portal,
        exported=(exported or {}).get(code),
        merged=replace(portal, answer=_merged(portal.answer, answer), note=note or portal.note),
        version=version,
        was_exported=exported is not None,
    )


def _merged(portal: Any, file: Any) -> Any:
    """Return the answer with what the file fills in; an index that a spreadsheet rounded is the portal's own."""
    if file is None:
        return portal
    if isinstance(file, dict):
        return {**portal, **file} if isinstance(portal, dict) else file
    if isinstance(portal, str) and _is_number(portal) and _is_number(file) and _rounded(portal) == _rounded(file):
        return portal
    return file


def _rounded(text: str) -> str:
    """Return a number with as many digits as a spreadsheet keeps."""
    return f"{float(text):.15g}"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _told(card: Card) -> tuple[Any, str]:
    return card.answer, card.note


def _exported(checklist: Checklist) -> dict[str, Card] | None:
    """Return what the sheet held when its workbook was last taken; None if that never happened."""
    events = AuditEvent.objects.about(checklist).filter(action=EXPORTED)
    at = events.order_by("-pk").values_list("at", flat=True).first()
    if at is None:
        return None
    kept = AnswerRevision.objects.filter(
        checklist=checklist, outcome=RevisionOutcome.ACCEPTED, saved_at__lte=at, copied_from__isnull=True
    )
    rows = kept.order_by("new_version").values_list("answer__item__code", "value")
    return {code: Card.of(value) for code, value in rows}


def accept(*, upload: WorkbookImport, versions: Mapping[str, int], by: User) -> Accepted:
    """Write the chosen lines through the same operation as a save on the page, each with its own revision.

    Args:
        upload: what was read.
        versions: item code → version of the answer that the person saw beside the file's.
        by: who accepts.

    Raises:
        NotAllowed, LockedChecklist: the person may not write on the sheet now.
    """
    checklist = upload.checklist
    posting = check_may_import(checklist, by)
    saved: list[str] = []
    conflicts: list[str] = []
    refused: list[str] = []
    for line in compare(upload):
        code = line.item.code
        if code not in versions or line.state != CHANGED:
            continue
        card = replace(line.merged, on_behalf_of=None)
        # The same line accepted twice is the same operation.
        number = uuid.uuid5(upload.pk, f"{code} {versions[code]} {canonical(card.as_value())}")
        operation = Operation(uuid=number, item_code=code, base_version=versions[code], card=card)
        try:
            outcome = save_operation(checklist=checklist, operation=operation, by=by)
        except InvalidOperation:
            refused.append(code)
            continue
        if outcome.code == LOCKED:
            raise LockedChecklist(checklist)
        (conflicts if outcome.code == CONFLICT else saved).append(code)
    if saved:
        changes = {"file": [None, upload.file_sha256], "items": [None, saved]}
        record(IMPORTED, by=by, posting=posting, about=checklist, unit=checklist.unit, changes=changes)
    return Accepted(tuple(saved), tuple(conflicts), tuple(refused))


def _storable(text: str) -> str:
    return text if is_storable(text) else "".join(sign for sign in text if is_storable(sign))
