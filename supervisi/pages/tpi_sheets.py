"""The TPI sheets of one unit: those begun, and those that may be begun."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi.models import Checklist, Instrument, Layer, Period
from supervisi.services.instruments import versions_on
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class TpiSheet:
    """A sheet of an instrument and period; `checklist` is None while nobody has begun it."""

    instrument: Instrument
    period: Period
    checklist: Checklist | None


def read_tpi_sheets(unit: Unit) -> tuple[TpiSheet, ...]:
    """Read the sheets of the open periods and those of the past, the newest period first (three queries)."""
    periods = Period.objects.holding_for(unit).open().filter(first_day__lte=local_day(unit))
    versions = [row for row in Instrument.objects.defer("definition") if unit.kind in row.unit_kinds]
    begun = Checklist.objects.with_frame().filter(unit=unit, layer=Layer.TPI)
    lines = [TpiSheet(sheet.instrument, sheet.period, sheet) for sheet in begun]
    known = {(line.instrument.code, line.period.pk) for line in lines}
    for period in periods:
        for instrument in versions_on(versions, period.first_day):
            if period.kind == instrument.period_kind and (instrument.code, period.pk) not in known:
                lines.append(TpiSheet(instrument, period, None))
    return tuple(sorted(lines, key=lambda line: line.period.first_day, reverse=True))
