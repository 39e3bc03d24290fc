"""Replies of the unit and their decisions: one mapping, one conditional UPDATE, one event.

A decision that changes the value writes a normal revision of the answer, with its author and reason; the score follows
as after any save (docs/keputusan/0006-hak-jawab.md).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checklist, Reply, ReplyFile, ReplyStatus, RevisionOutcome
from supervisi.rollup_key import KIND, rollup_key
from supervisi.scoring.answers import AnswerFault, AnswerValue, parse_answer
from supervisi.services.finding_files import kept_uploads
from supervisi.services.follow_up import storable_text
from supervisi.services.operations import Card, payload_hash
from supervisi.services.reply_notices import tell_step
from supervisi.services.reply_rounds import hold_round
from supervisi.services.superseding import supersede_documents
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record

OPEN, REPLIED, UPHELD, CHANGED = ReplyStatus.values
FILE_KIND = "reply"


@dataclass(frozen=True)
class Step:
    """A step between states, who may take it, and whether it is the unit's: only while the round runs."""

    old: str
    new: str
    may: Callable[[User, Checklist], Posting | None]
    is_units: bool
    refusal: str


_UNITS = "Hak jawab dipakai oleh pimpinan atau operator satuan yang dinilai."
_DECIDERS = "Jawaban diputuskan oleh ketua tim, wakilnya, atau supervisor di luar tim (TPI: auditor)."
TRANSITIONS: dict[str, Step] = {
    "reply": Step(OPEN, REPLIED, access.posting_to_reply, True, _UNITS),
    "withdraw": Step(REPLIED, OPEN, access.posting_to_reply, True, _UNITS),
    "uphold": Step(REPLIED, UPHELD, access.posting_to_decide, False, _DECIDERS),
    "change": Step(REPLIED, CHANGED, access.posting_to_decide, False, _DECIDERS),
}
_TAKEN = "Langkah ini sudah tidak berlaku: hak jawab butir ini berstatus {label}. Muat ulang halaman ini."


def may_take(user: User, reply: Reply, name: str) -> Posting | None:
    """Return the posting by which the person may take the step; never a decision on his own reply."""
    step = TRANSITIONS[name]
    if not step.is_units and user.pk == reply.replied_by_id:
        return None
    return step.may(user, reply.round.checklist)


def check_right(reply: Reply, name: str, by: User) -> None:
    """Refuse whoever may not take the step.

    Raises:
        NotAllowed: see TRANSITIONS.
    """
    _authorise(name, reply, by)


def send_reply(*, reply: Reply, text: str, uploads: Sequence[UploadedFile], by: User) -> Reply:
    """Reply for the unit, with files where there are any.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS; also when the round is over.
        DomainError: no text, too many files.
        FileRefused: see wbbm.files.services.
    """
    posting = _authorise("reply", reply, by)
    text = storable_text(text, "Jawaban")
    unit = reply.round.checklist.unit
    with kept_uploads(uploads, unit=unit, by=by, kind=FILE_KIND) as files, transaction.atomic():
        _move(reply, "reply", text=text, replied_at=timezone.now(), replied_by=by, reply_posting=posting)
        for file in files:
            file.save(force_insert=True)
            ReplyFile.objects.create(reply=reply, file=file)
        changes = {"sha256": [None, [file.sha256 for file in files]]} if files else {}
        return _finish(reply, "reply", by, posting, changes=changes)


def withdraw_reply(*, reply: Reply, reason: str, by: User) -> Reply:
    """Take a reply back before it is decided, with a reason; another may follow while the round runs.

    Its words stay in the trail, its files with the reply.
    """
    posting = _authorise("withdraw", reply, by)
    reason = storable_text(reason, "Alasan")
    with transaction.atomic():
        # Held: nobody writes other words between reading and taking them back.
        hold_round(reply.round, for_unit=True)
        said = Reply.objects.values_list("text", flat=True).get(pk=reply.pk)
        _move(reply, "withdraw", text="", replied_at=None, replied_by=None, reply_posting=None)
        ReplyFile.objects.filter(reply=reply, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
        return _finish(reply, "withdraw", by, posting, reason=reason, changes={"text": [said, ""]})


def uphold_value(*, reply: Reply, reason: str, by: User) -> Reply:
    """Decide that the value stands, with a reason."""
    posting = _authorise("uphold", reply, by)
    reason = storable_text(reason, "Alasan")
    with transaction.atomic():
        _move(reply, "uphold", decision=reason, decided_at=timezone.now(), decided_by=by, decision_posting=posting)
        return _finish(reply, "uphold", by, posting, reason=reason)


def change_value(*, reply: Reply, answer: Any, reason: str, by: User) -> Reply:
    """Decide that the unit is right: the answer is raised by a revision of its own, and the score follows.

    Raises:
        DomainError: the answer can't be read, or isn't worth more than the one that stands.
    """
    posting = _authorise("change", reply, by)
    reason = storable_text(reason, "Alasan")
    checklist = reply.round.checklist
    item = engine_instrument(checklist.instrument).item(reply.item.code)
    try:
        parsed = parse_answer(item, answer)
    except AnswerFault as fault:
        raise DomainError(f"{fault.message[:1].upper()}{fault.message[1:]}") from fault
    with transaction.atomic():
        _move(
            reply, "change", decision=reason, decided_at=timezone.now(), decided_by=by, decision_posting=posting,
            changed_to=parsed.raw,
        )  # fmt: skip
        present = Answer.objects.get(checklist=checklist, item=reply.item_id)
        stands = parse_answer(item, present.value.get("answer")).value
        if parsed.value is None or (stands is not None and parsed.value <= stands):
            raise DomainError("Pilih jawaban yang nilainya lebih tinggi, atau putuskan bahwa nilainya tetap.")
        _revise(present, checklist, parsed, reply=reply, reason=reason, by=by, posting=posting)
        # A report that was made before tells the old value.
        supersede_documents(checklist, checklist.status)
        changes = {"answer": [present.value.get("answer"), parsed.raw]}
        told = _finish(reply, "change", by, posting, reason=reason, changes=changes)
        jobs.request(KIND, rollup_key(checklist))
    return told


def _revise(
    present: Answer, checklist: Checklist, parsed: AnswerValue, *, reply: Reply, reason: str, by: User, posting: Posting
) -> None:
    """Write the answer and its revision; the round is held, so that the sheet can't become final meanwhile."""
    card = replace(Card.of(present.value), answer=parsed.raw, on_behalf_of=None)
    now = timezone.now()
    moved = Answer.objects.filter(pk=present.pk, version=present.version).update(
        version=F("version") + 1, value=card.as_value(), is_answered=True, author=by, posting=posting, saved_at=now
    )
    if not moved:
        raise InvalidTransition("Jawaban butir ini baru saja berubah. Muat ulang halaman ini.")
    code = reply.item.code
    AnswerRevision.objects.create(
        uuid=uuid.uuid4(),
        answer=present,
        checklist=checklist,
        payload_hash=payload_hash(checklist_id=checklist.pk, item_code=code, author_id=by.pk, card=card),
        value=card.as_value(),
        author=by,
        posting=posting,
        base_version=present.version,
        new_version=present.version + 1,
        outcome=RevisionOutcome.ACCEPTED,
        reply={"code": "saved", "item": code, "version": present.version + 1, "reason": reason},
        saved_at=now,
    )


def _authorise(name: str, reply: Reply, by: User) -> Posting:
    posting = may_take(by, reply, name)
    if posting is None:
        raise NotAllowed(TRANSITIONS[name].refusal)
    return posting


def _move(reply: Reply, name: str, **changes: Any) -> None:
    """Take the step: the round first, then the reply by one conditional UPDATE.

    Raises:
        InvalidTransition: the round is over, or the reply isn't in the state that the step starts from.
    """
    step = TRANSITIONS[name]
    hold_round(reply.round, for_unit=step.is_units)
    if not Reply.objects.filter(pk=reply.pk, status=step.old).update(status=step.new, **changes):
        reply.refresh_from_db(fields=["status"])
        raise InvalidTransition(_TAKEN.format(label=reply.get_status_display().lower()))


def _finish(
    reply: Reply, name: str, by: User, posting: Posting, *, reason: str = "", changes: dict[str, Any] | None = None
) -> Reply:
    step, checklist = TRANSITIONS[name], reply.round.checklist
    event = record(
        f"reply.{name}", by=by, posting=posting, about=checklist, unit=checklist.unit, reason=reason,
        changes={"item": [None, reply.item.code], "status": [step.old, step.new], **(changes or {})},
    )  # fmt: skip
    tell_step(reply, name, event)
    return Reply.objects.with_frame().get(pk=reply.pk)
