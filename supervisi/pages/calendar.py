"""The visits of a month, day by day."""

from __future__ import annotations

import calendar
import datetime
from collections import Counter
from dataclasses import dataclass

from supervisi.models import Visit, VisitMember
from wbbm.organisasi.access import zone_day
from wbbm.organisasi.models import Holiday, TimeZone, User
from wbbm.organisasi.shell import main_posting

_MOST = 400
_MOST_A_DAY = 4
_SATURDAY = 5
_FIRST_YEAR, _LAST_YEAR = 2015, 2100


@dataclass(frozen=True)
class Entry:
    """A visit on one of its days."""

    visit: Visit
    is_mine: bool
    # Somebody of its team is in another visit on that day.
    is_clashing: bool


@dataclass(frozen=True)
class Day:
    """One day of the month."""

    day: datetime.date
    is_today: bool
    # Why people don't work; empty on a working day.
    off: str
    entries: tuple[Entry, ...]

    @property
    def first_entries(self) -> tuple[Entry, ...]:
        """What a cell of the table has room for."""
        return self.entries[:_MOST_A_DAY]

    @property
    def more(self) -> int:
        """How many a cell leaves out."""
        return max(0, len(self.entries) - _MOST_A_DAY)


@dataclass(frozen=True)
class Month:
    """A month as the page shows it."""

    first: datetime.date
    # Days in the months before and after.
    before: datetime.date
    after: datetime.date
    # Seven cells a week from Monday on; None outside of the month.
    weeks: tuple[tuple[Day | None, ...], ...]
    days: tuple[Day, ...]
    visits: int
    is_cut: bool
    today: datetime.date


def viewers_day(viewer: User, now: datetime.datetime) -> datetime.date:
    """Return the day that it is where the person is posted."""
    posting = main_posting(viewer.scope.postings)
    return zone_day(posting.unit.time_zone if posting is not None else TimeZone.WIB, now)


def month_asked(text: str, today: datetime.date) -> datetime.date:
    """Return the first day of the month that an address asks for (2026-11); this month for anything else."""
    year, _, month = text.partition("-")
    if year.isascii() and year.isdigit() and month.isascii() and month.isdigit() and len(text) <= 7:
        number = (int(year), int(month))
        if _FIRST_YEAR <= number[0] <= _LAST_YEAR and 1 <= number[1] <= 12:
            return datetime.date(*number, 1)
    return today.replace(day=1)


def read_month(viewer: User, *, first: datetime.date, today: datetime.date, search: str = "") -> Month:
    """Read the visits in sight of a month, in a fixed number of queries (three)."""
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    rows = Visit.objects.visible_to(viewer).not_cancelled().on_days(first, last).below_named(search)
    visits = list(rows.select_related("unit").order_by("starts_on", "unit__path", "pk")[: _MOST + 1])
    is_cut, visits = len(visits) > _MOST, visits[:_MOST]
    by_day = _by_day(viewer, visits, first, last)
    off = _days_off(viewer, first, last)
    days = tuple(
        Day(day, day == today, off.get(day, ""), tuple(by_day.get(day, ())))
        for day in (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))
    )
    cells: list[Day | None] = [None] * first.weekday() + list(days)
    cells += [None] * (-len(cells) % 7)
    return Month(
        first=first,
        before=first - datetime.timedelta(days=1),
        after=last + datetime.timedelta(days=1),
        weeks=tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7)),
        days=days,
        visits=len(visits),
        is_cut=is_cut,
        today=today,
    )


def _by_day(
    viewer: User, visits: list[Visit], first: datetime.date, last: datetime.date
) -> dict[datetime.date, list[Entry]]:
    """Lay the visits on their days, and mark where a person is in two of them."""
    teams: dict[int, set[int]] = {}
    members = VisitMember.objects.filter(visit__in=[visit.pk for visit in visits], left_at__isnull=True)
    for visit_id, person in members.order_by().values_list("visit_id", "user_id"):
        teams.setdefault(visit_id, set()).add(person)
    on: dict[datetime.date, list[Visit]] = {}
    for visit in visits:
        for day in visit.days:
            if first <= day <= last:
                on.setdefault(day, []).append(visit)
    found = {}
    for day, there in on.items():
        busy = Counter(person for visit in there if visit.is_open for person in teams.get(visit.pk, ()))
        found[day] = [
            Entry(
                visit=visit,
                is_mine=viewer.pk in teams.get(visit.pk, ()),
                is_clashing=visit.is_open and any(busy[person] > 1 for person in teams.get(visit.pk, ())),
            )
            for visit in there
        ]
    return found


def _days_off(viewer: User, first: datetime.date, last: datetime.date) -> dict[datetime.date, str]:
    """Return why people don't work where the viewer is posted: the day off's name, else the end of the week."""
    posting = main_posting(viewer.scope.postings)
    names: dict[datetime.date, str] = {}
    if posting is not None:
        rows = Holiday.objects.in_force().holding_at(posting.unit).filter(day__range=(first, last))
        names = dict(rows.order_by().values_list("day", "name"))
    for number in range((last - first).days + 1):
        day = first + datetime.timedelta(days=number)
        if day.weekday() >= _SATURDAY:
            names.setdefault(day, "Akhir pekan")
    return names
