"""Moments as people read them: in the unit's zone, with its name."""

from __future__ import annotations

import datetime
import zoneinfo

from django.utils import dateformat

from wbbm.organisasi.models import TimeZone, Unit


def moment_words(moment: datetime.datetime, zone: str) -> str:
    """Write a moment with its day: 17 September 2026, 10.15 WIB."""
    local = moment.astimezone(zoneinfo.ZoneInfo(zone))
    return f"{dateformat.format(local, 'j F Y, H.i')} {TimeZone(zone).label}"


def long_moment(moment: datetime.datetime | None, unit: Unit) -> str:
    """Write a moment with its day in the unit's zone; nothing for None."""
    return moment_words(moment, unit.time_zone) if moment is not None else ""


def short_moment(moment: datetime.datetime | None, unit: Unit, now: datetime.datetime) -> str:
    """Write the time of today, else the day: "10.32", "17 September"; nothing for None."""
    if moment is None:
        return ""
    zone = zoneinfo.ZoneInfo(unit.time_zone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H.%M}"
    return dateformat.format(local, "j F" if local.year == today.year else "j F Y")
