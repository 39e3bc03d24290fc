"""Publishing a draft: from then on periods that begin on a day or later use it; old sheets stay on their version."""

from __future__ import annotations

import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import dateformat, timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_files import InstrumentFile
from supervisi.models import Checklist, Instrument, InstrumentDraft, InstrumentEffect, Period
from supervisi.models.instrument_drafts import DraftStatus
from supervisi.scoring.crosswalk import check_crosswalk
from supervisi.services.instrument_drafts import admin_of_top, draft_instrument, newest_version
from supervisi.services.instrument_effects import is_current
from supervisi.services.instruments import create_instrument
from wbbm.errors import DomainError, InvalidTransition
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import User
from wbbm.organisasi.services.audit import record

_TAKEN = "Rancangan ini sudah terbit, dibuang, atau padanannya baru diubah. Muat ulang halaman."
_SHOWN_PERIODS = 3


class NotReady(InvalidTransition):
    """Something has to be done before the draft can be published."""


def proposed_day(draft: InstrumentDraft) -> datetime.date:
    """Return the first day after all periods that have sheets of the instrument: from there on nothing is mixed."""
    used = Period.objects.filter(checklists__instrument__code=draft.code).aggregate(last=Max("last_day"))["last"]
    tomorrow = local_day(draft.unit) + datetime.timedelta(days=1)
    day: datetime.date = max(tomorrow, used + datetime.timedelta(days=1)) if used else tomorrow
    return day


def why_not_yet(draft: InstrumentDraft) -> str:
    """Say what has to be done before a draft can be published; empty when it can (two queries)."""
    effect = InstrumentEffect.objects.filter(draft=draft).first()
    newest = newest_version(draft.code)
    if newest is None or newest.pk != draft.base_id:
        return "Sejak diunggah sudah terbit versi lain. Buang rancangan ini, lalu unggah lagi."
    if effect is None:
        return "Hitung dampaknya dulu."
    if effect.is_at_work:
        return "Dampaknya masih dihitung."
    if effect.has_failed:
        return "Dampaknya gagal dihitung. Hitung lagi dulu."
    if not is_current(effect, draft):
        return "Padanan berubah sejak dampaknya dihitung. Hitung lagi dulu."
    return ""


def publish_draft(*, draft: InstrumentDraft, starts_on: datetime.date, by: User) -> Instrument:
    """Make the draft a version that sheets are made on, from periods that begin on a day or later.

    Raises:
        NotAllowed: not the admin of the top unit.
        NotReady: the effect is not computed on the crosswalk of now, or another version came first.
        InvalidTransition: published, discarded or changed meanwhile.
        DomainError: a day that is over, or from which on sheets of the old version are there already.
    """
    posting = admin_of_top(by)
    reason = why_not_yet(draft)
    if reason:
        raise NotReady(reason)
    _check_day(draft, starts_on)
    if list(check_crosswalk(engine_instrument(draft.base), draft_instrument(draft), draft.pairs)):
        raise NotReady("Padanannya belum lengkap. Periksa padanan, lalu simpan.")
    file = InstrumentFile(draft_instrument(draft), draft.definition, draft.sha256)
    try:
        with transaction.atomic():
            made = create_instrument(file, starts_on=starts_on)
            row = InstrumentDraft.objects.unpublished().filter(pk=draft.pk, crosswalk_version=draft.crosswalk_version)
            moved = row.update(
                status=DraftStatus.PUBLISHED, instrument=made, published_by=by, published_at=timezone.now()
            )
            if not moved:
                raise InvalidTransition(_TAKEN)
            _refuse_mixing(draft, starts_on)
            changes = {
                "status": [DraftStatus.DRAFT, DraftStatus.PUBLISHED],
                "starts_on": [None, str(starts_on)],
                "file": [draft.base.sha256, draft.sha256],
            }
            record("instrument.published", by=by, posting=posting, about=draft, unit=draft.unit, changes=changes)
    except IntegrityError as fault:
        raise InvalidTransition(_TAKEN) from fault
    return made


def _check_day(draft: InstrumentDraft, starts_on: datetime.date) -> None:
    if starts_on <= local_day(draft.unit):
        raise DomainError("Pilih hari setelah hari ini: periode yang berjalan tetap memakai versi lama.")
    if draft.base.starts_on is not None and starts_on <= draft.base.starts_on:
        day = dateformat.format(draft.base.starts_on, "j F Y")
        raise DomainError(f"Versi {draft.base.version} baru berlaku {day}. Pilih hari setelah itu.")


def _refuse_mixing(draft: InstrumentDraft, starts_on: datetime.date) -> None:
    begun = Checklist.objects.filter(instrument__code=draft.code, period__first_day__gte=starts_on)
    names = list(begun.order_by("period__first_day").values_list("period__name", flat=True).distinct()[:_SHOWN_PERIODS])
    if names:
        raise DomainError(
            f"{', '.join(names)} sudah mempunyai lembar versi lama. Pilih hari setelah periode itu mulai, supaya satu "
            "periode memakai satu versi."
        )
