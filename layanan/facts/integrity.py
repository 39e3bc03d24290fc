"""Facts of integrity: gratuity reports, pledges, violations. Counts, never names."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone

from layanan.gratuity_clock import read_clocks
from layanan.models import Declaration, GratuityReport, ViolationCount
from layanan.models.gratuities import OWN_STATUSES, GratuityDecision, GratuityStatus
from layanan.pledge_coverage import FEWEST_PEOPLE, Coverage, coverage_within
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit


@dataclass(frozen=True)
class GratuityFacts:
    """Gratuity reports that the unit and those below handed to the UPG, by the year of receipt; no draft counts."""

    unit_id: int
    year: int
    handed_in: int
    refused: int
    forwarded: int
    states: int
    closed: int
    # Owed to the KPK and late, there already or not.
    late: int


def gratuity_facts(unit: Unit, year: int) -> GratuityFacts | None:
    """Count a year's gratuity reports (six queries); None where fewer than FEWEST_PEOPLE have a posting."""
    people = Posting.objects.running().filter(unit__path__startswith=unit.path).order_by()
    if people.aggregate(people=Count("user_id", distinct=True))["people"] < FEWEST_PEOPLE:
        return None
    rows = GratuityReport.objects.filter(unit__path__startswith=unit.path, received_on__year=year)
    reports = list(rows.exclude(status__in=OWN_STATUSES).select_related("unit"))
    clocks = read_clocks(reports, timezone.now())
    return GratuityFacts(
        unit_id=unit.pk,
        year=year,
        handed_in=len(reports),
        refused=sum(report.is_refused for report in reports),
        forwarded=sum(report.forwarded_on is not None for report in reports),
        states=sum(report.decision == GratuityDecision.STATE for report in reports),
        closed=sum(report.status == GratuityStatus.CLOSED for report in reports),
        late=sum(clocks[report.pk].is_late for report in reports),
    )


@dataclass(frozen=True)
class PledgeFacts:
    """Pledges of the unit and those below in a year, and the unit's latest declaration."""

    unit_id: int
    year: int
    coverage: Coverage
    declared_on: datetime.date | None


def pledge_facts(unit: Unit, year: int) -> PledgeFacts:
    """Count a year's pledges (three queries)."""
    declared = Declaration.objects.filter(unit=unit, day__year__lte=year).order_by("-day").values_list("day", flat=True)
    return PledgeFacts(unit.pk, year, coverage_within(unit, year, local_day(unit)), declared.first())


@dataclass(frozen=True)
class ViolationFacts:
    """Violations that are stated of a unit with everything below it; None where a year was not reported."""

    unit_id: int
    year: int
    count: int | None
    sanctioned: int | None
    previous: int | None
    # Revision of the year's statement, so that a snapshot can say what it was taken from.
    revision: int | None
    by_kind: tuple[tuple[str, int], ...]


def violation_facts(unit: Unit, year: int) -> ViolationFacts:
    """Read what is stated of the year and of the one before (two queries); zero is not the same as not reported."""
    rows = ViolationCount.objects.filter(statement__unit=unit, statement__is_current=True)
    sums = rows.filter(statement__year__in=[year - 1, year]).order_by().values("statement__year", "statement__revision")
    found = {row["statement__year"]: row for row in sums.annotate(total=Sum("count"), punished=Sum("sanctioned"))}
    here, before = found.get(year), found.get(year - 1)
    kinds = rows.filter(Q(statement__year=year)).order_by("pk")
    return ViolationFacts(
        unit_id=unit.pk,
        year=year,
        count=here["total"] if here else None,
        sanctioned=here["punished"] if here else None,
        previous=before["total"] if before else None,
        revision=here["statement__revision"] if here else None,
        by_kind=tuple((row.get_kind_display(), row.count) for row in kinds),
    )
