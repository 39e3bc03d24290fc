"""One visit: state, team with areas and progress, what keeps its sheet from being handed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from supervisi import access, charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    Assignment,
    Checklist,
    ChecklistStatus,
    Finding,
    Layer,
    Visit,
    VisitStatus,
)
from supervisi.scoring.instrument import Instrument
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, UnitQuerySet, User


@dataclass(frozen=True)
class Stage:
    """One word of a row of states."""

    label: str
    is_done: bool
    is_current: bool


def visit_stages(visit: Visit) -> tuple[Stage, ...]:
    """Return the row of a visit's states."""
    order = [VisitStatus.PLANNED, VisitStatus.ONGOING, VisitStatus.DONE]
    if visit.status == VisitStatus.CANCELLED:
        return (Stage(VisitStatus.CANCELLED.label, False, True),)
    return _stages(order, VisitStatus(visit.status))


def sheet_stages(checklist: Checklist) -> tuple[Stage, ...]:
    """Return the row of a sheet's states; a self sheet skips the middle."""
    order = list(ChecklistStatus)
    if checklist.layer == Layer.SELF:
        order = [ChecklistStatus.DRAFT, ChecklistStatus.SUBMITTED, ChecklistStatus.FINAL]
    return _stages(order, ChecklistStatus(checklist.status))


def _stages(order: list, now: object) -> tuple[Stage, ...]:
    at = order.index(now)
    return tuple(Stage(str(state.label), place < at, place == at) for place, state in enumerate(order))


@dataclass(frozen=True)
class AreaLink:
    """A link to an area of the sheet, with its progress."""

    key: str
    label: str
    answered: int
    total: int

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left."""
        return self.answered == self.total


@dataclass(frozen=True)
class MemberLine:
    """A member with what he checks."""

    label: str
    is_leader: bool
    is_deputy: bool
    is_me: bool
    nodes: tuple[str, ...]
    areas: tuple[AreaLink, ...]
    answered: int
    total: int
    width: str

    @property
    def is_done(self) -> bool:
        """Tell whether everything assigned is answered."""
        return self.total > 0 and self.answered == self.total

    @property
    def left(self) -> int:
        """Assigned items without an answer."""
        return self.total - self.answered


@dataclass(frozen=True)
class SheetLine:
    """The sheet of the visit, as far as the viewer may see it."""

    checklist: Checklist
    stages: tuple[Stage, ...]
    areas: tuple[AreaLink, ...]
    answered: int
    total: int
    ring: charts.Ring
    conflicts: int

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.total - self.answered


@dataclass(frozen=True)
class VisitPage:
    """What the page of a visit shows."""

    visit: Visit
    stages: tuple[Stage, ...]
    members: tuple[MemberLine, ...]
    sheets: tuple[SheetLine, ...]
    mine: MemberLine | None
    my_area: AreaLink | None
    my_sheet: SheetLine | None
    findings: tuple[Finding, ...]
    can_start: bool
    can_finish: bool
    can_cancel: bool
    can_delete: bool
    can_change: bool
    writes: bool


def read_visit(visit: Visit, viewer: User) -> VisitPage:
    """Read a visit's page in a fixed number of queries."""
    sheets = list(
        Checklist.objects.visible_to(viewer).filter(visit=visit).select_related("instrument", "unit", "period", "visit")
    )
    answered = _answered(sheets)
    lines = tuple(_sheet_line(sheet, answered) for sheet in sheets)
    members = _members(visit, viewer, lines, answered)
    mine = next((member for member in members if member.is_me), None)
    leads = access.posting_to_lead(viewer, visit) is not None
    my_sheet = lines[0] if lines else None
    return VisitPage(
        visit=visit,
        stages=visit_stages(visit),
        members=members,
        sheets=lines,
        mine=mine,
        my_area=_next_area(mine, my_sheet),
        my_sheet=my_sheet,
        findings=tuple(
            Finding.objects.visible_to(viewer).filter(visit=visit).select_related("item", "created_by")[:20]
        ),
        can_start=leads and visit.status == VisitStatus.PLANNED,
        can_finish=leads and visit.status == VisitStatus.ONGOING,
        can_cancel=visit.is_open and access.posting_to_cancel(viewer, visit) is not None,
        can_delete=not any(answered.values()) and access.posting_to_delete(viewer, visit) is not None,
        can_change=visit.is_open and access.posting_to_change_team(viewer, visit) is not None,
        writes=bool(sheets) and mine is not None and visit.takes_answers and sheets[0].is_draft,
    )


def _answered(sheets: list[Checklist]) -> dict[tuple[int, str], bool]:
    """Return whether each due item of each sheet is answered, by sheet and item code."""
    rows = Answer.objects.filter(checklist__in=sheets, is_due=True).values_list(
        "checklist_id", "item__code", "is_answered"
    )
    return {(sheet, code): done for sheet, code, done in rows}


def _count(answered: dict[tuple[int, str], bool], sheet: int, codes: Iterable[str]) -> tuple[int, int]:
    states = [answered[sheet, code] for code in codes if (sheet, code) in answered]
    return sum(states), len(states)


def area_links(checklist: Checklist, answered: dict[tuple[int, str], bool], instrument: Instrument) -> list[AreaLink]:
    """Return the areas of a sheet with their progress."""
    links = []
    for area in instrument.areas:
        done, total = _count(answered, checklist.pk, (item.code for item in instrument.items_of_area(area.key)))
        links.append(AreaLink(area.key, area.label, done, total))
    return links


def _sheet_line(checklist: Checklist, answered: dict[tuple[int, str], bool]) -> SheetLine:
    areas = area_links(checklist, answered, engine_instrument(checklist.instrument))
    done, total = sum(area.answered for area in areas), sum(area.total for area in areas)
    return SheetLine(
        checklist=checklist,
        stages=sheet_stages(checklist),
        areas=tuple(areas),
        answered=done,
        total=total,
        ring=charts.progress_ring(done, total, f"{done} dari {total} butir terisi"),
        conflicts=0,
    )


def _members(
    visit: Visit, viewer: User, sheets: tuple[SheetLine, ...], answered: dict[tuple[int, str], bool]
) -> tuple[MemberLine, ...]:
    rows = list(visit.members.filter(left_at__isnull=True).select_related("user").order_by("number"))
    offices = offices_of([row.user_id for row in rows], visit)
    assigned: dict[int, list[Assignment]] = {}
    for assignment in Assignment.objects.filter(visit=visit).select_related("node"):
        assigned.setdefault(assignment.user_id, []).append(assignment)
    lines = []
    for row in rows:
        nodes = [entry.node for entry in assigned.get(row.user_id, [])]
        done, total, keys = 0, 0, []
        for sheet in sheets:
            instrument = engine_instrument(sheet.checklist.instrument)
            items = [
                item
                for node in nodes
                if node.instrument_id == sheet.checklist.instrument_id
                for item in instrument.items_under(node.code)
            ]
            count = _count(answered, sheet.checklist.pk, (item.code for item in items))
            done, total = done + count[0], total + count[1]
            wanted = {item.area_key for item in items}
            keys += [area for area in sheet.areas if area.key in wanted]
        lines.append(
            MemberLine(
                label=offices.get(row.user_id, row.user.name),
                is_leader=row.user_id == visit.team_leader_id,
                is_deputy=row.user_id == visit.deputy_id,
                is_me=row.user_id == viewer.pk,
                nodes=tuple(f"{node.code} {node.name}" for node in nodes),
                areas=tuple(keys),
                answered=done,
                total=total,
                width=str(done * 100 // total if total else 0),
            )
        )
    return tuple(lines)


def offices_of(people: list[int], visit: Visit) -> dict[int, str]:
    """Return each person's office above the visited unit, as of the visit."""
    postings = Posting.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=visit.starts_on),
        user_id__in=people,
        unit__path__in=visit.unit.ancestor_paths,
        approved_at__isnull=False,
    ).order_by("pk")
    return {posting.user_id: str(posting) for posting in postings}


def _next_area(mine: MemberLine | None, sheet: SheetLine | None) -> AreaLink | None:
    """Return the area to go on with: mine with something left, else any with something left, else my first."""
    if sheet is None:
        return None
    own = list(mine.areas) if mine is not None else []
    return next((area for area in own if not area.is_done), None) or next(
        (area for area in sheet.areas if not area.is_done), own[0] if own else sheet.areas[0]
    )


@dataclass(frozen=True)
class VisitLine:
    """A visit in the list."""

    visit: Visit
    answered: int
    due: int
    is_mine: bool

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.due - self.answered


def read_visits(viewer: User, *, only_mine: bool) -> list[VisitLine]:
    """Read the visits in sight, the ongoing ones first (one query and the memberships)."""
    visits = Visit.objects.visible_to(viewer)
    mine = set(Visit.objects.with_member(viewer).order_by().values_list("pk", flat=True))
    if only_mine:
        visits = visits.filter(pk__in=mine)
    due = Q(checklists__answers__is_due=True)
    rows = visits.select_related("unit", "period", "team_leader").annotate(
        due=Count("checklists__answers", filter=due),
        answered=Count("checklists__answers", filter=due & Q(checklists__answers__is_answered=True)),
    )
    order = {VisitStatus.ONGOING: 0, VisitStatus.PLANNED: 1, VisitStatus.DONE: 2, VisitStatus.CANCELLED: 3}
    lines = [VisitLine(visit, visit.answered, visit.due, visit.pk in mine) for visit in rows[:200]]
    return sorted(lines, key=lambda line: (order[VisitStatus(line.visit.status)], -line.visit.starts_on.toordinal()))


def plannable_units(user: User) -> UnitQuerySet:
    """Keep the units to which the person may plan a visit (access.posting_to_plan, as a query)."""
    below = user.scope.within("path", Role.SUPERVISOR)
    units: UnitQuerySet = Unit.objects.filter(below, kind__in=[UnitKind.POLSEK, UnitKind.POLRES])
    return units.exclude(user.scope.own_units("path"))
