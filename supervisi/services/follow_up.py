"""Follow-up of findings: one mapping, one conditional UPDATE, one event."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from supervisi import access
from supervisi.models import Finding, FindingAct, FindingEvent, FindingFile, FindingStatus, Visit
from supervisi.services.finding_files import attach_files, kept_uploads
from supervisi.services.notices import tell_finding_step
from supervisi.services.operations import is_storable
from supervisi.services.owners import posting_to_answer
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.working_days import add_working_days

OPEN, ANSWERED, RETURNED, ACCEPTED, CLOSED = FindingStatus.values
TEXT_LIMIT = 4000
MOST_EXTRA_DAYS = 60


@dataclass(frozen=True)
class Step:
    """A step between states, who may take it, and what it is called in the history."""

    old: tuple[str, ...]
    new: str
    act: str
    may: Callable[[User, Finding], Posting | None]
    refusal: str


_JUDGES = "Jawaban diperiksa oleh supervisor dari satuan di atas."
TRANSITIONS: dict[str, Step] = {
    "answer": Step(
        (OPEN, RETURNED), ANSWERED, FindingAct.ANSWERED, posting_to_answer,
        "Temuan dijawab oleh pimpinan atau operator satuan, atau pemangku jabatannya.",
    ),
    "accept": Step((ANSWERED,), ACCEPTED, FindingAct.ACCEPTED, access.posting_to_judge, _JUDGES),
    "return": Step((ANSWERED,), RETURNED, FindingAct.RETURNED, access.posting_to_judge, _JUDGES),
    "close": Step((ACCEPTED,), CLOSED, FindingAct.CLOSED, access.posting_to_judge, _JUDGES),
}  # fmt: skip
_TAKEN = "Langkah ini sudah tidak berlaku: temuan sekarang berstatus {label}. Muat ulang halaman ini."
_SECOND = "Temuan diperiksa dan ditutup oleh orang kedua, bukan yang menjawab. Minta supervisor lain."


def may_take(user: User, finding: Finding, name: str) -> bool:
    """Tell whether the person may take the step now, for the buttons of pages."""
    step = TRANSITIONS[name]
    if finding.status not in step.old or finding.handed_over_at is None or step.may(user, finding) is None:
        return False
    return name == "answer" or not has_answered(user, finding)


def has_answered(user: User, finding: Finding) -> bool:
    """Tell whether the person ever answered the finding."""
    return FindingEvent.objects.filter(finding=finding, kind=FindingAct.ANSWERED, by=user).exists()


def answer_finding(*, finding: Finding, text: str, uploads: Sequence[UploadedFile], by: User) -> Finding:
    """Answer for the unit, with evidence: with this answer, or an earlier one since the finding was (again) found.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS; also when the finding was not handed over.
        DomainError: no text or no evidence.
        FileRefused: see wbbm.files.services.
    """
    posting = _authorise("answer", finding, by)
    text = storable_text(text, "Jawaban")
    with kept_uploads(uploads, unit=finding.unit, by=by) as files, transaction.atomic():
        _move(finding, "answer", answered_at=timezone.now())
        if not files and not answer_files(finding).exists():
            raise DomainError("Lampirkan bukti, paling sedikit satu foto atau berkas.")
        return _finish(finding, "answer", by, posting, text=text, files=files)


def accept_finding(*, finding: Finding, by: User, text: str = "") -> Finding:
    """Accept the unit's answer; another step closes it."""
    posting = _authorise("accept", finding, by)
    with transaction.atomic():
        _move(finding, "accept")
        return _finish(finding, "accept", by, posting, text=text.strip()[:TEXT_LIMIT].replace("\0", ""))


def return_finding(*, finding: Finding, by: User, reason: str) -> Finding:
    """Give an answer back to the unit, with a reason."""
    posting = _authorise("return", finding, by)
    reason = storable_text(reason, "Alasan")
    with transaction.atomic():
        _move(finding, "return")
        return _finish(finding, "return", by, posting, text=reason)


def close_finding(*, finding: Finding, by: User, text: str = "") -> Finding:
    """Close a finding whose answer was accepted: by a second person, never without evidence."""
    posting = _authorise("close", finding, by)
    with transaction.atomic():
        _move(finding, "close", closed_at=timezone.now())
        if not answer_files(finding).exists():
            raise DomainError("Temuan tidak dapat ditutup tanpa bukti. Kembalikan dan minta buktinya.")
        return _finish(finding, "close", by, posting, text=text.strip()[:TEXT_LIMIT].replace("\0", ""))


def extend_finding(*, finding: Finding, days: int, reason: str, by: User) -> Finding:
    """Give the unit more working days, counted from the due day, or from today when that is past."""
    posting = _may_extend(finding, by)
    if not 1 <= days <= MOST_EXTRA_DAYS:
        raise DomainError(f"Perpanjangan 1 sampai {MOST_EXTRA_DAYS} hari kerja.")
    reason = storable_text(reason, "Alasan")
    old = finding.due_on
    today = local_day(finding.unit)
    new = add_working_days(finding.unit, max(old or today, today), days)
    with transaction.atomic():
        row = Finding.objects.filter(pk=finding.pk, status__in=[OPEN, RETURNED], due_on=old)
        if not row.filter(handed_over_at__isnull=False).update(due_on=new):
            finding.refresh_from_db()
            raise InvalidTransition(
                "Tenggat sudah berubah, atau temuan ini tidak lagi menunggu jawaban. Muat ulang halaman ini."
            )
        FindingEvent.objects.create(
            finding=finding, kind=FindingAct.EXTENDED, text=reason, by=by, posting=posting, old_due_on=old,
            new_due_on=new,
        )  # fmt: skip
        changes = {"due_on": [old and str(old), str(new)]}
        told = record(
            "finding.extended", by=by, posting=posting, about=finding, unit=finding.unit, changes=changes, reason=reason
        )
        finding.refresh_from_db()
        tell_finding_step(finding, "extend", told)
    return finding


def answer_files(finding: Finding) -> Any:
    """Keep the unit's evidence since the finding was found, or found again."""
    last = FindingEvent.objects.filter(finding=finding, kind=FindingAct.FOUND_AGAIN).aggregate(last=Max("pk"))["last"]
    return FindingFile.objects.filter(event__finding=finding, event__kind=FindingAct.ANSWERED, event__pk__gt=last or 0)


def storable_text(raw: str, label: str, limit: int = TEXT_LIMIT) -> str:
    """Return a text as it is stored.

    Raises:
        DomainError: too short, too long, or with signs that can't be stored.
    """
    text = raw.replace("\r\n", "\n").strip()
    if len(text) < 3:
        raise DomainError(f"{label}: tulis dengan beberapa kata.")
    if len(text) > limit or not is_storable(text):
        raise DomainError(f"{label}: paling banyak {limit} huruf, tanpa tanda yang tidak terbaca.")
    return text


def check_right(finding: Finding, name: str, by: User) -> None:
    """Refuse whoever may not take the step, or not give more time.

    Raises:
        NotAllowed: see TRANSITIONS and `extend_finding`.
    """
    if name == "extend":
        _may_extend(finding, by)
    else:
        _authorise(name, finding, by)


def _may_extend(finding: Finding, by: User) -> Posting:
    posting = access.posting_to_find(by, finding.unit)
    if posting is None:
        raise NotAllowed("Tenggat diperpanjang oleh supervisor dari satuan di atas.")
    return posting


def _authorise(name: str, finding: Finding, by: User) -> Posting:
    step = TRANSITIONS[name]
    posting = step.may(by, finding)
    if posting is None:
        raise NotAllowed(step.refusal)
    if name != "answer" and has_answered(by, finding):
        raise NotAllowed(_SECOND)
    return posting


def _move(finding: Finding, name: str, **changes: datetime.datetime) -> None:
    """Take the step by one conditional UPDATE.

    Raises:
        InvalidTransition: the finding isn't in a state that the step starts from, or was not handed over.
    """
    step = TRANSITIONS[name]
    row = Finding.objects.filter(pk=finding.pk, status__in=step.old, handed_over_at__isnull=False)
    if not row.update(status=step.new, **changes):
        finding.refresh_from_db()
        raise InvalidTransition(_TAKEN.format(label=finding.get_status_display().lower()))


def _finish(
    finding: Finding, name: str, by: User, posting: Posting, *, text: str, files: Sequence[StoredFile] = ()
) -> Finding:
    step, before = TRANSITIONS[name], finding.status
    event = add_event(finding, step.act, by=by, posting=posting, text=text)
    attach_files(event, list(files))
    changes: dict[str, Any] = {"status": [before, step.new]}
    if files:
        changes["sha256"] = [None, [file.sha256 for file in files]]
    told = record(
        f"finding.{name}", by=by, posting=posting, about=finding, unit=finding.unit, changes=changes,
        reason=text if name == "return" else "",
    )  # fmt: skip
    finding.refresh_from_db()
    tell_finding_step(finding, name, told)
    return finding


def add_event(
    finding: Finding, act: str, *, by: User, posting: Posting | None, text: str = "", visit: Visit | None = None
) -> FindingEvent:
    """Add one act to a finding's history, in the caller's transaction."""
    return FindingEvent.objects.create(finding=finding, kind=act, text=text, by=by, posting=posting, visit=visit)
