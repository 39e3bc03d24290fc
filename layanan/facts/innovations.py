"""What a unit's innovations did, SIMBA's counters among them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Sum

from layanan.models import Innovation, InnovationFigure, InnovationStatus
from layanan.pages.innovations import simba_months
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class PracticeFacts:
    """SIMBA in a year, at a unit and below it: sessions that were held, and their counters."""

    sessions: int
    registered: int
    attended: int
    passed: int
    exam_passed: int


def practice_facts(unit: Unit, year: int) -> PracticeFacts:
    """Add SIMBA's counters of a year up (one query); names are no part of them."""
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    rows = [row for row in simba_months(unit, first) if row["month"] <= last]
    return PracticeFacts(
        sessions=sum(row["sessions"] for row in rows),
        registered=sum(row["taken"] for row in rows),
        attended=sum(row["attended"] for row in rows),
        passed=sum(row["passed"] for row in rows),
        exam_passed=sum(row["exam_passed"] for row in rows),
    )


@dataclass(frozen=True)
class InnovationFacts:
    """The published innovations of a unit, and how many residents they helped in a year."""

    running: tuple[str, ...]
    ended: tuple[str, ...]
    # Services (codes of their standards) that running ones improve.
    services: tuple[str, ...]
    # Running ones that name the survey element which they are meant to raise.
    with_effect: int
    helped: int
    began: datetime.date | None


def innovation_facts(unit: Unit, year: int) -> InnovationFacts:
    """Read a unit's register for a year (three queries)."""
    rows = list(Innovation.objects.public().filter(unit=unit))
    running = [row for row in rows if row.is_running]
    noted = InnovationFigure.objects.current().filter(innovation__in=rows, month__year=year)
    helped = noted.order_by().aggregate(helped=Sum("helped"))["helped"] or 0
    if any(row.counts_itself for row in rows):
        helped += practice_facts(unit, year).attended
    return InnovationFacts(
        running=tuple(row.title for row in running),
        ended=tuple(row.title for row in rows if row.status == InnovationStatus.ENDED),
        services=tuple(sorted({code for row in running for code in row.services})),
        with_effect=sum(1 for row in running if row.effect_survey),
        helped=helped,
        began=min((row.since for row in running), default=None),
    )
