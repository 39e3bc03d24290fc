"""Saving of answers: one operation, one transaction, one row for ever (docs/keputusan/0004-operasi-dan-antrean.md)."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checklist, Item, RevisionOutcome
from supervisi.rollup_key import KIND as ROLLUP
from supervisi.rollup_key import rollup_key
from supervisi.scoring.answers import AnswerFault, AnswerValue, parse_answer
from supervisi.scoring.instrument import Instrument
from supervisi.scoring.instrument import Item as EngineItem
from supervisi.services import replies
from supervisi.services.checklists import LockedChecklist, hold_draft
from supervisi.services.operations import (
    Card,
    InvalidOperation,
    Operation,
    UuidReused,
    clean_checked,
    clean_note,
    payload_hash,
)
from supervisi.services.standing import read_rows, stand
from wbbm.errors import NotAllowed
from wbbm.jobs import services as jobs

if TYPE_CHECKING:
    from wbbm.organisasi.models import Posting, User

SAVED = "saved"
CONFLICT = "conflict"
LOCKED = "locked"
# Own saves from several tabs may overtake each other this often before the last one is shown as a conflict.
_TRIES = 5


@dataclass(frozen=True)
class Outcome:
    """What became of an operation: `code` is saved, conflict or locked; `reply` is what the device is told."""

    code: str
    reply: dict[str, Any]
    is_repeat: bool = False


@dataclass(frozen=True)
class _Save:
    """An operation with everything known about it before the transaction begins."""

    checklist: Checklist
    instrument: Instrument
    item: EngineItem
    operation: Operation
    card: Card
    parsed: AnswerValue
    digest: str
    by: User
    posting: Posting
    now: datetime.datetime


def save_operation(*, checklist: Checklist, operation: Operation, by: User) -> Outcome:
    """Store one operation: accepted, or refused as a conflict with its value kept.

    A conflict is an outcome that is returned: an exception would roll the refused value back.

    Args:
        checklist: the sheet, with unit, instrument and visit loaded.
        operation: what the device asks for.
        by: who saves.

    Raises:
        NotAllowed: the person may not write on the sheet.
        InvalidOperation: unknown item, wrong answer, or a value that can't be stored.
        UuidReused: the UUID belongs to another operation.
    """
    save = _prepare(checklist, operation, by)
    try:
        with transaction.atomic():
            hold_draft(checklist)
            return _store(save)
    except LockedChecklist:
        return _known(save) or Outcome(LOCKED, replies.locked_reply(checklist))
    except IntegrityError:
        # The UUID came twice at once, or belongs to another operation: what is stored decides.
        known = _known(save)
        if known is None:
            raise
        return known


def _prepare(checklist: Checklist, operation: Operation, by: User) -> _Save:
    """Find the right to write, the item, and the answer's one form; nothing is locked yet."""
    posting = posting_to_write(by, checklist)
    if posting is None:
        raise NotAllowed("Anda belum berwenang mengisi lembar ini.")
    instrument = engine_instrument(checklist.instrument)
    item = find_item(instrument, operation.item_code)
    try:
        parsed = parse_answer(item, operation.card.answer)
    except AnswerFault as fault:
        raise InvalidOperation(f"{fault.message[:1].upper()}{fault.message[1:]}") from fault
    card = replace(
        operation.card,
        answer=parsed.raw,
        note=clean_note(operation.card.note),
        checked=clean_checked(operation.card.checked),
        on_behalf_of=None if operation.card.on_behalf_of == by.pk else operation.card.on_behalf_of,
    )
    _check_on_behalf_of(checklist, card.on_behalf_of)
    return _Save(
        checklist=checklist,
        instrument=instrument,
        item=item,
        operation=operation,
        card=card,
        parsed=parsed,
        digest=payload_hash(checklist_id=checklist.pk, item_code=item.code, author_id=by.pk, card=card),
        by=by,
        posting=posting,
        now=timezone.now(),
    )


def find_item(instrument: Instrument, code: str) -> EngineItem:
    """Return the item with the code.

    Raises:
        InvalidOperation: the instrument has no such item.
    """
    try:
        return instrument.item(code)
    except KeyError as fault:
        raise InvalidOperation("Butir ini tidak ada pada instrumen lembar. Muat ulang halaman.") from fault


def _check_on_behalf_of(checklist: Checklist, person: int | None) -> None:
    if person is None:
        return
    visit = checklist.visit
    is_member = visit is not None and visit.members.filter(user_id=person, left_at__isnull=True).exists()
    if not is_member:
        raise InvalidOperation("Atas nama hanya dapat diisi dengan anggota lain dari tim kunjungan ini.")


def _store(save: _Save) -> Outcome:
    base = save.operation.base_version
    if _move(save, base):
        return _accept(save, base + 1)
    known = _known(save)
    if known is not None:
        return known
    for _ in range(_TRIES):
        present = _present(save)
        # A copy that nobody has reviewed is no person's answer: what was entered meanwhile takes its place.
        if not present.needs_review and not _is_own_trail(save, present):
            break
        if _move(save, present.version):
            return _accept(save, present.version + 1)
    return _refuse(save, present)


def _present(save: _Save) -> Answer:
    rows = Answer.objects.select_related("author", "posting")
    present = rows.filter(checklist=save.checklist, item__code=save.item.code, is_due=True).first()
    if present is None:
        raise InvalidOperation(f"Butir {save.item.code} tidak termasuk yang diisi pada lembar ini.")
    return present


def _move(save: _Save, base: int) -> bool:
    """Write the answer if it still has the version that the person saw; tell whether it had."""
    # The item by its own look-up: the version must stand in the outer WHERE, which is checked again on the row that
    # another transaction has just written.
    item = Item.objects.filter(instrument_id=save.checklist.instrument_id, code=save.item.code).values("pk")[:1]
    moved = Answer.objects.filter(checklist=save.checklist, item=item, is_due=True, version=base).update(
        version=F("version") + 1,
        value=save.card.as_value(),
        is_answered=save.parsed.is_answered,
        needs_review=False,
        author=save.by,
        posting=save.posting,
        saved_at=save.now,
    )
    return moved == 1


def _is_own_trail(save: _Save, present: Answer) -> bool:
    """Tell whether the person made every version since the base: one's own second tab is no conflict."""
    base = save.operation.base_version
    if base > present.version:
        return False
    own = AnswerRevision.objects.filter(
        answer=present,
        outcome=RevisionOutcome.ACCEPTED,
        new_version__gt=base,
        # What was committed since `present` was read is asked about in the next try.
        new_version__lte=present.version,
        author=save.by,
    )
    return own.count() == present.version - base


def _accept(save: _Save, version: int) -> Outcome:
    rows = read_rows(save.checklist)
    reply = replies.saved_reply(
        uuid=str(save.operation.uuid),
        checklist=save.checklist,
        item=save.item,
        card=save.card,
        version=version,
        saved_at=save.now,
        standing=stand(save.instrument, rows),
    )
    answer_id = next(row.answer_id for row in rows if row.item_code == save.item.code)
    _keep(save, answer_id, reply, outcome=RevisionOutcome.ACCEPTED, new_version=version)
    jobs.request(ROLLUP, rollup_key(save.checklist))
    return Outcome(SAVED, reply)


def _refuse(save: _Save, present: Answer) -> Outcome:
    reply = replies.conflict_reply(
        uuid=str(save.operation.uuid),
        checklist=save.checklist,
        item=save.item,
        card=save.card,
        present=present,
        now=save.now,
    )
    _keep(save, present.pk, reply, outcome=RevisionOutcome.CONFLICT, new_version=None)
    return Outcome(CONFLICT, reply)


def _keep(save: _Save, answer_id: int, reply: dict[str, Any], *, outcome: str, new_version: int | None) -> None:
    AnswerRevision.objects.create(
        uuid=save.operation.uuid,
        answer_id=answer_id,
        checklist=save.checklist,
        payload_hash=save.digest,
        value=save.card.as_value(),
        author=save.by,
        posting=save.posting,
        on_behalf_of_id=save.card.on_behalf_of,
        base_version=save.operation.base_version,
        new_version=new_version,
        outcome=outcome,
        reply=reply,
        saved_at=save.now,
        made_at=_made_at(save),
    )


def _made_at(save: _Save) -> datetime.datetime | None:
    """Return when the answer was given: the server's clock, less what the device says that it waited."""
    age = save.operation.age
    return None if age is None else save.now - datetime.timedelta(seconds=age)


def _known(save: _Save) -> Outcome | None:
    """Return the first reply to the operation if it came before.

    Raises:
        UuidReused: the UUID was used for something else.
    """
    first = AnswerRevision.objects.filter(uuid=save.operation.uuid).only("payload_hash", "outcome", "reply").first()
    if first is None:
        return None
    if first.payload_hash != save.digest:
        raise UuidReused
    code = SAVED if first.outcome == RevisionOutcome.ACCEPTED else CONFLICT
    return Outcome(code, first.reply, is_repeat=True)


def restore_value(
    *, checklist: Checklist, item_code: str, revision_uuid: uuid.UUID | str | None, base_version: int, by: User
) -> Outcome:
    """Use a value of the history again, as a new operation.

    Args:
        checklist: the sheet.
        item_code: the item.
        revision_uuid: the operation whose value is used; None confirms what is stored now.
        base_version: the version that the person saw.
        by: who decides.

    Raises:
        InvalidOperation: there is no such value on the item.
    """
    find_item(engine_instrument(checklist.instrument), item_code)
    value = _kept_value(checklist, item_code, revision_uuid, base_version)
    if value is None:
        raise InvalidOperation("Jawaban itu sudah berubah. Muat ulang halaman ini, lalu pilih lagi.")
    card = replace(Card.of(value), on_behalf_of=None)
    operation = Operation(uuid=uuid.uuid4(), item_code=item_code, base_version=base_version, card=card)
    return save_operation(checklist=checklist, operation=operation, by=by)


def _kept_value(
    checklist: Checklist, item_code: str, revision_uuid: uuid.UUID | str | None, base_version: int
) -> dict[str, Any] | None:
    if revision_uuid is None:
        present = Answer.objects.filter(checklist=checklist, item__code=item_code, version=base_version)
        return present.values_list("value", flat=True).first()
    try:
        wanted = revision_uuid if isinstance(revision_uuid, uuid.UUID) else uuid.UUID(revision_uuid)
    except ValueError as fault:
        raise InvalidOperation("Jawaban itu tidak ada di Riwayat. Muat ulang halaman ini.") from fault
    kept = AnswerRevision.objects.filter(uuid=wanted, checklist=checklist, answer__item__code=item_code)
    return kept.values_list("value", flat=True).first()
