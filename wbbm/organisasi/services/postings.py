"""Writing of postings, by which all rights come and go."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.utils import timezone

from wbbm.organisasi.access import local_day
from wbbm.organisasi.errors import AlreadyDone, NotYourUnit, OrganisationError
from wbbm.organisasi.models import Posting, PostingKind, Role, Unit, User
from wbbm.organisasi.models.people import ROLES_NEEDING_SECOND_ADMIN

from .audit import record

_NOT_LONGER = "Penugasan ini tidak dapat diperpanjang. Buat yang baru; admin kedua menyetujuinya."


_on_waiting: list[Callable[[Posting], None]] = []
_on_ended: list[Callable[[Posting, User], None]] = []


def on_waiting_posting(callback: Callable[[Posting], None]) -> None:
    """Let an app above learn, inside the transaction, that a posting waits for a second admin."""
    if callback not in _on_waiting:
        _on_waiting.append(callback)


def on_ended_posting(callback: Callable[[Posting, User], None]) -> None:
    """Let an app above learn, inside the transaction, that a posting was ended, and by whom."""
    if callback not in _on_ended:
        _on_ended.append(callback)


def _admin(by: User, unit: Unit) -> Posting:
    found = by.scope.posting_over(unit, Role.ADMIN)
    if found is None:
        raise NotYourUnit("Hanya admin satuan ini, atau admin satuan di atasnya, yang mengatur penugasan.")
    return found


def _not_himself(by: User, person: User) -> None:
    if by.pk == person.pk:
        raise OrganisationError("Penugasan untuk diri sendiri diatur admin lain.")


def add_posting(
    *,
    by: User,
    user: User,
    unit: Unit,
    role: str,
    title: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    kind: str = PostingKind.DEFINITIVE,
) -> Posting:
    """Give a person an office; commander and integrity officer wait for a second admin.

    Raises:
        NotYourUnit: the unit is outside the admin's reach.
        OrganisationError: for himself, a closed person, impossible days, or the posting exists.
    """
    granted_by = _admin(by, unit)
    _not_himself(by, user)
    if user.closed_at is not None:
        raise OrganisationError("Akun orang ini sudah ditutup. Buka dulu akunnya.")
    if role not in Role.values:
        raise OrganisationError(f"Peran {role!r} tidak dikenal.")
    if not title.strip():
        raise OrganisationError("Jabatan wajib diisi.")
    if ends_on is not None and ends_on < starts_on:
        raise OrganisationError("Tanggal akhir tidak boleh sebelum tanggal mulai.")
    waits = role in ROLES_NEEDING_SECOND_ADMIN
    posting = Posting(
        user=user,
        unit=unit,
        role=role,
        title=title.strip(),
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        created_by=by,
        approved_by=None if waits else by,
        approved_at=None if waits else timezone.now(),
    )
    try:
        with transaction.atomic():
            posting.save(force_insert=True)
            record("posting.added", by=by, posting=granted_by, about=posting, unit=unit, changes=_facts(posting))
            for callback in _on_waiting if waits else []:
                callback(posting)
    except IntegrityError as fault:
        raise OrganisationError("Penugasan ini sudah ada.") from fault
    return posting


def approve_posting(*, posting: Posting, by: User) -> Posting:
    """Let a posting that waits take effect; only another admin than its maker and holder.

    Raises:
        NotYourUnit: the unit is outside the admin's reach.
        OrganisationError: he made it himself, it is for himself, or its holder's account is closed.
        AlreadyDone: it is approved or ended already.
    """
    granted_by = _admin(by, posting.unit)
    _not_himself(by, posting.user)
    if posting.created_by_id == by.pk:
        raise OrganisationError("Penugasan ini Anda buat sendiri. Admin kedua yang menyetujuinya.")
    if posting.user.closed_at is not None:
        raise OrganisationError("Akun orang ini sudah ditutup. Buka dulu akunnya.")
    with transaction.atomic():
        row = Posting.objects.lasting(local_day(posting.unit)).filter(pk=posting.pk, approved_at__isnull=True)
        if not row.update(approved_at=timezone.now(), approved_by=by):
            raise AlreadyDone("Penugasan ini sudah disetujui atau sudah berakhir.")
        record("posting.approved", by=by, posting=granted_by, about=posting, unit=posting.unit)
    posting.refresh_from_db()
    return posting


def end_posting(*, posting: Posting, by: User, last_day: datetime.date | None = None, reason: str = "") -> Posting:
    """End a posting; without a day it ends at once, with the next request of its holder.

    Raises:
        OrganisationError: the day lies before the first one, or would lengthen what only two admins may give.
        AlreadyDone: it ended before.
    """
    granted_by = _admin(by, posting.unit)
    _not_himself(by, posting.user)
    if last_day is not None and last_day < posting.starts_on:
        raise OrganisationError("Hari terakhir tidak boleh sebelum hari mulai.")
    if last_day is not None and needs_anew(posting, last_day):
        raise OrganisationError(_NOT_LONGER)
    with transaction.atomic():
        if not cut_short(posting, last_day):
            raise AlreadyDone("Penugasan ini sudah berakhir.")
        old = str(posting.ends_on) if posting.ends_on else None
        posting.refresh_from_db()
        changes = {"ends_on": [old, str(posting.ends_on)]}
        record(
            "posting.ended", by=by, posting=granted_by, about=posting, unit=posting.unit, changes=changes, reason=reason
        )
        for callback in _on_ended:
            callback(posting, by)
    return posting


def cut_short(posting: Posting, last_day: datetime.date | None = None) -> bool:
    """Let a posting end on the day, or with the next request; tell whether it had not ended before.

    "At once" means that today doesn't count any more. One that begins today or later is withdrawn: it counts on no day
    and no second admin can let it take effect.
    """
    today = local_day(posting.unit)
    last = last_day if last_day is not None else today - datetime.timedelta(days=1)
    row = Posting.objects.lasting(today).filter(pk=posting.pk)
    if last < posting.starts_on:
        return bool(row.update(ends_on=posting.starts_on, approved_at=None, withdrawn_at=timezone.now()))
    return bool(row.update(ends_on=last))


def change_posting(*, posting: Posting, by: User, title: str, kind: str, ends_on: datetime.date | None) -> Posting:
    """Correct title, kind or last day; person, unit and role are given anew instead."""
    granted_by = _admin(by, posting.unit)
    _not_himself(by, posting.user)
    if ends_on is not None and ends_on < posting.starts_on:
        raise OrganisationError("Hari terakhir tidak boleh sebelum hari mulai.")
    if posting.withdrawn_at is not None:
        raise AlreadyDone("Penugasan ini sudah dicabut. Buat yang baru.")
    if needs_anew(posting, ends_on):
        raise OrganisationError(_NOT_LONGER)
    old = {"title": posting.title, "kind": posting.kind, "ends_on": str(posting.ends_on)}
    new = {"title": title.strip(), "kind": kind, "ends_on": str(ends_on)}
    with transaction.atomic():
        Posting.objects.filter(pk=posting.pk).update(title=title.strip(), kind=kind, ends_on=ends_on)
        changes = {name: [old[name], new[name]] for name in old if old[name] != new[name]}
        record("posting.changed", by=by, posting=granted_by, about=posting, unit=posting.unit, changes=changes)
    posting.refresh_from_db()
    return posting


def needs_anew(posting: Posting, ends_on: datetime.date | None) -> bool:
    """Tell whether a later last day would give what only two admins may give."""
    if posting.role not in ROLES_NEEDING_SECOND_ADMIN or posting.ends_on is None:
        return False
    return ends_on is None or ends_on > posting.ends_on


def _facts(posting: Posting) -> dict[str, list[str | None]]:
    return {
        "user": [None, posting.user.username],
        "unit": [None, posting.unit.code],
        "role": [None, posting.role],
        "title": [None, posting.title],
        "starts_on": [None, str(posting.starts_on)],
        "ends_on": [None, str(posting.ends_on) if posting.ends_on else None],
    }
