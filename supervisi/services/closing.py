"""Closing a period, freezing its results, and taking the closing back by two people (docs/alur-status.md)."""

from __future__ import annotations

import datetime
import time

from django.db import transaction
from django.utils import timezone

from supervisi import access
from supervisi.models import Checklist, ChecklistStatus, Layer, Period, UnitScore
from supervisi.rollup_key import KIND, RollupKey, rollup_key
from supervisi.services.checklists import freeze
from supervisi.services.periods import admin_of
from supervisi.services.superseding import supersede_documents
from supervisi.services.trees import forget_tree
from supervisi.services.verification import supersede_codes
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.jobs.services import Claim
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import settle as settle_notices
from wbbm.notices.services import tell
from wbbm.organisasi.access import local_day, nearest_people
from wbbm.organisasi.models import Posting, Role, User
from wbbm.organisasi.services.audit import record

SETTLE = "settle-period"
# How long freezing waits for jobs that others hold before it is tried again, in seconds.
_PATIENCE, _PAUSE = 60, 0.2


class StillCounting(Exception):
    """Results of the period are still being counted; the freezing is tried again."""


def close_period(*, period: Period, by: User) -> Period:
    """Close a period; a job makes its submitted self sheets final and freezes its results, drafts stay drafts.

    What others handed in still goes on to its end, with its right of reply, on its own sheet: the results of the
    period follow it no longer.

    Raises:
        InvalidTransition: it is closed already.
    """
    posting = admin_of(by, period.unit)
    with transaction.atomic():
        row = Period.objects.filter(pk=period.pk, closed_at__isnull=True)
        if not row.update(closed_at=timezone.now(), closed_by=by):
            raise InvalidTransition("Periode ini sudah ditutup.")
        record("period.closed", by=by, posting=posting, about=period, unit=period.unit)
        jobs.request(SETTLE, str(period.pk))
    period.refresh_from_db()
    return period


# --- freezing -----------------------------------------------------------------------------------------


def settle(claim: Claim) -> None:
    """Make the self sheets of a closed period final; freeze its results once all that was handed in is counted.

    Raises:
        StillCounting: others held jobs of the period for too long, or more was handed in meanwhile.
    """
    period = Period.objects.select_related("unit", "closed_by").filter(pk=int(claim.key)).first()
    if period is None or period.is_open or period.is_settled:
        return
    _finish_self_sheets(period)
    _count_all(period)
    with transaction.atomic():
        # Written first: a roll-up either has ended, and the one above is seen to be open, or finds this.
        same = Period.objects.filter(pk=period.pk, closed_at=period.closed_at, settled_at__isnull=True)
        if same.update(settled_at=timezone.now()) and (left := _open_jobs(period.pk)):
            raise StillCounting(f"{len(left)} jobs of period {period.pk}")
        claim.complete()


def _finish_self_sheets(period: Period) -> None:
    """Make each submitted self sheet final, in a transaction of its own: there may be thousands."""
    sheets = Checklist.objects.filter(period=period, layer=Layer.SELF, status=ChecklistStatus.SUBMITTED)
    by = period.closed_by
    posting = by.scope.posting_over(period.unit, Role.ADMIN) if by is not None else None
    for sheet in sheets.select_related("unit", "period", "instrument"):
        with transaction.atomic():
            # Whoever takes the closing back waits here, or is waited for.
            if not Period.objects.filter(pk=period.pk, closed_at=period.closed_at).update(closed_by=by):
                return
            row = Checklist.objects.filter(pk=sheet.pk, status=ChecklistStatus.SUBMITTED)
            if row.update(status=ChecklistStatus.FINAL, final_at=period.closed_at):
                sheet.final_at = period.closed_at
                freeze(sheet)
                record("checklist.finalise", by=by, posting=posting, about=sheet, unit=sheet.unit)
                jobs.request(KIND, rollup_key(sheet))


def _count_all(period: Period) -> None:
    """Run what is still to be counted in the period, and wait for what others run."""
    until = time.monotonic() + _PATIENCE
    while waiting := _open_jobs(period.pk):
        if sum(jobs.run(pk) for pk in waiting):
            continue
        if time.monotonic() > until:
            raise StillCounting(f"{len(waiting)} jobs of period {period.pk}")
        time.sleep(_PAUSE)


def _open_jobs(period_id: int) -> list[int]:
    rows = Job.objects.open().filter(kind=KIND, key__regex=rf"^[0-9]+:{period_id}:")
    return list(rows.order_by("wanted_at", "pk").values_list("pk", flat=True))


# --- taking it back -----------------------------------------------------------------------------------


def ask_undo(*, period: Period, by: User, reason: str) -> Period:
    """Ask for a closing to be taken back; another person decides.

    Raises:
        InvalidTransition: it is not closed, or somebody asked already.
    """
    posting = admin_of(by, period.unit)
    text = reason.strip()
    if len(text) < 5 or "\0" in text:
        raise DomainError("Tulis alasannya, paling sedikit beberapa kata.")
    text = text[:2000]
    with transaction.atomic():
        row = Period.objects.filter(pk=period.pk, closed_at__isnull=False, undo_asked_at__isnull=True)
        if not row.update(undo_asked_by=by, undo_asked_at=timezone.now(), undo_reason=text):
            raise InvalidTransition("Pembatalan sudah diminta, atau periode ini tidak ditutup. Muat ulang halaman ini.")
        event = record("period.undo-asked", by=by, posting=posting, about=period, unit=period.unit, reason=text)
        said = f"Pembatalan penutupan {period} diminta dan menunggu persetujuan Anda."
        url, key = period.get_absolute_url(), f"event-{event.pk}"
        tell(approvers(period, by), kind=NoticeKind.PERIOD, text=said, url=url, unit=period.unit, key=key)
    period.refresh_from_db()
    return period


def approvers(period: Period, asked_by: User) -> list[User]:
    """Return the nearest admins and commanders over the period's unit who may approve, without who asked."""
    found = (
        person
        for role in (Role.ADMIN, Role.COMMANDER)
        for person in nearest_people(period.unit, role, is_above=False, besides=[asked_by.pk])
    )
    return list({person.pk: person for person in found}.values())


def drop_undo(*, period: Period, by: User) -> Period:
    """Let the request go: who asked takes it back, or who might approve refuses it."""
    posting = _may_decide(period, by)
    with transaction.atomic():
        row = Period.objects.filter(pk=period.pk, closed_at__isnull=False, undo_asked_at__isnull=False)
        if not row.update(undo_asked_by=None, undo_asked_at=None, undo_reason=""):
            raise InvalidTransition("Tidak ada permintaan pembatalan. Muat ulang halaman ini.")
        record("period.undo-dropped", by=by, posting=posting, about=period, unit=period.unit)
        settle_notices(kind=NoticeKind.PERIOD, url=period.get_absolute_url())
    period.refresh_from_db()
    return period


def undo_closing(*, period: Period, by: User) -> Period:
    """Open a closed period again, by another person than asked: its self sheets are submitted ones again.

    Raises:
        NotAllowed: neither admin nor commander over the period's unit.
        InvalidTransition: nobody else asked for it.
    """
    posting = _may_decide(period, by)
    with transaction.atomic():
        known = Period.objects.get(pk=period.pk)
        row = Period.objects.filter(pk=period.pk, closed_at__isnull=False, undo_asked_at__isnull=False)
        opened = row.exclude(undo_asked_by=by).update(
            closed_at=None, closed_by=None, settled_at=None, undo_asked_by=None, undo_asked_at=None, undo_reason="",
            undone_by=by, undone_at=timezone.now(),
        )  # fmt: skip
        if not opened:
            raise InvalidTransition("Belum ada permintaan pembatalan dari orang lain.")
        reason = known.undo_reason
        record("period.undone", by=by, posting=posting, about=period, unit=period.unit, reason=reason)
        period.refresh_from_db()
        forget_tree(period, local_day(period.unit))
        _submit_again(period, known.closed_at, by, posting, reason)
        _count_again(period)
        settle_notices(kind=NoticeKind.PERIOD, url=period.get_absolute_url())
    period.refresh_from_db()
    return period


def _may_decide(period: Period, by: User) -> Posting:
    posting = access.posting_to_undo_closing(by, period.unit)
    if posting is None:
        raise NotAllowed("Pembatalan penutupan disetujui admin atau pimpinan satuan pemilik periode, atau di atasnya.")
    return posting


def _submit_again(period: Period, closed_at: datetime.datetime | None, by: User, posting: Posting, reason: str) -> None:
    """Make the self sheets that the closing made final submitted ones again."""
    sheets = Checklist.objects.filter(period=period, layer=Layer.SELF, status=ChecklistStatus.FINAL, final_at=closed_at)
    for sheet in sheets.select_related("unit", "period", "instrument"):
        row = Checklist.objects.filter(pk=sheet.pk, status=ChecklistStatus.FINAL)
        if row.update(status=ChecklistStatus.SUBMITTED, content_hash="", final_at=None):
            supersede_codes(sheet)
            supersede_documents(sheet, ChecklistStatus.SUBMITTED)
            record("checklist.unfrozen", by=by, posting=posting, about=sheet, unit=sheet.unit, reason=reason)


def _count_again(period: Period) -> None:
    """Want every result of the period anew: what came, went or moved behind the closing has touched none of them."""
    names = ("unit_id", "period_id", "instrument_id", "layer")
    sheets, stored = (model.objects.filter(period=period).order_by() for model in (Checklist, UnitScore))
    keys = {RollupKey(*row) for row in (*sheets.values_list(*names), *stored.values_list(*names))}
    jobs.request_many(KIND, map(str, keys))
