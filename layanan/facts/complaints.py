"""How a unit handled complaints: only what one of its integrity officers released."""

from __future__ import annotations

from dataclasses import dataclass

from layanan.models import ComplaintFigure
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class ComplaintFacts:
    """How a unit handled complaints in a year, as one of its integrity officers released it."""

    year: int
    received: int
    settled: int
    in_time: int


def complaint_facts(unit: Unit, year: int) -> ComplaintFacts | None:
    """Return the released figures of a year; nothing before an officer releases them (one query)."""
    row = ComplaintFigure.objects.filter(unit=unit, year=year).first()
    return ComplaintFacts(year, row.received, row.settled, row.in_time) if row is not None else None
