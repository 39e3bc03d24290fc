"""Writing of people. They are closed, never deleted."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from wbbm.organisasi.access import local_day
from wbbm.organisasi.errors import AlreadyDone, NotYourUnit, OrganisationError
from wbbm.organisasi.models import AccessLink, AuditEvent, Posting, Role, Unit, User

from .audit import record, record_own
from .postings import cut_short

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")
ERASED = "person.erased"
_FIELDS = ("username", "nrp", "name", "rank", "email")


def reaches_person(by: User, person: User) -> Posting | None:
    """Return the admin posting that reaches the person, if there is one.

    It must reach every office that runs or comes: else an admin could take over the account of somebody who moved on
    or serves a higher unit as well. Without such an office the last one decides, and without any the unit for which
    the person was added.
    """
    return reached_people(by, [person.pk]).get(person.pk)


def reached_people(by: User, people: list[int]) -> dict[int, Posting]:
    """Return the people (by id) whom the admin reaches, each with the posting that does (two queries)."""
    offices: dict[int, list[Posting]] = {}
    found = Posting.objects.filter(user_id__in=people).select_related("unit")
    for office in found.order_by("user_id", "-starts_on", "-pk"):
        offices.setdefault(office.user_id, []).append(office)
    units = {person: _deciding_units(known) for person, known in offices.items()}
    fresh = [str(person) for person in people if person not in units]
    added = AuditEvent.objects.filter(
        action="person.created", object_type="organisasi.user", object_id__in=fresh, unit__isnull=False
    )
    for event in added.select_related("unit") if fresh else ():
        if event.unit is not None:
            units.setdefault(int(event.object_id), [event.unit])
    reached: dict[int, Posting] = {}
    for person, deciding in units.items():
        over = [by.scope.posting_over(unit, Role.ADMIN) for unit in deciding]
        if over and over[0] is not None and all(over):
            reached[person] = over[0]
    return reached


def _deciding_units(offices: list[Posting]) -> list[Unit]:
    current = [office for office in offices if not office.has_ended_by(local_day(office.unit))]
    return [office.unit for office in current or offices[:1]]


def require_reach(by: User, person: User) -> Posting:
    """Return the admin posting that reaches the person.

    Raises:
        NotYourUnit: there is none.
    """
    posting = reaches_person(by, person)
    if posting is None:
        raise NotYourUnit("Hanya admin satuan orang ini, atau admin satuan di atasnya, yang dapat mengubahnya.")
    return posting


def create_person(*, by: User | None, unit: Unit, is_demo: bool = False, **fields: Any) -> User:
    """Add a person without a password; he sets his own by a one-time link.

    Args:
        by: the admin; None only where the installation begins.
        unit: the unit for which the person is added (decides who may read the record).

    Raises:
        NotYourUnit: the unit is outside the admin's reach.
        OrganisationError: the user name or NRP is taken or malformed.
    """
    posting = by.scope.posting_over(unit, Role.ADMIN) if by is not None else None
    if by is not None and posting is None:
        raise NotYourUnit("Hanya admin satuan ini, atau admin satuan di atasnya, yang dapat menambah orang.")
    values = _clean(fields)
    with transaction.atomic():
        user = User(**values, is_demo=is_demo, must_change_password=False)
        user.set_unusable_password()
        user.save(force_insert=True)
        record("person.created", by=by, posting=posting, about=user, unit=unit)
    return user


def update_person(*, person: User, by: User, **fields: Any) -> User:
    """Change a person's facts; never the password."""
    posting = require_reach(by, person)
    _require_known(person)
    values = _clean({name: getattr(person, name) for name in _FIELDS} | fields, itself=person)
    with transaction.atomic():
        old = User.objects.get(pk=person.pk)
        changes = {name: [getattr(old, name), value] for name, value in values.items() if getattr(old, name) != value}
        for name, value in values.items():
            setattr(person, name, value)
        person.save(update_fields=list(values))
        # Again, now that the row is ours: erased meanwhile, the name doesn't come back.
        _require_known(person)
        record("person.changed", by=by, posting=posting, about=person, unit=posting.unit, changes=changes)
    return person


def is_erased(person: User) -> bool:
    """Tell whether what told who the person was is gone (services/erasing.py)."""
    return AuditEvent.objects.about(person).filter(action=ERASED).exists()


def _require_known(person: User) -> None:
    if is_erased(person):
        raise OrganisationError("Data orang ini sudah disamarkan. Tambahkan sebagai orang baru bila ia bertugas lagi.")


def close_person(*, person: User, by: User, reason: str = "") -> User:
    """Close a person: the running and coming postings end at once, every session and link too; the history stays.

    Raises:
        AlreadyDone: the person is closed already.
        OrganisationError: nobody closes himself.
    """
    posting = require_reach(by, person)
    if person.pk == by.pk:
        raise OrganisationError("Akun sendiri tidak dapat ditutup. Minta admin lain.")
    now = timezone.now()
    with transaction.atomic():
        row = User.objects.filter(pk=person.pk, closed_at__isnull=True)
        if not row.update(closed_at=now, session_epoch=F("session_epoch") + 1):
            raise AlreadyDone("Akun ini sudah ditutup.")
        for office in person.postings.select_related("unit"):
            cut_short(office)
        AccessLink.objects.filter(user=person).usable(now).update(expires_at=now)
        record("person.closed", by=by, posting=posting, about=person, unit=posting.unit, reason=reason)
    person.refresh_from_db()
    return person


def reopen_person(*, person: User, by: User) -> User:
    """Open a closed person again; postings are given anew."""
    posting = require_reach(by, person)
    _require_known(person)
    with transaction.atomic():
        if not User.objects.filter(pk=person.pk, closed_at__isnull=False).update(closed_at=None):
            raise AlreadyDone("Akun ini tidak sedang ditutup.")
        record("person.reopened", by=by, posting=posting, about=person, unit=posting.unit)
    person.refresh_from_db()
    return person


def end_sessions(*, person: User, by: User) -> None:
    """Sign the person out everywhere, on every device; himself, or by an admin who reaches him.

    Raises:
        NotYourUnit: the person is outside the admin's reach.
    """
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
        if by.pk == person.pk:
            record_own("person.signed-out-everywhere", person)
        else:
            posting = require_reach(by, person)
            record("person.signed-out-everywhere", by=by, posting=posting, about=person, unit=posting.unit)
    person.refresh_from_db(fields=["session_epoch"])


def require_own_password(*, person: User, by: User) -> None:
    """Ask the person for a new password of his own before anything else (somebody may know the present one).

    Raises:
        NotYourUnit: the person is outside the admin's reach.
        OrganisationError: there is no password yet; a one-time link is the way.
    """
    posting = require_reach(by, person)
    if not person.has_usable_password():
        raise OrganisationError("Orang ini belum membuat kata sandi. Buat tautan sekali pakai.")
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(must_change_password=True)
        record("password.required", by=by, posting=posting, about=person, unit=posting.unit)
    person.refresh_from_db(fields=["must_change_password"])


def clean_facts(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a person's facts as they are stored; asks no database.

    Raises:
        OrganisationError: user name, NRP or name is malformed.
    """
    username = str(fields.get("username") or "").strip().lower()
    nrp = re.sub(r"[\s.]", "", str(fields.get("nrp") or "")) or None
    name = re.sub(r"\s+", " ", str(fields.get("name") or "")).strip()
    if not USERNAME.fullmatch(username):
        raise OrganisationError(
            "Nama pengguna terdiri dari 2 sampai 60 huruf kecil, angka, titik, garis atau garis bawah."
        )
    if nrp is not None and not (nrp.isascii() and nrp.isdigit() and 8 <= len(nrp) <= 18):
        raise OrganisationError("NRP/NIP terdiri dari 8 sampai 18 angka.")
    if not name or "\0" in name:
        raise OrganisationError("Nama wajib diisi.")
    rank, email = str(fields.get("rank") or "").strip(), str(fields.get("email") or "").strip()
    return {"username": username, "nrp": nrp, "name": name[:120], "rank": rank[:40], "email": email[:254]}


def _clean(fields: dict[str, Any], *, itself: User | None = None) -> dict[str, Any]:
    values = clean_facts(fields)
    username, nrp = values["username"], values["nrp"]
    others = User.objects.exclude(pk=itself.pk) if itself is not None else User.objects.all()
    if others.filter(Q(username__iexact=username) | Q(nrp=username)).exists():
        raise OrganisationError(f"Nama pengguna {username} sudah dipakai. Pilih yang lain.")
    if nrp and others.filter(Q(nrp=nrp) | Q(username=nrp)).exists():
        raise OrganisationError(f"NRP/NIP {nrp} sudah dipakai orang lain. Periksa lagi.")
    return values
