"""Working days of a unit: neither Saturday nor Sunday, nor a day off there or above.

Days off are read once for everything that is counted (`read_calendar`); counting itself asks no database.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from .models import Holiday, HolidayYear, Unit

_DAY = datetime.timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True)
class WorkCalendar:
    """Days off by the path of the unit where they hold; the empty path holds everywhere."""

    days_off: dict[str, frozenset[datetime.date]]

    def is_working_day(self, unit: Unit, day: datetime.date) -> bool:
        """Tell whether people work at the unit on the day."""
        if day.weekday() >= _SATURDAY:
            return False
        return not any(day in days for path, days in self.days_off.items() if unit.is_within(path))

    def add(self, unit: Unit, day: datetime.date, count: int) -> datetime.date:
        """Return the day that lies `count` working days after the day, which itself never counts."""
        if count < 0:
            raise ValueError("working days are counted forward")
        while count:
            day += _DAY
            count -= self.is_working_day(unit, day)
        return day

    def between(self, unit: Unit, first: datetime.date, last: datetime.date) -> int:
        """Count the working days after `first`, up to and with `last`; none when `last` is not later."""
        days = range(1, max(0, (last - first).days) + 1)
        return sum(self.is_working_day(unit, first + _DAY * number) for number in days)


def read_calendar(units: Iterable[Unit]) -> WorkCalendar:
    """Read the days off that hold at the units (one query)."""
    paths = {path for unit in units for path in (*unit.ancestor_paths, unit.path)}
    found: dict[str, set[datetime.date]] = {}
    rows = Holiday.objects.in_force().filter(Q(unit__isnull=True) | Q(unit__path__in=sorted(paths)))
    for path, day in rows.order_by().values_list("unit__path", "day"):
        found.setdefault(path or "", set()).add(day)
    return WorkCalendar({path: frozenset(days) for path, days in found.items()})


@dataclass(frozen=True)
class Due:
    """A day by which something must be done; an estimate while a year that it touches has no confirmed list."""

    day: datetime.date
    is_estimate: bool


@dataclass(frozen=True)
class DueCalendar:
    """Days off, and the years whose list an admin called complete, by the path of the unit where they hold."""

    days: WorkCalendar
    confirmed: dict[str, frozenset[int]]

    def due(self, unit: Unit, day: datetime.date, count: int) -> Due:
        """Return the day that lies `count` working days after the day.

        Days off that are still to be recorded can only move it later: an estimate is never too late.
        """
        last = self.days.add(unit, day, count)
        years = set(range(day.year, last.year + 1))
        for path, known in self.confirmed.items():
            years -= known if unit.is_within(path) else set()
        return Due(last, is_estimate=bool(years))


def read_due_calendar(units: Iterable[Unit]) -> DueCalendar:
    """Read days off and confirmed years that hold at the units (two queries)."""
    places = list(units)
    paths = {path for unit in places for path in (*unit.ancestor_paths, unit.path)}
    found: dict[str, set[int]] = {}
    rows = HolidayYear.objects.filter(unit__path__in=sorted(paths)).order_by()
    for path, year in rows.values_list("unit__path", "year"):
        found.setdefault(path, set()).add(year)
    return DueCalendar(read_calendar(places), {path: frozenset(years) for path, years in found.items()})


def add_working_days(unit: Unit, day: datetime.date, count: int) -> datetime.date:
    """Return the day that lies `count` working days of the unit after the day (one query)."""
    return read_calendar([unit]).add(unit, day, count)


def working_days_between(unit: Unit, a: datetime.date, b: datetime.date) -> int:
    """Count the unit's working days after `a`, up to and with `b` (one query)."""
    return read_calendar([unit]).between(unit, a, b)
