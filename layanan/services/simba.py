"""SIMBA's sessions: made, changed, closed, cancelled by the unit's operator.

Every write begins by writing the session's own row: whoever writes to the same session at once waits there, so that
what is read afterwards stays true until the end of the transaction.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from layanan.access import posting_to_operate
from layanan.models import (
    MOST_PLACES,
    PLACED,
    ExamResult,
    LicenceClass,
    Outcome,
    PracticeSession,
    Registration,
    RegistrationStatus,
    SessionStatus,
)
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.access import zone_day
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

_BY_OPERATOR = "Jadwal SIMBA diurus oleh operator satuan ini."
MOST_HOURS = 12
MOST_AHEAD = datetime.timedelta(days=366)


class SessionExists(DomainError):
    """The session is there already: the second click of a form."""

    status = 409

    def __init__(self, session: PracticeSession) -> None:
        super().__init__("Jadwal pada waktu dan tempat itu sudah ada.")
        self.session = session


class ChangedMeanwhile(InvalidTransition):
    """Somebody changed it since the person opened it: nothing is overwritten unseen."""

    code = "conflict"


@dataclass(frozen=True)
class Plan:
    """What is said of a session, checked by its form."""

    place: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    licences: tuple[str, ...]
    capacity: int
    guide_title: str
    note: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None


def make_session(*, unit: Unit, plan: Plan, by: User) -> PracticeSession:
    """Offer a session of practice.

    Raises:
        NotAllowed: the person is not the unit's operator.
        SessionExists: there is one at this time and place.
        DomainError: the plan can't be kept.
    """
    posting = _authorise(by, unit)
    _check(plan)
    try:
        with transaction.atomic():
            session = PracticeSession.objects.create(unit=unit, created_by=by, **_fields(plan, unit))
            record("simba.made", by=by, posting=posting, about=session, unit=unit)
    except IntegrityError:
        same = PracticeSession.objects.exclude(status=SessionStatus.CANCELLED)
        found = same.filter(unit=unit, starts_at=plan.starts_at, place=plan.place).first()
        if found is None:
            raise
        raise SessionExists(found) from None
    return session


def change_session(
    *, session: PracticeSession, plan: Plan, by: User, seen: datetime.datetime | None = None
) -> PracticeSession:
    """Change a session that is not over; places that are given stay given, and who waits moves up into new ones.

    Args:
        seen: when what the person saw had been changed last; None takes the session as it stands.

    Raises:
        NotAllowed: the person is not the unit's operator.
        ChangedMeanwhile: somebody changed it since.
        InvalidTransition: it is cancelled or over.
        DomainError: fewer places than are given; another session stands at this time and place.
    """
    posting = _authorise(by, session.unit)
    _check(plan)
    fields = _fields(plan, session.unit)
    before = {name: getattr(session, name) for name in fields}
    now = timezone.now()
    # The number of places given decides in the UPDATE itself: somebody may be registering meanwhile.
    row = PracticeSession.objects.exclude(status=SessionStatus.CANCELLED).filter(pk=session.pk, ends_at__gt=now)
    as_seen = row.filter(changed_at=seen) if seen is not None else row
    try:
        with transaction.atomic():
            if not as_seen.filter(taken__lte=plan.capacity).update(**fields, changed_at=now):
                raise _unchangeable(session, plan.capacity, seen)
            session.refresh_from_db()
            _pull_in(session)
            settle(session, now)
            changes = {name: [_plain(old), _plain(fields[name])] for name, old in before.items() if old != fields[name]}
            record("simba.changed", by=by, posting=posting, about=session, unit=session.unit, changes=changes)
    except IntegrityError as fault:
        raise DomainError("Jadwal pada waktu dan tempat itu sudah ada. Ubah waktu atau tempatnya.") from fault
    session.refresh_from_db()
    return session


def _unchangeable(session: PracticeSession, capacity: int, seen: datetime.datetime | None) -> DomainError:
    session.refresh_from_db()
    if session.is_cancelled or session.ends_at <= timezone.now():
        return InvalidTransition("Jadwal ini sudah selesai atau dibatalkan, jadi tidak dapat diubah lagi.")
    if seen is not None and session.changed_at != seen:
        return ChangedMeanwhile("Jadwal ini diubah orang lain sesudah Anda membukanya.")
    return DomainError(
        f"Sudah {session.taken} peserta mendapat tempat; tempat tidak dapat dikurangi menjadi {capacity}. "
        f"Isi paling sedikit {session.taken}."
    )


def set_open(*, session: PracticeSession, is_open: bool, by: User) -> PracticeSession:
    """Take registrations, or take no more; the second click changes nothing."""
    posting = _authorise(by, session.unit)
    old, new = SessionStatus.CLOSED, SessionStatus.OPEN
    if not is_open:
        old, new = new, old
    with transaction.atomic():
        row = PracticeSession.objects.filter(pk=session.pk, status=old, starts_at__gt=timezone.now())
        if row.update(status=new, changed_at=timezone.now()):
            changes = {"status": [str(old), str(new)]}
            record("simba.changed", by=by, posting=posting, about=session, unit=session.unit, changes=changes)
    session.refresh_from_db()
    if session.status != new:
        raise InvalidTransition("Jadwal ini sudah dimulai atau dibatalkan. Muat ulang halaman ini.")
    return session


def cancel_session(*, session: PracticeSession, reason: str, by: User) -> PracticeSession:
    """Give a session up, with a reason that the residents read; who registered stays listed, so that he is told.

    Raises:
        InvalidTransition: it is over; one that is cancelled already stays so, with its first reason.
    """
    posting = _authorise(by, session.unit)
    now = timezone.now()
    with transaction.atomic():
        row = PracticeSession.objects.exclude(status=SessionStatus.CANCELLED).filter(pk=session.pk, ends_at__gt=now)
        if row.update(status=SessionStatus.CANCELLED, cancel_reason=reason, changed_at=now):
            record("simba.cancelled", by=by, posting=posting, about=session, unit=session.unit, reason=reason)
    session.refresh_from_db()
    if not session.is_cancelled:
        raise InvalidTransition("Jadwal ini sudah selesai, jadi tidak dapat dibatalkan lagi.")
    return session


def hold(session: PracticeSession) -> None:
    """Write the session's row first: others who write to the session wait until this transaction is over."""
    PracticeSession.objects.filter(pk=session.pk).update(waiting=F("waiting"))
    session.refresh_from_db()


def settle(session: PracticeSession, now: datetime.datetime) -> list[Registration]:
    """Give free places to those who wait, the first first, and count again; return who moved up.

    The session's row is held by the caller's transaction.
    """
    rows = session.registrations
    moved: list[Registration] = []
    if not session.is_cancelled and now < session.starts_at:
        free = free_numbers(session)
        moved = list(rows.queued()[: len(free)])
        for registration in moved:
            rows.filter(pk=registration.pk).update(
                status=RegistrationStatus.CONFIRMED, place_number=free.pop(0), moved_up_at=now
            )
    attended = Q(status=RegistrationStatus.ATTENDED)
    counted = rows.aggregate(
        taken=Count("pk", filter=Q(status__in=PLACED)),
        waiting=Count("pk", filter=Q(status=RegistrationStatus.WAITING)),
        attended=Count("pk", filter=attended),
        passed=Count("pk", filter=attended & Q(outcome=Outcome.PASSED)),
        exam_passed=Count("pk", filter=attended & Q(exam_result=ExamResult.YES)),
    )
    PracticeSession.objects.filter(pk=session.pk).update(**counted)
    return moved


def free_numbers(session: PracticeSession) -> list[int]:
    """Return the numbers of the places that nobody holds, the lowest first."""
    held = set(session.registrations.placed().values_list("place_number", flat=True))
    return [number for number in range(1, session.capacity + 1) if number not in held]


def _pull_in(session: PracticeSession) -> None:
    """Give those whose number lies beyond the places that are left a lower one."""
    free = free_numbers(session)
    beyond = session.registrations.placed().filter(place_number__gt=session.capacity).order_by("place_number")
    for registration in list(beyond):
        session.registrations.filter(pk=registration.pk).update(place_number=free.pop(0))


def _authorise(by: User, unit: Unit) -> Posting:
    posting = posting_to_operate(by, unit)
    if posting is None:
        raise NotAllowed(_BY_OPERATOR)
    return posting


def _check(plan: Plan) -> None:
    length = plan.ends_at - plan.starts_at
    if not datetime.timedelta() < length <= datetime.timedelta(hours=MOST_HOURS):
        raise DomainError(f"Jam selesai harus sesudah jam mulai, paling lama {MOST_HOURS} jam.")
    if plan.starts_at <= timezone.now():
        raise DomainError("Waktu mulai sudah lewat. Pilih hari dan jam yang akan datang.")
    if plan.starts_at > timezone.now() + MOST_AHEAD:
        raise DomainError("Harinya terlalu jauh; paling jauh satu tahun ke depan. Periksa tahunnya.")
    if not 1 <= plan.capacity <= MOST_PLACES:
        raise DomainError(f"Jumlah tempat 1 sampai {MOST_PLACES}.")
    if not plan.licences or set(plan.licences) - set(LicenceClass.values):
        raise DomainError("Pilih paling sedikit satu golongan SIM.")


def _fields(plan: Plan, unit: Unit) -> dict[str, Any]:
    chosen = [code for code in LicenceClass.values if code in plan.licences]
    return asdict(plan) | {"licences": chosen, "day": zone_day(unit.time_zone, plan.starts_at)}


def _plain(value: Any) -> Any:
    """Return a value as the trail keeps it."""
    return value if isinstance(value, int | list) or value is None else str(value)
