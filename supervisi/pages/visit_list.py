"""The visits in sight, and the units to which one may be planned."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Q, Value, When

from supervisi.models import Checklist, ChecklistStatus, Period, PeriodKind, Visit, VisitStatus
from supervisi.models.visits import VisitQuerySet
from supervisi.services.reply_rounds import replies_to_decide, rounds_holding_back
from wbbm.organisasi.models import Role, Unit, UnitKind, UnitQuerySet, User

PAGE_SIZE = 30
_MOST_PERIODS = 40
_ORDER = (VisitStatus.ONGOING, VisitStatus.PLANNED, VisitStatus.DONE, VisitStatus.CANCELLED)


MINE, ALL, WAITING = "saya", "semua", "menunggu"


@dataclass(frozen=True)
class SheetNote:
    """A sheet of a visit in the list: its state and progress."""

    status: str
    is_draft: bool
    answered: int
    due: int

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.due - self.answered


@dataclass(frozen=True)
class VisitLine:
    """A visit in the list, with its sheets as far as the viewer may see them."""

    visit: Visit
    sheets: tuple[SheetNote, ...]

    @property
    def is_being_filled(self) -> bool:
        """Tell whether something can and should be filled in."""
        return self.visit.takes_answers and any(sheet.is_draft and sheet.left for sheet in self.sheets)


@dataclass(frozen=True)
class VisitList:
    """One page of the list."""

    chosen: str
    # Visits whose sheet waits for a step of the viewer.
    waiting: int
    lines: tuple[VisitLine, ...]
    page: Page
    # The quarters to choose from, and the chosen one.
    quarters: tuple[Period, ...]
    quarter: Period | None


def read_visits(viewer: User, *, chosen: str, search: str = "", period: str = "", number: str = "1") -> VisitList:
    """Read a page of the visits in sight, the ongoing ones first, in a fixed number of queries.

    Args:
        chosen: MINE, ALL, or WAITING for the viewer's step.
        search: part of the name of the unit, or of one above it.
        period: the id of a quarter as it came from the address; anything else means all.
    """
    quarters = tuple(
        Period.objects.visible_to(viewer).filter(kind=PeriodKind.QUARTER).select_related("unit")[:_MOST_PERIODS]
    )
    quarter = next((found for found in quarters if str(found.pk) == period), None)
    rows = wanted_visits(viewer, chosen=chosen, search=search, quarter=quarter.pk if quarter is not None else None)
    page = Paginator(rows, PAGE_SIZE).get_page(number)
    notes = _notes(viewer, [visit.pk for visit in page])
    lines = tuple(VisitLine(visit, tuple(notes.get(visit.pk, ()))) for visit in page)
    return VisitList(chosen, _waiting(viewer).count(), lines, page, quarters, quarter)


def wanted_visits(viewer: User, *, chosen: str, search: str, quarter: int | None) -> VisitQuerySet:
    """Keep the visits in sight that were asked for, the ongoing ones first."""
    every = Visit.objects.visible_to(viewer)
    visits = {MINE: every.with_member(viewer), WAITING: _waiting(viewer)}.get(chosen, every).below_named(search)
    if quarter is not None:
        visits = visits.filter(period=quarter)
    place = Case(
        *(When(status=status, then=Value(at)) for at, status in enumerate(_ORDER)), output_field=IntegerField()
    )
    rows: VisitQuerySet = visits.select_related("unit", "period").order_by(place, "-starts_on", "-pk")
    return rows


def _waiting(viewer: User) -> VisitQuerySet:
    rows: VisitQuerySet = Visit.objects.visible_to(viewer).filter(_waits_for(viewer))
    return rows


def _with_sheet(**state: object) -> Q:
    """Visits with such a sheet: asked the other way round, no visit comes twice and few sheets are looked at."""
    return Q(pk__in=Checklist.objects.filter(visit__isnull=False, **state).order_by().values("visit"))


def _waits_for(viewer: User) -> Q:
    """Visits with a sheet on which the viewer has the next step.

    A supervisor outside of the team reviews, he or who leads the visit decides replies, a commander above discloses
    once the visit is done, and finalises once no right of reply holds the sheet back.
    """
    scope = viewer.scope
    not_own = ~scope.own_units("unit__path")
    outside = ~Q(pk__in=Visit.objects.with_member(viewer).values("pk"))
    leads = Q(team_leader=viewer) | Q(deputy=viewer)
    replied = Q(pk__in=replies_to_decide(viewer).order_by().values("round__checklist__visit"))
    check = _with_sheet(status=ChecklistStatus.SUBMITTED) & outside | replied & (outside | leads)
    told = Checklist.objects.filter(status=ChecklistStatus.DISCLOSED)
    ready = told.exclude(pk__in=rounds_holding_back().order_by().values("checklist")).order_by().values("pk")
    reviewed = _with_sheet(status=ChecklistStatus.REVIEWED) & Q(status=VisitStatus.DONE)
    go_on = reviewed | _with_sheet(pk__in=ready)
    return not_own & (
        scope.within("unit__path", Role.SUPERVISOR) & check | scope.within("unit__path", Role.COMMANDER) & go_on
    )


def _notes(viewer: User, visits: list[int]) -> dict[int, list[SheetNote]]:
    """Read state and progress of the sheets that the viewer may see, by visit (one query)."""
    due = Q(answers__is_due=True)
    answered = due & Q(answers__is_answered=True)
    rows = (
        Checklist.objects.visible_to(viewer)
        .filter(visit__in=visits)
        .order_by("pk")
        .values_list("visit", "status")
        .annotate(answered=Count("answers", filter=answered), due=Count("answers", filter=due))
    )
    found: dict[int, list[SheetNote]] = {}
    for visit, status, done, total in rows:
        label = ChecklistStatus(status).label.lower()
        found.setdefault(visit, []).append(SheetNote(label, status == ChecklistStatus.DRAFT, done, total))
    return found


def plannable_units(user: User) -> UnitQuerySet:
    """Keep the units to which the person may plan a visit (access.posting_to_plan, as a query)."""
    below = user.scope.within("path", Role.SUPERVISOR)
    units: UnitQuerySet = Unit.objects.filter(below, kind__in=[UnitKind.POLSEK, UnitKind.POLRES])
    return units.exclude(user.scope.own_units("path"))
