"""What a dashboard reads: a fixed number of queries, whatever the number of units below."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Length, Substr
from django.utils import timezone

from supervisi.models import (
    ChecklistScore,
    ConditionState,
    Finding,
    Layer,
    Period,
    PeriodKind,
    Severity,
    UnitScore,
    Visit,
    VisitStatus,
)
from supervisi.models.checklists import DISCLOSED_STATUSES
from supervisi.rollup_key import KIND
from wbbm.jobs.models import Job
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import HeldPredicate, PredicateCode, Unit, User


@dataclass(frozen=True)
class Rows:
    """Stored results by unit, for one period and layer of one instrument."""

    by_unit: dict[int, UnitScore]

    def of(self, unit: Unit) -> UnitScore | None:
        """Return the row of the unit."""
        return self.by_unit.get(unit.pk)


@dataclass(frozen=True)
class DashboardData:
    """Everything read for one dashboard."""

    unit: Unit
    children: tuple[Unit, ...]
    ancestors: tuple[Unit, ...]
    today: datetime.date
    periods: tuple[Period, ...]
    quarter: Period | None
    quarter_before: Period | None
    year: Period | None
    year_before: Period | None
    rows: tuple[UnitScore, ...]
    scores: dict[int, ChecklistScore]
    held: dict[str, int]
    conditions: tuple[ConditionState, ...]
    findings: tuple[Finding, ...]
    visits: tuple[Visit, ...]
    is_updating: bool
    is_own_unit: bool

    def select(self, period: Period | None, layer: str, *, code: str) -> Rows:
        """Return the rows of a period, layer and instrument."""
        found = {
            row.unit_id: row
            for row in self.rows
            if period is not None and row.period_id == period.pk and row.layer == layer and row.instrument.code == code
        }
        return Rows(found)


def read_dashboard(user: User, unit_id: int, period_id: int | None) -> DashboardData | None:
    """Read a unit's dashboard, or None when the unit is out of the person's sight (seven queries)."""
    units = _read_units(user, unit_id)
    unit = next((found for found in units if found.pk == unit_id), None)
    if unit is None:
        return None
    today = local_day(unit)
    periods = tuple(Period.objects.holding_for(unit).order_by("-first_day", "kind"))
    quarter = _chosen(periods, period_id, today)
    year = _year_around(periods, quarter, today)
    quarter_before, year_before = _before(periods, quarter), _before(periods, year)
    wanted = [period.pk for period in (quarter, quarter_before, year, year_before) if period is not None]
    own = user.scope.is_own_unit(unit)
    children = tuple(found for found in units if found.parent_path == unit.path)
    shown = [unit.pk, *(child.pk for child in children)]
    rows = tuple(
        UnitScore.objects.filter(period_id__in=wanted, unit_id__in=shown)
        .select_related("instrument", "counting", "lowest_unit")
        .defer("instrument__definition")
    )
    return DashboardData(
        unit=unit,
        children=children,
        ancestors=tuple(found for found in units if found.pk != unit.pk and unit.is_strictly_under(found.path)),
        today=today,
        periods=periods,
        quarter=quarter,
        quarter_before=quarter_before,
        year=year,
        year_before=year_before,
        rows=tuple(row for row in rows if not _is_hidden(row, unit, own)),
        scores=_own_scores(rows, unit, own),
        held=_held(unit),
        conditions=tuple(ConditionState.objects.filter(unit=unit).order_by("code", "-as_of", "-pk")),
        findings=tuple(_findings(unit, today)),
        visits=tuple(_visits(unit)),
        is_updating=bool(unit.is_updating),
        is_own_unit=own,
    )


def _read_units(user: User, unit_id: int) -> list[Unit]:
    """Read the unit, its children and its visible ancestors at once, with the predicates that the unit holds."""
    target = Unit.objects.filter(pk=unit_id).order_by().values("path")[:1]
    held = HeldPredicate.objects.filter(unit=OuterRef("pk"), revoked_on__isnull=True).order_by("year")
    parent = Substr("path", 1, Length("path") - Unit.steplen, output_field=CharField())
    return list(
        Unit.objects.visible_to(user)
        .annotate(parent=parent)
        .filter(Q(pk=unit_id) | Q(parent=Subquery(target)) | Exists(_is_ancestor(unit_id)))
        .annotate(
            held_wbk=Subquery(held.filter(predicate=PredicateCode.WBK).values("year")[:1]),
            held_wbbm=Subquery(held.filter(predicate=PredicateCode.WBBM).values("year")[:1]),
            is_updating=Exists(Job.objects.open().filter(kind=KIND, key__startswith=f"{unit_id}:")),
        )
        .order_by("path")
    )


def _is_ancestor(unit_id: int) -> QuerySet[Unit]:
    """Rows that exist when the outer unit's path is the beginning of the target's."""
    return Unit.objects.filter(pk=unit_id, path__startswith=OuterRef("path")).order_by()


def _chosen(periods: tuple[Period, ...], period_id: int | None, today: datetime.date) -> Period | None:
    """Return the quarter asked for, else that of today, else the last one begun."""
    quarters = [period for period in periods if period.kind == PeriodKind.QUARTER]
    asked = next((period for period in quarters if period.pk == period_id), None)
    begun = next((period for period in quarters if period.first_day <= today), None)
    return asked or begun or next(iter(quarters), None)


def _year_around(periods: tuple[Period, ...], quarter: Period | None, today: datetime.date) -> Period | None:
    day = quarter.first_day if quarter is not None else today
    years = [period for period in periods if period.kind == PeriodKind.YEAR]
    return next((year for year in years if year.first_day <= day <= year.last_day), None)


def _before(periods: tuple[Period, ...], period: Period | None) -> Period | None:
    if period is None:
        return None
    return next((other for other in periods if other.kind == period.kind and other.last_day < period.first_day), None)


def _is_hidden(row: UnitScore, unit: Unit, own: bool) -> bool:
    """Tell whether the unit itself may not see the result yet: others' sheets show from `disclosed` on."""
    if not own or row.unit_id != unit.pk or row.layer == Layer.SELF or row.counting is None:
        return False
    return row.counting.status not in DISCLOSED_STATUSES


def _own_scores(rows: tuple[UnitScore, ...], unit: Unit, own: bool) -> dict[int, ChecklistScore]:
    """Read the scores of the unit's own counting sheets, by sheet."""
    ids = [
        row.counting_id
        for row in rows
        if row.unit_id == unit.pk and row.counting_id is not None and not _is_hidden(row, unit, own)
    ]
    return {score.checklist_id: score for score in ChecklistScore.objects.filter(checklist_id__in=ids)}


def _held(unit: Unit) -> dict[str, int]:
    years = {PredicateCode.WBK: unit.held_wbk, PredicateCode.WBBM: unit.held_wbbm}
    return {str(code): int(year) for code, year in years.items() if year is not None}


def _findings(unit: Unit, today: datetime.date) -> QuerySet[Finding]:
    """Open findings that hold a verdict back or are late, from the hand-over on."""
    pressing = Q(severity=Severity.SEVERE) | Q(due_on__lt=today)
    return (
        Finding.objects.open()
        .filter(pressing, unit__path__startswith=unit.path, handed_over_at__isnull=False)
        .select_related("unit", "item")
        .order_by("due_on", "pk")
    )


def _visits(unit: Unit) -> QuerySet[Visit]:
    """Each unit's visits below (or, on its own page, the unit's), the latest first, of the last two years."""
    since = timezone.now().date() - datetime.timedelta(days=730)
    return (
        Visit.objects.filter(unit__path__startswith=unit.path, starts_on__gte=since)
        .exclude(status=VisitStatus.CANCELLED)
        .order_by("-starts_on", "-pk")
        .only("pk", "unit_id", "period_id", "starts_on", "ends_on", "status")
    )
