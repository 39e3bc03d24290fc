"""SIMBA in the demo district: sessions to come and a year of past ones. Nobody in it is a person: "Peserta 1"."""

from __future__ import annotations

import datetime
import itertools
import zoneinfo
from dataclasses import dataclass

from django.utils import timezone

from layanan.demo.place import Place
from layanan.models import (
    ExamResult,
    Outcome,
    PracticeSession,
    Registration,
    RegistrationStatus,
    SessionStatus,
)
from wbbm.organisasi.models import Unit, User

_DAY = datetime.timedelta(days=1)
_NOTE = "Bawa KTP, helm, dan kendaraan sendiri. Contoh saja: sesuaikan dengan keadaan di tempat."
PARK = "Taman Lalu Lintas Tuban"


@dataclass(frozen=True)
class _Coming:
    """A session to come: where, in how many days, at which hour, for what, how many come and wait."""

    unit: str
    place: str
    days: int
    hour: int
    licences: tuple[str, ...]
    capacity: int
    taken: int
    waiting: int = 0
    status: str = SessionStatus.OPEN


_COMING = (
    _Coming("Senori", "Halaman Polsek Senori", 3, 8, ("c",), 12, 6),
    _Coming("", PARK, 4, 7, ("a", "c"), 10, 10, 3),
    _Coming("Grabagan", "Lapangan Desa Grabagan", 6, 8, ("c",), 15, 4),
    _Coming("Palang", "Halaman Polsek Palang", 9, 8, ("c", "c1"), 12, 11),
    _Coming("Kerek", "Lapangan Desa Margomulyo", 5, 8, ("c",), 12, 2, status=SessionStatus.CANCELLED),
    _Coming("Soko", "Halaman Polsek Soko", 11, 14, ("c", "d"), 8, 5, status=SessionStatus.CLOSED),
    _Coming("Jenu", "Lapangan Desa Beji", 16, 8, ("c",), 20, 0),
)
# Where practice was held in the past months, in turn.
_HELD_AT = ("Senori", "", "Palang", "Jenu", "Rengel", "Grabagan")


def add_simba(place: Place) -> None:
    """Make the sessions, in bulk."""
    numbers = itertools.count(1)
    sessions: list[PracticeSession] = []
    people: list[Registration] = []
    for row in _COMING:
        session = _session(place, row.unit, row.place, place.today + row.days * _DAY, row.hour)
        session.licences, session.capacity, session.status = list(row.licences), row.capacity, row.status
        session.taken, session.waiting = row.taken, row.waiting
        if session.is_cancelled:
            session.cancel_reason = "Lapangan dipakai kegiatan desa (contoh)."
        sessions.append(session)
        people += [
            _person(session, next(numbers), turn, RegistrationStatus.CONFIRMED) for turn in range(1, row.taken + 1)
        ]
        people += [_person(session, next(numbers), 0, RegistrationStatus.WAITING) for _ in range(row.waiting)]
    for number in range(1, 37):
        # Every ten days back over a year.
        sessions.append(_held(place, number, numbers, people))
    PracticeSession.objects.bulk_create(sessions)
    Registration.objects.bulk_create(people)


def _session(place: Place, name: str, where: str, day: datetime.date, hour: int) -> PracticeSession:
    unit: Unit = place.stations[name] if name else place.polres
    head: User = place.people[f"kapolsek.{name.lower()}" if name else "bagren"]
    zone = zoneinfo.ZoneInfo(unit.time_zone)
    starts_at = datetime.datetime.combine(day, datetime.time(hour), tzinfo=zone)
    guide = f"Bhabinkamtibmas Polsek {name}" if name else "Kanit Kamsel Satlantas"
    return PracticeSession(
        unit=unit, place=where, latitude=unit.latitude, longitude=unit.longitude, day=day, starts_at=starts_at,
        ends_at=starts_at + datetime.timedelta(hours=2), licences=["c"], capacity=12, guide_title=guide, note=_NOTE,
        created_by=head,
    )  # fmt: skip


def _held(place: Place, number: int, numbers: itertools.count[int], people: list[Registration]) -> PracticeSession:
    """Make a session that was held; of those within the set time the people are still known."""
    name = _HELD_AT[number % len(_HELD_AT)]
    where = f"Halaman Polsek {name}" if name else PARK
    days = number * 10 - 6
    session = _session(place, name, where, place.today - days * _DAY, 8)
    session.taken = 8 + number % 5
    session.attended = session.taken - 1 - number % 2
    session.passed = session.attended - 1 - number % 3
    session.exam_passed = max(0, session.passed - 1 - number % 2) if days > 14 else 0
    if days >= 85:
        session.emptied_at = timezone.now()
        return session
    for turn in range(1, session.taken + 1):
        status = RegistrationStatus.ATTENDED if turn <= session.attended else RegistrationStatus.ABSENT
        person = _person(session, next(numbers), turn, status)
        if status == RegistrationStatus.ATTENDED:
            person.outcome = Outcome.PASSED if turn <= session.passed else Outcome.AGAIN
            person.exam_result = ExamResult.YES if turn <= session.exam_passed else ExamResult.UNKNOWN
        people.append(person)
    return session


def _person(session: PracticeSession, number: int, turn: int, status: str) -> Registration:
    licences = session.licences
    return Registration(
        session=session, name=f"Peserta {number}", phone=f"+62800000{number:04d}", status=status,
        licence=licences[number % len(licences)], place_number=turn or None,
    )  # fmt: skip
