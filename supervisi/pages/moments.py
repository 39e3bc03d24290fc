"""Moments and days as people read them, in the unit's own zone."""

from __future__ import annotations

import datetime
import zoneinfo

from django.utils import dateformat

from wbbm.organisasi.models import TimeZone, Unit


def long_moment(moment: datetime.datetime | None, unit: Unit) -> str:
    """Write a moment: "17 September 2026, 10.32 WIB"; nothing for None."""
    if moment is None:
        return ""
    local = moment.astimezone(zoneinfo.ZoneInfo(unit.time_zone))
    return f"{dateformat.format(local, 'j F Y, H.i')} {TimeZone(unit.time_zone).label}"


def short_moment(moment: datetime.datetime | None, unit: Unit, now: datetime.datetime) -> str:
    """Write the time of today, else the day: "10.32", "17 September"; nothing for None."""
    if moment is None:
        return ""
    zone = zoneinfo.ZoneInfo(unit.time_zone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H.%M}"
    return dateformat.format(local, "j F" if local.year == today.year else "j F Y")
