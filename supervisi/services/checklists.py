"""Sheets: made with all their rows, and moved from state to state. One mapping, one conditional UPDATE, one event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    Checklist,
    ChecklistStatus,
    Finding,
    Instrument,
    Item,
    Layer,
    Period,
    Scope,
    Severity,
    Visit,
    VisitStatus,
)
from supervisi.rollup_key import KIND, rollup_key
from supervisi.scoring.engine import score_sheet
from supervisi.services import notices, reply_rounds
from supervisi.services.content import content_hash, stored_answers
from supervisi.services.scores import compute_checklist_score
from supervisi.services.superseding import supersede_documents
from supervisi.services.verification import make_code, supersede_codes
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

DRAFT, SUBMITTED, REVIEWED, DISCLOSED, FINAL = ChecklistStatus.values


class LockedChecklist(InvalidTransition):
    """The sheet is no draft: nothing is written on it."""

    code = "locked"

    def __init__(self, checklist: Checklist) -> None:
        if checklist.status == FINAL:
            super().__init__("Lembar ini final dan tidak dapat diubah.")
        else:
            super().__init__(
                "Lembar sudah diserahkan dan tidak dapat diubah. Minta dikembalikan bila perlu diperbaiki."
            )
        self.checklist = checklist


class Incomplete(DomainError):
    """Items are missing; `items` names them in the order of the sheet."""

    code = "incomplete"

    def __init__(self, message: str, items: list[str]) -> None:
        super().__init__(message)
        self.items = items


class ChecklistExists(DomainError):
    """The unit has such a sheet for the period already."""

    status = 409


@dataclass(frozen=True)
class Step:
    """A step between two states, and who may take it."""

    old: str
    new: str
    may: Callable[[User, Checklist], Posting | None]
    refusal: str


TRANSITIONS: dict[str, Step] = {
    "submit": Step(DRAFT, SUBMITTED, access.posting_to_submit, "Lembar diserahkan oleh ketua tim atau wakilnya."),
    "return": Step(SUBMITTED, DRAFT, access.posting_to_return, "Lembar dikembalikan oleh supervisor di luar tim."),
    "review": Step(SUBMITTED, REVIEWED, access.posting_to_review, "Lembar ditinjau oleh supervisor di luar tim."),
    "disclose": Step(
        REVIEWED, DISCLOSED, access.posting_to_disclose, "Hasil disampaikan oleh pimpinan satuan di atas."
    ),
    "finalise": Step(DISCLOSED, FINAL, access.posting_to_disclose, "Lembar difinalkan oleh pimpinan satuan di atas."),
    "reopen": Step(
        FINAL, DRAFT, access.posting_to_approve_reopening, "Pembukaan kembali disetujui pimpinan satuan di atas."
    ),
}
_TAKEN = "Langkah ini sudah tidak berlaku: lembar sekarang berstatus {label}. Muat ulang halaman ini."


# --- making -------------------------------------------------------------------------------------------


def create_checklist(
    *, unit: Unit, period: Period, instrument: Instrument, layer: str, by: User, visit: Visit | None = None
) -> Checklist:
    """Make a full sheet with all its rows, empty and at version 0.

    Raises:
        NotAllowed: the person may not make such a sheet.
        ChecklistExists: there is one already.
        DomainError: the period is closed, not of the instrument's kind, or uses another version of it.
    """
    posting = access.posting_to_create(by, unit, layer)
    if posting is None:
        raise NotAllowed("Anda belum berwenang membuat lembar ini.")
    if not period.is_open:
        raise DomainError(f"Periode {period} sudah ditutup. Pilih periode yang masih terbuka.")
    if period.kind != instrument.period_kind:
        raise DomainError(f"Instrumen {instrument.code} memakai periode jenis lain. Pilih periode yang sesuai.")
    if unit.kind not in instrument.unit_kinds:
        raise DomainError(f"Instrumen {instrument.code} tidak untuk satuan jenis {unit.get_kind_display()}.")
    if not Instrument.objects.in_use_on(period.first_day).filter(pk=instrument.pk).exists():
        raise DomainError(f"{period} memakai versi lain dari {instrument.code}. Muat ulang halaman, lalu coba lagi.")
    try:
        with transaction.atomic():
            checklist = Checklist.objects.create(
                unit=unit, period=period, instrument=instrument, layer=layer, visit=visit, created_by=by
            )
            items = Item.objects.filter(instrument=instrument).order_by("position").values_list("pk", flat=True)
            Answer.objects.bulk_create(Answer(checklist=checklist, item_id=item) for item in items)
            record("checklist.created", by=by, posting=posting, about=checklist, unit=unit)
            jobs.request(KIND, rollup_key(checklist))
    except IntegrityError as fault:
        raise ChecklistExists("Lembar untuk satuan dan periode ini sudah ada. Buka dari daftar lembar.") from fault
    return checklist


def hold_draft(checklist: Checklist) -> None:
    """Keep the sheet a draft until the transaction ends, so that a save and a submission can't cross.

    On PostgreSQL the row is share-locked: savers don't wait for each other, a step to another state waits for them all.
    On SQLite the IMMEDIATE transaction that the caller is in is the only writer, so that reading is enough.

    Raises:
        LockedChecklist: the sheet is no draft.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT status FROM supervisi_checklist WHERE id = %s FOR SHARE", [checklist.pk])
            row = cursor.fetchone()
    else:
        row = Checklist.objects.filter(pk=checklist.pk).values_list("status").first()
    if row is None or row[0] != DRAFT:
        checklist.status = row[0] if row else checklist.status
        raise LockedChecklist(checklist)


# --- steps --------------------------------------------------------------------------------------------


def _authorise(step: Step, checklist: Checklist, by: User) -> Posting:
    posting = step.may(by, checklist)
    if posting is None:
        raise NotAllowed(step.refusal)
    return posting


def _move(checklist: Checklist, name: str, **changes: Any) -> None:
    """Take the step by one conditional UPDATE.

    Raises:
        InvalidTransition: the sheet isn't in the state that the step starts from.
    """
    step = TRANSITIONS[name]
    if not Checklist.objects.filter(pk=checklist.pk, status=step.old).update(status=step.new, **changes):
        checklist.refresh_from_db(fields=["status"])
        raise InvalidTransition(_TAKEN.format(label=checklist.get_status_display()))


def _finish(
    checklist: Checklist, name: str, by: User, posting: Posting, reason: str = "", act: str = "", **facts: Any
) -> Checklist:
    """Record the step and want the roll-up: the last statement of the transaction."""
    step = TRANSITIONS[name]
    changes = {"status": [step.old, step.new], **facts}
    event = record(
        f"checklist.{act or name}",
        by=by,
        posting=posting,
        about=checklist,
        unit=checklist.unit,
        changes=changes,
        reason=reason,
    )
    notices.tell_sheet_step(checklist, name, event)
    supersede_documents(checklist, step.new)
    jobs.request(KIND, rollup_key(checklist))
    checklist.refresh_from_db()
    return checklist


def submit_checklist(*, checklist: Checklist, by: User) -> Checklist:
    """Hand a sheet in; everything that is due must be answered.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS.
        Incomplete: items without an answer, or severe triggers without a finding.
    """
    posting = _authorise(TRANSITIONS["submit"], checklist, by)
    with transaction.atomic():
        if checklist.layer == Layer.SELF:
            # It becomes final when the period closes: handed in later, it would wait for ever.
            _require_open_period(checklist)
        _hold_visit(checklist)
        # The state first: from here on no save gets in, so that what is counted stays.
        _move(checklist, "submit", submitted_at=timezone.now(), submitted_by=by, returned_reason="")
        _require_complete(checklist)
        return _finish(checklist, "submit", by, posting)


def _hold_visit(checklist: Checklist) -> None:
    """Keep the sheet's visit as it is until the transaction ends: who cancels it waits, or was first.

    Raises:
        InvalidTransition: the visit was cancelled meanwhile.
    """
    if checklist.visit_id is None:
        return
    rows = Visit.objects.filter(pk=checklist.visit_id, status__in=[VisitStatus.ONGOING, VisitStatus.DONE])
    if not rows.update(status=F("status")):
        raise InvalidTransition("Kunjungannya sudah dibatalkan, jadi lembarnya tidak diserahkan. Muat ulang halaman.")


def _require_complete(checklist: Checklist) -> None:
    missing = missing_items(checklist)
    if missing:
        copied = Answer.objects.filter(checklist=checklist, needs_review=True).count()
        words = f"{len(missing)} butir belum diisi"
        words += f", {copied} di antaranya salinan yang perlu ditinjau" if copied else ""
        raise Incomplete(f"{words}. Lengkapi dulu, lalu serahkan.", missing)
    unnoted = missing_severe_findings(checklist)
    if unnoted:
        raise Incomplete(
            f"{len(unnoted)} butir memerlukan temuan berat yang belum dicatat. Catat dulu, lalu serahkan.", unnoted
        )


def missing_items(checklist: Checklist) -> list[str]:
    """Return the codes of due items without an answer, in the order of the sheet."""
    rows = Answer.objects.filter(checklist=checklist, is_due=True, is_answered=False)
    return list(rows.order_by("item__position").values_list("item__code", flat=True))


def missing_severe_findings(checklist: Checklist) -> list[str]:
    """Return the codes of items whose answer always counts as a severe finding, but none is recorded."""
    if checklist.layer == Layer.SELF:
        return []
    instrument = engine_instrument(checklist.instrument)
    answers = stored_answers(checklist)
    score = score_sheet(instrument, answers)
    triggered = [item.code for item in instrument.items if item.is_severe(answers.get(item.code), score.item_values)]
    if not triggered:
        return []
    noted = set(
        Finding.objects.filter(checklist=checklist, severity=Severity.SEVERE, item__code__in=triggered).values_list(
            "item__code", flat=True
        )
    )
    return [code for code in triggered if code not in noted]


def return_checklist(*, checklist: Checklist, by: User, reason: str) -> Checklist:
    """Give a submitted sheet back to its team, with a reason; a unit withdraws its own while nobody reviews it.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS; for the unit itself also while a team is at work.
    """
    posting = _authorise(TRANSITIONS["return"], checklist, by)
    reason = _reason(reason)
    is_own = is_withdrawal(checklist, by)
    with transaction.atomic():
        _require_open_period(checklist)
        _move(checklist, "return", returned_reason=reason)
        if is_own and is_under_review(checklist):
            raise InvalidTransition(
                "Lembar mandiri dibekukan sejak tim mulai memeriksa. Minta supervisor di atas mengembalikannya."
            )
        return _finish(checklist, "return", by, posting, reason, act="withdraw" if is_own else "return")


def is_withdrawal(checklist: Checklist, by: User) -> bool:
    """Tell whether the person would take back his own unit's sheet."""
    return checklist.layer == Layer.SELF and by.scope.is_own_unit(checklist.unit)


def is_under_review(checklist: Checklist) -> bool:
    """Tell whether somebody has begun to hold the unit's own sheet against what is there."""
    others = Checklist.objects.filter(
        unit=checklist.unit_id, period=checklist.period_id, instrument=checklist.instrument_id
    ).exclude(layer=Layer.SELF)
    at_work = Q(visit__status__in=[VisitStatus.ONGOING, VisitStatus.DONE]) | Q(visit__isnull=True)
    return others.filter(at_work).exists()


def review_checklist(*, checklist: Checklist, by: User) -> Checklist:
    """Confirm a submitted sheet; the reviewer is not of the team."""
    posting = _authorise(TRANSITIONS["review"], checklist, by)
    with transaction.atomic():
        _move(checklist, "review", reviewed_at=timezone.now(), reviewed_by=by)
        return _finish(checklist, "review", by, posting)


def disclose_checklist(*, checklist: Checklist, by: User) -> Checklist:
    """Let the unit see verdict, points and scores; of a visit's sheet only after the visit.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS; also while the visit is not done.
    """
    posting = _authorise(TRANSITIONS["disclose"], checklist, by)
    with transaction.atomic():
        _move(checklist, "disclose", disclosed_at=timezone.now())
        # Done is where a visit stays, so that reading is enough.
        if checklist.visit_id and not Visit.objects.filter(pk=checklist.visit_id, status=VisitStatus.DONE).exists():
            raise InvalidTransition("Selesaikan kunjungan dan sampaikan temuannya dulu, lalu sampaikan hasilnya.")
        reply_rounds.open_round(checklist, by=by, posting=posting)
        return _finish(checklist, "disclose", by, posting)


def finalise_checklist(*, checklist: Checklist, by: User) -> Checklist:
    """Freeze a sheet: answers, evidence, instrument and score are hashed together.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS; also while the right of reply runs or a reply is undecided.
    """
    posting = _authorise(TRANSITIONS["finalise"], checklist, by)
    with transaction.atomic():
        # Before the sheet: whoever decides a reply holds the round first as well.
        reply_rounds.close_round(checklist, by=by, posting=posting)
        _move(checklist, "finalise", final_at=timezone.now())
        digest = freeze(checklist)
        return _finish(checklist, "finalise", by, posting, content_hash=[None, digest])


def freeze(checklist: Checklist) -> str:
    """Store result and content hash of a sheet that has just become final; from here on nothing of it changes."""
    compute_checklist_score(checklist)
    supersede_documents(checklist, FINAL)
    digest = content_hash(checklist)
    Checklist.objects.filter(pk=checklist.pk).update(content_hash=digest)
    make_code(checklist, digest)
    return digest


# --- reopening: two people ------------------------------------------------------------------------------


def request_reopening(*, checklist: Checklist, by: User, reason: str) -> Checklist:
    """Ask for a final sheet to become a draft again; another person decides."""
    posting = access.posting_to_ask_reopening(by, checklist)
    if posting is None:
        raise NotAllowed("Pembukaan kembali diminta ketua tim, peninjau, auditor, atau pimpinan.")
    reason = _reason(reason)
    with transaction.atomic():
        _require_open_period(checklist)
        row = Checklist.objects.filter(pk=checklist.pk, status=FINAL, reopen_requested_at__isnull=True)
        if not row.update(reopen_requested_by=by, reopen_requested_at=timezone.now(), reopen_reason=reason):
            raise InvalidTransition("Pembukaan kembali sudah diminta, atau lembar ini tidak final. Muat ulang halaman.")
        event = record(
            "checklist.reopening-asked", by=by, posting=posting, about=checklist, unit=checklist.unit, reason=reason
        )
        notices.tell_sheet_step(checklist, "ask-reopening", event)
    checklist.refresh_from_db()
    return checklist


def approve_reopening(*, checklist: Checklist, by: User) -> Checklist:
    """Make a final sheet a draft again; never by whoever asked, never in a closed period."""
    posting = _authorise(TRANSITIONS["reopen"], checklist, by)
    with transaction.atomic():
        _require_open_period(checklist)
        asked = Q(reopen_requested_at__isnull=False) & ~Q(reopen_requested_by=by)
        if not Checklist.objects.filter(asked, pk=checklist.pk).exists():
            raise InvalidTransition("Belum ada permintaan pembukaan kembali dari orang lain.")
        reason = checklist.reopen_reason
        _move(
            checklist,
            "reopen",
            content_hash="",
            final_at=None,
            disclosed_at=None,
            reviewed_at=None,
            reviewed_by=None,
            submitted_at=None,
            submitted_by=None,
            reopen_requested_at=None,
            reopen_requested_by=None,
            reopen_reason="",
            reopened_by=by,
        )
        supersede_codes(checklist)
        return _finish(checklist, "reopen", by, posting, reason)


def _require_open_period(checklist: Checklist) -> None:
    # A write, so that the closing waits for this step, or this step for the closing.
    if not Period.objects.filter(pk=checklist.period_id, closed_at__isnull=True).update(closed_at=None):
        what = "diserahkan satuan, dikembalikan, atau dibuka kembali"
        raise DomainError(f"Periode {checklist.period} sudah ditutup; lembarnya tidak dapat lagi {what}.")


def _reason(text: str) -> str:
    reason = text.strip()
    if len(reason) < 5 or "\0" in reason:
        raise DomainError("Tulis alasannya, paling sedikit beberapa kata.")
    return reason[:2000]


def counts_for_score(checklist: Checklist) -> bool:
    """Tell whether the sheet may become the counting one."""
    return checklist.scope == Scope.FULL and checklist.status != DRAFT
