"""Erasing a person (UU 27/2022): what tells who he was goes; what he did stays, under a number and his offices."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F

from wbbm.organisasi.access import local_day
from wbbm.organisasi.errors import AlreadyDone, OrganisationError
from wbbm.organisasi.models import Posting, User

from .audit import record
from .people import ERASED, is_erased, require_reach

LEAST_REASON = 10
REMOVED = "nama pengguna, NRP, nama, pangkat, surel, kata sandi"


class StillServing(OrganisationError):
    """The account is open, or a posting runs or comes: the law needs who holds it."""

    status = 409


def obstacle(person: User) -> str:
    """Say what must be done before the person can be erased; nothing where he can."""
    if is_erased(person):
        return "Data orang ini sudah disamarkan."
    if person.closed_at is None:
        return "Akun orang ini masih terbuka. Tutup dulu akunnya; penugasannya berakhir bersama itu."
    office = _current_office(person)
    return f"Penugasan sebagai {office} masih berjalan atau akan mulai. Akhiri dulu." if office is not None else ""


def _current_office(person: User) -> Posting | None:
    offices = person.postings.select_related("unit")
    return next((office for office in offices if not office.has_ended_by(local_day(office.unit))), None)


def erase_person(*, person: User, by: User, reason: str, along: Iterable[Callable[[User], Any]] = ()) -> User:
    """Replace what tells who a closed person was; `along` deletes what other floors hold of him and nobody needs.

    The trail, sheets and postings stay as they are: they name him by his number.

    Raises:
        NotYourUnit: the person is outside the admin's reach.
        StillServing: the account is open, or an office runs or comes.
        AlreadyDone: it was done before (a second click).
        OrganisationError: no reason, or one that tells who he was.
    """
    posting = require_reach(by, person)
    words = _reason(reason, person)
    # This very row as it stands: an office that was given meanwhile, an account that was opened again.
    now = User.objects.get(pk=person.pk)
    said = obstacle(now)
    if said:
        raise (AlreadyDone if is_erased(now) else StillServing)(said)
    name = f"pengguna-{person.pk}"
    if User.objects.filter(username=name).exclude(pk=person.pk).exists():
        name += f"-{secrets.token_hex(3)}"
    with transaction.atomic():
        # The write comes first: who opens the account or gives an office at the same moment waits for it.
        row = User.objects.filter(pk=person.pk, closed_at=now.closed_at, username=now.username)
        values = {"username": name, "nrp": None, "name": f"Pengguna {person.pk}", "rank": "", "email": ""}
        if not row.update(**values, password=make_password(None), session_epoch=F("session_epoch") + 1):
            raise AlreadyDone("Data orang ini baru saja berubah. Muat ulang halamannya, lalu periksa lagi.")
        if _current_office(now) is not None:
            raise StillServing("Orang ini baru saja diberi penugasan. Akhiri dulu.")
        for erase in along:
            erase(now)
        record(
            ERASED, by=by, posting=posting, about=person, unit=posting.unit,
            changes={"removed": [REMOVED, None]}, reason=words,
        )  # fmt: skip
    person.refresh_from_db()
    return person


def _reason(text: str, person: User) -> str:
    words = " ".join(text.replace("\0", "").split())[:500]
    if len(words) < LEAST_REASON:
        raise OrganisationError(f"Tulis alasannya, paling sedikit {LEAST_REASON} huruf.")
    told = [person.username, person.nrp, person.email, person.name]
    for fact in filter(None, told):
        if re.search(rf"(?<!\w){re.escape(fact)}(?!\w)", words, re.IGNORECASE):
            raise OrganisationError(
                "Alasan ini memuat nama, NRP, nama pengguna, atau surel orangnya, padahal alasan tetap tersimpan. "
                "Tulis tanpa itu."
            )
    return words
