"""One visit: state, team with areas and progress, what keeps its sheet from being handed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import dateformat, timezone

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
from supervisi.pages.clashes import Clash, find_clashes
from supervisi.pages.moments import long_moment, short_moment
from supervisi.pages.undecided import read_undecided
from supervisi.scoring.instrument import Instrument
from wbbm.notices.share import whatsapp_url
from wbbm.organisasi.models import Posting, User


@dataclass(frozen=True)
class Stage:
    """One word of a row of states."""

    label: str
    is_done: bool
    is_current: bool
    # When it began; empty for what is still to come.
    when: str = ""


def visit_stages(visit: Visit) -> tuple[Stage, ...]:
    """Return the row of a visit's states."""
    now = timezone.now()
    if visit.is_cancelled:
        return (Stage(VisitStatus.CANCELLED.label, False, True, short_moment(visit.cancelled_at, visit.unit, now)),)
    began = {
        VisitStatus.PLANNED: visit.planned_at,
        VisitStatus.ONGOING: visit.started_at,
        VisitStatus.DONE: visit.done_at,
    }
    return _stages({state: short_moment(at, visit.unit, now) for state, at in began.items()}, visit.status)


def sheet_stages(checklist: Checklist) -> tuple[Stage, ...]:
    """Return the row of a sheet's states; a self sheet skips the middle."""
    began = {
        ChecklistStatus.DRAFT: None,
        ChecklistStatus.SUBMITTED: checklist.submitted_at,
        ChecklistStatus.REVIEWED: checklist.reviewed_at,
        ChecklistStatus.DISCLOSED: checklist.disclosed_at,
        ChecklistStatus.FINAL: checklist.final_at,
    }
    if checklist.layer == Layer.SELF:
        del began[ChecklistStatus.REVIEWED], began[ChecklistStatus.DISCLOSED]
    now = timezone.now()
    return _stages({state: short_moment(at, checklist.unit, now) for state, at in began.items()}, checklist.status)


def _stages(began: Mapping[Any, str], status: str) -> tuple[Stage, ...]:
    """Build the row; a time stands only at what has begun (a sheet that was returned has left its later states)."""
    order = list(began)
    at = order.index(status)
    return tuple(
        Stage(str(state.label), place < at, place == at, began[state] if place <= at else "")
        for place, state in enumerate(order)
    )


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

    person: int
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
    # Items with two answers, one of which somebody has to choose.
    undecided: int
    next_empty: AreaLink | None
    can_submit: bool

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.total - self.answered


@dataclass(frozen=True)
class FindingLine:
    """A finding of the visit, and where its item is, for those who see the sheet."""

    finding: Finding
    area_key: str


@dataclass(frozen=True)
class VisitPage:
    """What the page of a visit shows."""

    visit: Visit
    stages: tuple[Stage, ...]
    leader: str
    cancelled_at: str
    members: tuple[MemberLine, ...]
    sheets: tuple[SheetLine, ...]
    mine: MemberLine | None
    my_area: AreaLink | None
    my_sheet: SheetLine | None
    findings: tuple[FindingLine, ...]
    can_start: bool
    can_finish: bool
    can_cancel: bool
    can_delete: bool
    can_change: bool
    can_find: bool
    writes: bool
    # What the planner of a visit ahead should see to.
    clashes: tuple[Clash, ...]
    # Empty while the unit must not know of the visit.
    share_url: str


def read_visit(visit: Visit, viewer: User) -> VisitPage:
    """Read a visit's page in a fixed number of queries."""
    sheets = list(
        Checklist.objects.visible_to(viewer).filter(visit=visit).select_related("instrument", "unit", "period", "visit")
    )
    answered = _answered(sheets)
    undecided = read_undecided(sheets, viewer)
    lines = tuple(_sheet_line(sheet, answered, len(undecided.get(sheet.pk, ())), viewer) for sheet in sheets)
    members = _members(visit, viewer, lines, answered)
    mine = next((member for member in members if member.is_me), None)
    leads = access.posting_to_lead(viewer, visit) is not None
    my_sheet = lines[0] if lines else None
    can_change = visit.is_open and access.posting_to_change_team(viewer, visit) is not None
    return VisitPage(
        visit=visit,
        stages=visit_stages(visit),
        leader=next((member.label for member in members if member.is_leader), str(visit.team_leader)),
        cancelled_at=long_moment(visit.cancelled_at, visit.unit),
        members=members,
        sheets=lines,
        mine=mine,
        my_area=_next_area(mine, my_sheet),
        my_sheet=my_sheet,
        findings=_findings(visit, viewer),
        can_start=leads and visit.status == VisitStatus.PLANNED,
        can_finish=leads and visit.status == VisitStatus.ONGOING,
        can_cancel=visit.is_open
        and all(sheet.is_draft for sheet in sheets)
        and access.posting_to_cancel(viewer, visit) is not None,
        can_delete=visit.status != VisitStatus.DONE
        and not any(answered.values())
        and access.posting_to_delete(viewer, visit) is not None,
        can_change=can_change,
        can_find=visit.takes_answers and access.posting_to_find(viewer, visit.unit) is not None,
        writes=bool(sheets) and mine is not None and visit.takes_answers and sheets[0].is_draft,
        clashes=_clashes(visit, viewer, members) if can_change and visit.status == VisitStatus.PLANNED else (),
        share_url=_share_url(visit),
    )


def _clashes(visit: Visit, viewer: User, members: Iterable[MemberLine]) -> tuple[Clash, ...]:
    team = [member.person for member in members]
    return find_clashes(
        unit=visit.unit, first=visit.starts_on, last=visit.last_day, team=team, viewer=viewer, besides=visit
    )


def _share_url(visit: Visit) -> str:
    if visit.is_hidden_from_unit:
        return ""
    day = dateformat.format(visit.starts_on, "l, j F Y")
    return whatsapp_url(f"Kunjungan supervisi {visit.unit}, {day}. Buka di portal:", visit.get_absolute_url())


def _findings(visit: Visit, viewer: User) -> tuple[FindingLine, ...]:
    if viewer.scope.is_own_unit(visit.unit) and visit.status != VisitStatus.DONE:
        # A finding of an earlier visit that is seen again shows here only after the closing meeting.
        return ()
    rows = Finding.objects.visible_to(viewer).of_visit(visit).select_related("item")
    return tuple(FindingLine(row, row.item.area_key if row.item else "") for row in rows)


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
        if total or not checklist.is_sample:
            # On a sample, areas without a drawn item have nothing to open.
            links.append(AreaLink(area.key, area.label, done, total))
    return links


def _sheet_line(checklist: Checklist, answered: dict[tuple[int, str], bool], undecided: int, viewer: User) -> SheetLine:
    areas = area_links(checklist, answered, engine_instrument(checklist.instrument))
    done, total = sum(area.answered for area in areas), sum(area.total for area in areas)
    return SheetLine(
        checklist=checklist,
        stages=sheet_stages(checklist),
        areas=tuple(areas),
        answered=done,
        total=total,
        ring=charts.progress_ring(done, total, f"{done} dari {total} butir terisi"),
        undecided=undecided,
        next_empty=next((area for area in areas if not area.is_done), None),
        can_submit=checklist.is_draft and access.posting_to_submit(viewer, checklist) is not None,
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
                person=row.user_id,
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
    # What one has to do oneself comes first.
    return tuple(sorted(lines, key=lambda line: not line.is_me))


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
