"""The visits in sight, and the units to which one may be planned."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Q, Value, When

from supervisi.models import Answer, Visit, VisitStatus
from wbbm.organisasi.models import Role, Unit, UnitKind, UnitQuerySet, User

PAGE_SIZE = 30
_ORDER = (VisitStatus.ONGOING, VisitStatus.PLANNED, VisitStatus.DONE, VisitStatus.CANCELLED)


@dataclass(frozen=True)
class VisitLine:
    """A visit in the list, with the progress of its sheets as far as the viewer may see them."""

    visit: Visit
    answered: int
    due: int

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.due - self.answered

    @property
    def is_waiting(self) -> bool:
        """Tell whether something can and should be filled in."""
        return self.visit.takes_answers and self.left > 0


@dataclass(frozen=True)
class VisitList:
    """One page of the list."""

    lines: tuple[VisitLine, ...]
    page: Page


def read_visits(viewer: User, *, only_mine: bool, search: str = "", number: str = "1") -> VisitList:
    """Read a page of the visits in sight, the ongoing ones first, in a fixed number of queries."""
    visits = Visit.objects.visible_to(viewer)
    if only_mine:
        visits = visits.with_member(viewer)
    if search:
        visits = visits.filter(unit__in=Unit.objects.named_like(search))
    place = Case(
        *(When(status=status, then=Value(at)) for at, status in enumerate(_ORDER)), output_field=IntegerField()
    )
    rows = visits.select_related("unit", "period").order_by(place, "-starts_on", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(number)
    progress = _progress(viewer, [visit.pk for visit in page])
    return VisitList(tuple(VisitLine(visit, *progress.get(visit.pk, (0, 0))) for visit in page), page)


def _progress(viewer: User, visits: list[int]) -> dict[int, tuple[int, int]]:
    """Return items answered and due by visit, of the sheets that the viewer may see."""
    rows = (
        Answer.objects.visible_to(viewer)
        .filter(checklist__visit__in=visits, is_due=True)
        .order_by()
        .values_list("checklist__visit")
        .annotate(answered=Count("pk", filter=Q(is_answered=True)), due=Count("pk"))
    )
    return {visit: (answered, due) for visit, answered, due in rows}


def plannable_units(user: User) -> UnitQuerySet:
    """Keep the units to which the person may plan a visit (access.posting_to_plan, as a query)."""
    below = user.scope.within("path", Role.SUPERVISOR)
    units: UnitQuerySet = Unit.objects.filter(below, kind__in=[UnitKind.POLSEK, UnitKind.POLRES])
    return units.exclude(user.scope.own_units("path"))
