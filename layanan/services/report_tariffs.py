"""What reports are compared with: the official tariffs of the place and day."""

from __future__ import annotations

import datetime

from layanan.models.tariffs import Tariff
from layanan.services.report_flags import Official
from wbbm.organisasi.models import Unit


def official_tariffs(unit: Unit, day: datetime.date) -> tuple[Official, ...]:
    """Return the tariffs that hold at the unit on the day (one query)."""
    rows = {}
    for row in Tariff.objects.holding_at(unit, day):
        # Of one key the last one that has begun decides.
        if row.valid_from is None or row.valid_from <= day:
            rows[row.key] = Official(row.name, row.amount, row.words)
    return tuple(rows.values())
