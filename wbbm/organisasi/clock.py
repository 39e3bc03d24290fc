"""Moments as people at a unit read them."""

from __future__ import annotations

import datetime
import zoneinfo

from django.utils import dateformat, timezone

from .models import TimeZone, Unit

_DEFAULT = TimeZone.WIB


def moment_text(at: datetime.datetime, unit: Unit | None = None, *, form: str = "j F Y, H.i") -> str:
    """Write a moment in the unit's zone, with the zone's short name."""
    zone = TimeZone(unit.time_zone) if unit is not None else _DEFAULT
    return f"{dateformat.format(timezone.localtime(at, zoneinfo.ZoneInfo(zone.value)), form)} {zone.label}"
