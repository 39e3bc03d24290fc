"""What a dashboard reads: a fixed number of queries, whatever the number of units below."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, Concat, Length, RowNumber, Substr
from django.utils import timezone

from layanan.models import PublicFigures
from supervisi.access import posting_to_find
from supervisi.models import (
    Checklist,
    ChecklistStatus,
    ConditionState,
    Evidence,
    Finding,
    FindingStatus,
    Layer,
    Period,
    PeriodKind,
    PeriodPlace,
    Scope,
    Severity,
    UnitScore,
    Visit,
    VisitStatus,
)
from supervisi.models.checklists import DISCLOSED_STATUSES
from supervisi.models.evidence import EvidenceQuerySet
from supervisi.models.findings import OWED_STATUSES
from supervisi.rollup_key import KIND
from wbbm.jobs.models import Job
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import HeldPredicate, PredicateCode, Role, Unit, UnitChange, UnitChangeKind, UnitKind, User

LKE, POLSEK = "lke-2021", "polsek-2026"
# Roles that read a unit's results, and those that read what lies below it.
READERS = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR)
OVERSEERS = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR)
# Quarters in the trend of a station; late findings listed; rows read of each unit below, for its count.
_HISTORY = 6
_MOST_LATE, _MOST_LATE_EACH = 30, 1
_VISIT_DAYS = 730
_NAMES_CHANGED = (UnitChangeKind.RENAMED, UnitChangeKind.MERGED)
_SCORE_PARTS = {
    "complete": BigIntegerField(), "areas": JSONField(), "nodes": JSONField(), "predicates": JSONField(),
}  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Stored results by unit, for one period and layer of one instrument."""

    by_unit: dict[int, UnitScore]

    def of(self, unit: Unit) -> UnitScore | None:
        """Return the row of the unit."""
        return self.by_unit.get(unit.pk)


@dataclass(frozen=True)
class PressingFindings:
    """Open findings, handed over, that are severe or late: counts of all, and the latest of them as a list."""

    severe: int
    late: int
    # Late ones in the subtree of each unit directly below, by its path.
    late_below: dict[str, int]
    latest: tuple[Finding, ...]


@dataclass(frozen=True)
class SheetScore:
    """The stored result of the unit's own counting sheet (see ChecklistScore)."""

    sheet_id: int
    complete: int
    areas: dict[str, Any]
    nodes: dict[str, int]
    predicates: dict[str, Any]


@dataclass(frozen=True)
class SheetFacts:
    """The sheet of a station's visit as far as the viewer may see it; a draft has progress and no score."""

    pk: int
    status: str
    score: int | None
    answered: int
    due: int


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
    is_chosen: bool
    # The quarter and those before it, the latest first.
    history: tuple[Period, ...]
    rows: tuple[UnitScore, ...]
    scores: dict[int, SheetScore]
    held: dict[str, int]
    conditions: tuple[ConditionState, ...]
    findings: PressingFindings
    visits: tuple[Visit, ...]
    sheets: dict[int, SheetFacts]
    is_updating: bool
    reads_below: bool
    # Whether the viewer may record a finding at the unit without a visit.
    can_find: bool
    # The units directly below on a period's last day, where its tree was put by (see services/trees.py).
    kept: dict[int, tuple[Unit, ...]]
    # Those of them that the viewer doesn't reach today.
    out_of_reach: frozenset[int]

    def children_in(self, period: Period | None) -> tuple[Unit, ...]:
        """Return the units directly below, as they stood on the period's last day."""
        return self.children if period is None else self.kept.get(period.pk, self.children)

    def has_moved(self, unit: Unit) -> bool:
        """Tell whether the unit stood below then, and stands elsewhere today."""
        return unit.pk not in self._below_today

    @cached_property
    def _below_today(self) -> frozenset[int]:
        return frozenset(child.pk for child in self.children)

    def select(self, period: Period | None, layer: str, *, code: str) -> Rows:
        """Return the rows of a period, layer and instrument."""
        found = {
            row.unit_id: row
            for row in self.rows
            if period is not None and row.period_id == period.pk and row.layer == layer and row.instrument.code == code
        }
        return Rows(found)


def read_dashboard(user: User, unit_id: int, period_id: int | None) -> DashboardData | None:
    """Read a unit's dashboard, or None when the unit is out of the person's sight.

    Six queries; one more of a period whose tree was put by before a unit was moved.
    """
    units = _read_units(user, unit_id)
    unit = next((found for found in units if found.pk == unit_id), None)
    if unit is None:
        return None
    today = local_day(unit)
    periods = tuple(Period.objects.holding_for(unit).order_by("-first_day", "kind"))
    quarter = _chosen(periods, period_id, today)
    year = _year_around(periods, quarter, today)
    quarter_before, year_before = _before(periods, quarter), _before(periods, year)
    history = _history(periods, quarter)
    children = tuple(found for found in units if found.parent_path == unit.path)
    wanted = [period.pk for period in (quarter, quarter_before, year, year_before) if period is not None]
    own = {held.unit_id: held.unit for held in user.scope.postings if user.scope.is_own_unit(held.unit)}
    kept = _kept_children(unit, (quarter, year))
    below = {found.pk: found for found in children} | {found.pk: found for then in kept.values() for found in then}
    stored = _read_rows(unit, tuple(below.values()), wanted, history, own)
    rows = _shown_rows(stored, {unit.pk: unit} | below, own)
    visits = _read_visits(user, unit, children, today)
    is_station = unit.kind == UnitKind.POLSEK
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
        is_chosen=quarter is not None and quarter.pk == period_id,
        history=history,
        rows=rows,
        scores=_own_scores(rows, unit),
        held=_held(unit),
        # A station's sheet asks for no conditions, the others have no visits of their own to list.
        conditions=() if is_station else tuple(_conditions(unit, today)),
        findings=_read_findings(unit, today),
        visits=visits,
        sheets=_read_sheets(user, visits) if is_station else {},
        is_updating=bool(unit.is_updating) or any(row.is_updating for row in stored),  # type: ignore[attr-defined]
        can_find=posting_to_find(user, unit) is not None,
        reads_below=user.scope.posting_over(unit, *OVERSEERS) is not None,
        kept=kept,
        out_of_reach=frozenset(pk for pk, found in below.items() if user.scope.posting_over(found, *OVERSEERS) is None),
    )


def _kept_children(unit: Unit, periods: Iterable[Period | None]) -> dict[int, tuple[Unit, ...]]:
    """Return who stood directly below on the last day of each period whose tree was put by."""
    kept: dict[int, tuple[Unit, ...]] = {
        period.pk: () for period in periods if period is not None and period.tree_kept_at is not None
    }
    places = PeriodPlace.objects.filter(period__in=list(kept), above=unit).select_related("unit").order_by("path")
    for place in places if kept else ():
        kept[place.period_id] += (place.unit,)
    return kept


def _read_units(user: User, unit_id: int) -> list[Unit]:
    """Read the unit, its children and its visible ancestors at once, with the predicates that the unit holds."""
    scope = user.scope
    in_sight = scope.within("path", *OVERSEERS) | scope.at("path", Role.OPERATOR)
    target = Unit.objects.filter(pk=unit_id).order_by().values("path")[:1]
    held = HeldPredicate.objects.filter(unit=OuterRef("pk"), revoked_on__isnull=True).order_by("year")
    parent = Substr("path", 1, Length("path") - Unit.steplen, output_field=CharField())
    return list(
        Unit.objects.filter(in_sight)
        .annotate(parent=parent)
        # Ancestors are those with whose path the unit's begins: told without a look at the unit for each of thousands.
        .annotate(beginning=Substr(Subquery(target), 1, Length("path"), output_field=CharField()))
        .filter(Q(pk=unit_id) | Q(parent=Subquery(target)) | Q(path=F("beginning")))
        .annotate(
            # The name of before, or of a unit that was merged into it; its own where only its place changed.
            formerly=Subquery(
                UnitChange.objects.filter(Q(unit=OuterRef("pk")) | Q(into=OuterRef("pk")))
                .order_by(Case(When(kind__in=_NAMES_CHANGED, then=0), default=1), "-day", "-pk")
                .values("old_name")[:1]
            ),
            public_figures_json=Subquery(
                PublicFigures.objects.filter(unit=OuterRef("pk"), unit_id=unit_id).values("figures")[:1]
            ),
            held_wbk=Subquery(held.filter(predicate=PredicateCode.WBK).values("year")[:1]),
            held_wbbm=Subquery(held.filter(predicate=PredicateCode.WBBM).values("year")[:1]),
            is_updating=Exists(Job.objects.open().filter(kind=KIND, key__startswith=f"{unit_id}:")),
            expired_evidence=_evidence_count(Evidence.objects.expired(timezone.now())),
            expiring_evidence=_evidence_count(Evidence.objects.expiring(timezone.now())),
        )
        .order_by("path")
    )


def _evidence_count(rows: EvidenceQuerySet) -> Coalesce:
    """Count what the outer unit keeps itself."""
    kept = rows.current().filter(unit=OuterRef("pk"), is_own=True).order_by()
    counted = kept.values("unit").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


# --- periods ----------------------------------------------------------------------------------------------


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


def _history(periods: tuple[Period, ...], quarter: Period | None) -> tuple[Period, ...]:
    """Return the quarter and those before it, the latest first."""
    if quarter is None:
        return ()
    quarters = [period for period in periods if period.kind == PeriodKind.QUARTER]
    return tuple(period for period in quarters if period.first_day <= quarter.first_day)[:_HISTORY]


# --- stored results -----------------------------------------------------------------------------------------


def _read_rows(
    unit: Unit, children: tuple[Unit, ...], wanted: list[int], history: tuple[Period, ...], own: dict[int, Unit]
) -> list[UnitScore]:
    """Read the stored rows of the unit, its children and the viewer's own units below it.

    Each with whether a newer result is on its way.
    """
    below = [found.pk for found in own.values() if found.is_within(unit.path)]
    asked = Q(period_id__in=wanted, unit_id__in=[unit.pk, *(child.pk for child in children), *below])
    if unit.kind == UnitKind.POLSEK:
        asked |= Q(period_id__in=[period.pk for period in history], unit_id=unit.pk)
    parts = ("unit_id", "period_id", "instrument_id", "layer")
    pieces = [piece for part in parts for piece in (Cast(OuterRef(part), CharField()), Value(":"))][:-1]
    jobs = Job.objects.open().filter(kind=KIND, key=Concat(*pieces, output_field=CharField()))
    # Gates and nodes of the unit's own sheets only: with those of all children a page would read megabytes.
    parts_of_own = {
        f"own_{name}": Case(When(unit_id=unit.pk, then=F(f"counting__score__{name}")), output_field=field)
        for name, field in _SCORE_PARTS.items()
    }
    return list(
        UnitScore.objects.filter(asked)
        .select_related("instrument", "lowest_unit")
        .defer("instrument__definition")
        .annotate(counting_status=F("counting__status"), is_updating=Exists(jobs), **parts_of_own)
    )


def _shown_rows(stored: list[UnitScore], units: dict[int, Unit], own: dict[int, Unit]) -> tuple[UnitScore, ...]:
    """Keep what the viewer may see of the units: not what his own units may not see, nor a sum that holds it."""
    hidden = {row.pk: row for row in stored if row.unit_id in own and _is_hidden(row)}

    def holds_hidden(row: UnitScore) -> bool:
        return row.counting_id is None and any(
            (row.period_id, row.instrument_id, row.layer) == (other.period_id, other.instrument_id, other.layer)
            and own[other.unit_id].is_within(units[row.unit_id].path)
            for other in hidden.values()
        )

    return tuple(row for row in stored if row.unit_id in units and row.pk not in hidden and not holds_hidden(row))


def _is_hidden(row: UnitScore) -> bool:
    """Tell whether the unit itself may not see its result yet: others' sheets show from `disclosed` on."""
    if row.layer == Layer.SELF or row.counting_id is None:
        return False
    return row.counting_status not in DISCLOSED_STATUSES  # type: ignore[attr-defined]  # annotated in _read_rows


def _own_scores(rows: Iterable[UnitScore], unit: Unit) -> dict[int, SheetScore]:
    """Return the results of the unit's own counting sheets, by sheet."""
    return {
        row.counting_id: SheetScore(row.counting_id, *(vars(row)[f"own_{name}"] for name in _SCORE_PARTS))
        for row in rows
        if row.unit_id == unit.pk and row.counting_id is not None and vars(row)["own_predicates"] is not None
    }


def _held(unit: Unit) -> dict[str, int]:
    years = {PredicateCode.WBK: unit.held_wbk, PredicateCode.WBBM: unit.held_wbbm}
    return {str(code): int(year) for code, year in years.items() if year is not None}


def _conditions(unit: Unit, today: datetime.date) -> QuerySet[ConditionState]:
    return ConditionState.objects.filter(unit=unit, as_of__lte=today).order_by("code", "-as_of", "-pk")


# --- findings and visits --------------------------------------------------------------------------------------


def _read_findings(unit: Unit, today: datetime.date) -> PressingFindings:
    """Read open findings that hold a verdict back or are late, from the hand-over on.

    The database counts them all and hands out the latest ones, and one of each unit below with its count, so that the
    page of a whole country reads no more rows than that of a district.
    """
    late, severe = Q(due_on__lt=today, status__in=OWED_STATUSES), Q(severity=Severity.SEVERE)
    child = Substr("unit__path", 1, len(unit.path) + Unit.steplen, output_field=CharField())
    oldest_first = [F("due_on").asc(nulls_last=True), F("pk").asc()]
    found = list(
        Finding.objects.open()
        .filter(late | severe, unit__path__startswith=unit.path, handed_over_at__isnull=False)
        .annotate(
            child=child,
            severe_in_all=Window(Count("pk", filter=severe)),
            late_in_all=Window(Count("pk", filter=late)),
            late_in_child=Window(Count("pk", filter=late), partition_by=[child]),
            place=Window(RowNumber(), order_by=oldest_first),
            place_in_child=Window(RowNumber(), partition_by=[child], order_by=oldest_first),
        )
        .filter(Q(place__lte=_MOST_LATE) | Q(place_in_child__lte=_MOST_LATE_EACH))
        .select_related("unit", "owner_unit")
        .order_by("place")
    )
    first = found[0] if found else None
    return PressingFindings(
        severe=first.severe_in_all if first else 0,
        late=first.late_in_all if first else 0,
        late_below={finding.child: finding.late_in_child for finding in found},
        latest=tuple(finding for finding in found if finding.place <= _MOST_LATE and finding.days_late(today)),
    )


def _read_visits(user: User, unit: Unit, children: tuple[Unit, ...], today: datetime.date) -> tuple[Visit, ...]:
    """Read the visits of the unit and its children of two years, and those below that should have begun."""
    since = today - datetime.timedelta(days=_VISIT_DAYS)
    shown = Q(unit_id__in=[unit.pk, *(child.pk for child in children)], starts_on__gte=since)
    overdue = Q(status=VisitStatus.PLANNED, unit__path__startswith=unit.path, last__lt=today)
    visits = (
        Visit.objects.exclude(status=VisitStatus.CANCELLED)
        .without_surprises(user)
        .annotate(last=Coalesce("ends_on", "starts_on"))
        .filter(shown | overdue)
        .select_related("unit", "period")
        .order_by("-starts_on", "-pk")
    )
    if unit.kind == UnitKind.POLSEK:
        told = Q(findings__handed_over_at__isnull=False)
        visits = visits.annotate(
            found=Count("findings", filter=told),
            closed=Count("findings", filter=told & Q(findings__status=FindingStatus.CLOSED)),
        )
    return tuple(visits)


def _read_sheets(user: User, visits: tuple[Visit, ...]) -> dict[int, SheetFacts]:
    """Read the supervision sheets of a station's visits that the viewer may see, by visit."""
    rows = (
        Checklist.objects.visible_to(user)
        .filter(visit__in=[visit.pk for visit in visits], scope=Scope.FULL)
        .values_list("visit_id", "pk", "status", "score__complete", "score__answered", "score__due")
    )
    facts = {}
    for visit_id, pk, status, score, answered, due in rows:
        is_draft = status == ChecklistStatus.DRAFT
        facts[visit_id] = SheetFacts(pk, status, None if is_draft else score, answered or 0, due or 0)
    return facts
