"""SIMBA's registrations: a resident takes a place or waits, looks it up, cancels; the officer notes who came.

The code on the receipt is made from the form that was sent, so that the same form sent twice is one registration with
one code. Only its hash is kept.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from layanan.access import posting_to_operate
from layanan.models import (
    PLACED,
    ExamResult,
    Outcome,
    PracticeSession,
    Registration,
    RegistrationStatus,
    SessionStatus,
)
from layanan.services.simba import free_numbers, hold, settle
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.access import people_at
from wbbm.organisasi.models import Role, User
from wbbm.organisasi.services.audit import record

# 20 of 32 signs are 100 bits. Without I, L, O and U, so that what is read aloud or typed is not mistaken.
CODE_LENGTH = 20
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET)
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0"})
_FORM_SALT = "layanan.simba.form"
FORM_AGE = datetime.timedelta(hours=12)
MOST_WAITING = 60
# From so long before the start on an officer may note who came.
MARK_BEFORE = datetime.timedelta(hours=2)
_TRIES = 5


class AlreadyRegistered(DomainError):
    """The same name and number are registered already: told only to who knows both."""

    status = 409
    code = "registered"


@dataclass(frozen=True)
class Applicant:
    """Who registers, as the form read it: the phone in the form +62…."""

    name: str
    phone: str
    licence: str


def new_form_key() -> str:
    """Return what a fresh form carries: a random number, signed."""
    return signing.dumps(secrets.token_hex(16), salt=_FORM_SALT)


def code_of_form(key: str) -> str | None:
    """Return the code that the form's registration gets; None for a key that is not ours or too old."""
    try:
        number = signing.loads(key, salt=_FORM_SALT, max_age=FORM_AGE)
    except signing.BadSignature:
        return None
    digest = hmac.new(settings.REPORT_KEY.encode(), f"simba:{number}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().translate(_BASE32)[:CODE_LENGTH]


def grouped(code: str) -> str:
    """Write a code in groups of five, as people read and type it."""
    return "-".join(code[place : place + 5] for place in range(0, len(code), 5))


def code_hash(typed: str) -> str:
    """Return the hash of a code as it was typed; nonsense has one too."""
    bare = re.sub(r"[\s\-–.]", "", typed)[:80].upper().translate(_MISREAD)
    return hashlib.sha256(bare.encode()).hexdigest()


def find_registration(typed: str) -> Registration | None:
    """Return the registration of a code (one query, whatever was typed)."""
    rows = Registration.objects.select_related("session__unit")
    return rows.filter(code_hash=code_hash(typed)).first()


def place_in_queue(registration: Registration) -> int:
    """Return how far from a place somebody is who waits (one query)."""
    return registration.session.registrations.queued().filter(pk__lte=registration.pk).count()


def register(*, session: PracticeSession, applicant: Applicant, code: str) -> Registration:
    """Take a place for somebody, or let him wait for one. The same code again is the same registration.

    Raises:
        AlreadyRegistered: this name with this number holds a place or waits.
        InvalidTransition: the session takes nobody now.
        DomainError: the waiting list is full.
    """
    known = _known(session, code)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            # The write comes first: of many at once for the last place one gets it, and each waits for the one before.
            has_place = _claim(session)
            return _add(session, applicant, code, has_place=has_place)
    except _SentTwice:
        again = _known(session, code)
        assert again is not None  # seen a moment ago; registrations are never deleted
        return again


class _SentTwice(Exception):
    """The same form has been registered meanwhile: what was claimed for it is given back."""


def _known(session: PracticeSession, code: str) -> Registration | None:
    return Registration.objects.filter(session=session, code_hash=code_hash(code)).first()


def _claim(session: PracticeSession) -> bool:
    """Take a place, or a turn on the waiting list; return whether it is a place."""
    for _ in range(_TRIES):
        if claim_place(session):
            return True
        if _claim_turn(session):
            return False
        fresh = PracticeSession.objects.get(pk=session.pk)
        if not fresh.takes_people(timezone.now()):
            raise InvalidTransition("Pendaftaran untuk jadwal ini sudah ditutup. Pilih jadwal lain.")
        if not fresh.places_left and fresh.waiting >= MOST_WAITING:
            raise DomainError("Tempat dan daftar tunggu jadwal ini sudah penuh. Pilih jadwal lain.")
    raise DomainError("Banyak yang mendaftar bersamaan. Kirim sekali lagi.")


def claim_place(session: PracticeSession) -> bool:
    """Take one place by one conditional UPDATE; the condition alone decides who of many gets the last one."""
    row = PracticeSession.objects.filter(pk=session.pk, status=SessionStatus.OPEN, starts_at__gt=timezone.now())
    return bool(row.filter(taken__lt=F("capacity")).update(taken=F("taken") + 1))


def _claim_turn(session: PracticeSession) -> bool:
    row = PracticeSession.objects.filter(pk=session.pk, status=SessionStatus.OPEN, starts_at__gt=timezone.now())
    full = row.filter(taken__gte=F("capacity"), waiting__lt=MOST_WAITING)
    return bool(full.update(waiting=F("waiting") + 1))


def _add(session: PracticeSession, applicant: Applicant, code: str, *, has_place: bool) -> Registration:
    """Write the row. The session's row is ours: what is read here stays true."""
    if _known(session, code) is not None:
        raise _SentTwice
    mark = _person_mark(session, applicant)
    if Registration.objects.filter(session=session, person_mark=mark).exists():
        raise AlreadyRegistered(
            "Anda sudah terdaftar untuk jadwal ini dengan nama dan nomor itu. Buka pendaftaran Anda dengan kode di "
            f"bukti pendaftaran. Bila kodenya hilang, hubungi {session.unit}."
        )
    # The session may have been changed since the caller read it.
    session.refresh_from_db()
    if applicant.licence not in session.licences:
        raise DomainError("Latihan ini bukan untuk golongan SIM itu. Pilih golongan lain, atau jadwal lain.")
    registration = Registration.objects.create(
        session=session, name=applicant.name, phone=applicant.phone, licence=applicant.licence,
        code_hash=code_hash(code), person_mark=mark, place_number=free_numbers(session)[0] if has_place else None,
        status=RegistrationStatus.CONFIRMED if has_place else RegistrationStatus.WAITING,
    )  # fmt: skip
    _tell_trail("simba.registered", registration, [None, registration.status])
    return registration


def _person_mark(session: PracticeSession, applicant: Applicant) -> str:
    name = " ".join(applicant.name.casefold().split())
    return salted_hmac("layanan.simba", f"{session.pk}:{applicant.phone}:{name}", algorithm="sha256").hexdigest()


def cancel_registration(*, registration: Registration, by: User | None = None) -> Registration:
    """Give a place or a turn up; the first who waits moves up. Name and phone go at once; a repeat does nothing.

    Args:
        by: the operator who does it for somebody; None for the resident himself, by his code.

    Raises:
        NotAllowed: the person is not the unit's operator.
        InvalidTransition: the session has begun (for the operator: is over), or it was noted who came.
    """
    session, now = registration.session, timezone.now()
    if by is not None and posting_to_operate(by, session.unit) is None:
        raise NotAllowed("Pendaftaran diurus oleh operator satuan ini.")
    with transaction.atomic():
        hold(session)
        registration.refresh_from_db()
        if registration.is_cancelled:
            return registration
        old = registration.status
        is_late = now >= (session.starts_at if by is None else session.ends_at)
        if is_late or old not in (RegistrationStatus.CONFIRMED, RegistrationStatus.WAITING):
            raise InvalidTransition("Latihan ini sudah dimulai, jadi pendaftarannya tidak dapat dibatalkan lagi.")
        Registration.objects.filter(pk=registration.pk, status=old).update(
            status=RegistrationStatus.CANCELLED, place_number=None, name="", phone="", person_mark=None
        )
        moved = settle(session, now)
        _tell_trail("simba.withdrawn", registration, [old, RegistrationStatus.CANCELLED], by=by)
        if by is None:
            # The officer who does it himself sees it; of what a resident does he would not know.
            _tell_of_moved(session, moved)
    registration.refresh_from_db()
    return registration


def _tell_of_moved(session: PracticeSession, moved: list[Registration]) -> None:
    """Tell the unit's operators that somebody has a place now and waits to be told; nobody is named."""
    for registration in moved:
        tell(
            people_at(session.unit, Role.OPERATOR),
            kind=NoticeKind.SERVICE,
            text=f"{session}: seorang peserta naik dari daftar tunggu dan mendapat tempat. Beri tahu orangnya.",
            url=reverse("layanan:simba-people", args=[session.pk]),
            unit=session.unit,
            key=f"simba-moved-{registration.pk}",
        )


# What the officer notes with one tap: the state it leads to, what else it sets, and whether only of who came.
_MARKS: dict[str, tuple[dict[str, str], bool]] = {
    "attended": ({"status": RegistrationStatus.ATTENDED}, False),
    "absent": ({"status": RegistrationStatus.ABSENT, "outcome": "", "exam_result": ""}, False),
    "undo": ({"status": RegistrationStatus.CONFIRMED, "outcome": "", "exam_result": ""}, False),
    "passed": ({"outcome": Outcome.PASSED}, True),
    "again": ({"outcome": Outcome.AGAIN}, True),
    "exam-yes": ({"exam_result": ExamResult.YES}, True),
    "exam-no": ({"exam_result": ExamResult.NO}, True),
    "exam-unknown": ({"exam_result": ExamResult.UNKNOWN}, True),
}
MARKS = tuple(_MARKS)


def mark_registration(*, registration: Registration, mark: str, by: User) -> Registration:
    """Note who came, what came of the practice, or of the official test; the same tap twice changes nothing.

    Raises:
        NotAllowed: the person is not the unit's operator.
        DomainError: no such note.
        InvalidTransition: too early, the session is cancelled, no place is held, or the names are deleted.
    """
    session, now = registration.session, timezone.now()
    if posting_to_operate(by, session.unit) is None:
        raise NotAllowed("Kehadiran dicatat oleh operator satuan ini.")
    if mark not in _MARKS:
        raise DomainError("Pilih salah satu tombol pada baris peserta.")
    fields, only_who_came = _MARKS[mark]
    with transaction.atomic():
        hold(session)
        registration.refresh_from_db()
        _check_markable(session, registration, now, only_who_came=only_who_came)
        if any(getattr(registration, name) != value for name, value in fields.items()):
            name, value = next(iter(fields.items()))
            change = [getattr(registration, name), value]
            Registration.objects.filter(pk=registration.pk).update(**fields)
            settle(session, now)
            _tell_trail("simba.marked", registration, change, by=by, field=name)
    registration.refresh_from_db()
    return registration


def _check_markable(
    session: PracticeSession, registration: Registration, now: datetime.datetime, *, only_who_came: bool
) -> None:
    if session.is_cancelled or now < session.starts_at - MARK_BEFORE:
        raise InvalidTransition("Kehadiran dicatat mulai dua jam sebelum latihan, selama jadwal tidak dibatalkan.")
    if session.emptied_at is not None:
        raise InvalidTransition("Data peserta jadwal ini sudah dihapus; angkanya tidak berubah lagi.")
    if registration.status not in PLACED:
        raise InvalidTransition("Peserta ini tidak memegang tempat. Muat ulang halaman ini.")
    if only_who_came and not registration.has_attended:
        raise InvalidTransition("Catat dulu bahwa peserta ini hadir.")


def _tell_trail(
    action: str,
    registration: Registration,
    change: list[str | None],
    *,
    by: User | None = None,
    field: str = "status",
) -> None:
    """Record an act: on which row, never about whom."""
    unit = registration.session.unit
    posting = posting_to_operate(by, unit) if by is not None else None
    values = [value if value is None else str(value) for value in change]
    record(action, by=by, posting=posting, about=registration, unit=unit, changes={field: values})
