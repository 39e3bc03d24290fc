"""When something takes place, in words: in the unit's zone, with its name."""

from __future__ import annotations

import datetime
import zoneinfo

from django.utils import dateformat

from wbbm.organisasi.models import TimeZone


def span_words(starts_at: datetime.datetime, ends_at: datetime.datetime, zone: str) -> tuple[str, str]:
    """Return the day and the hours: ("Sabtu, 19 September 2026", "08.00 sampai 10.00 WIB")."""
    local = [moment.astimezone(zoneinfo.ZoneInfo(zone)) for moment in (starts_at, ends_at)]
    hours = " sampai ".join(f"{moment:%H.%M}" for moment in local)
    return dateformat.format(local[0], "l, j F Y"), f"{hours} {TimeZone(zone).label}"


def month_words(month: datetime.date) -> str:
    """Write a month: September 2026."""
    return dateformat.format(month, "F Y")


def months_back(today: datetime.date, count: int) -> tuple[datetime.date, ...]:
    """Return the first days of the last months, the running one last."""
    number = today.year * 12 + today.month - 1
    return tuple(datetime.date(each // 12, each % 12 + 1, 1) for each in range(number - count + 1, number + 1))


def quarter_words(first: datetime.date) -> str:
    """Write a quarter by its first month: "Januari sampai Maret 2026"."""
    last = datetime.date(first.year, first.month + 2, 1)
    return f"{dateformat.format(first, 'F')} sampai {month_words(last)}"


def closed_quarters(today: datetime.date, count: int) -> tuple[datetime.date, ...]:
    """Return the first days of the last quarters that are over, the latest first."""
    number = today.year * 4 + (today.month - 1) // 3
    return tuple(datetime.date(each // 4, each % 4 * 3 + 1, 1) for each in range(number - 1, number - 1 - count, -1))
