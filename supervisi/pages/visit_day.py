"""The visits of one day, for print: what, where, who checks what, what to bring."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber

from supervisi.models import Assignment, Checklist, Finding, Visit, VisitMember
from wbbm.organisasi.models import Posting, User

_MOST = 40
_MOST_FINDINGS = 8


@dataclass(frozen=True)
class Person:
    """A member of the team: office and what he checks."""

    label: str
    is_leader: bool
    is_deputy: bool
    is_me: bool
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class DayVisit:
    """A visit of the day."""

    visit: Visit
    people: tuple[Person, ...]
    # Sheets whose empty form may be printed.
    sheets: tuple[Checklist, ...]
    # The unit's open findings, the most urgent first; and how many there are in all.
    findings: tuple[Finding, ...]
    findings_total: int

    @property
    def findings_left(self) -> int:
        """How many open findings the list leaves out."""
        return self.findings_total - len(self.findings)


@dataclass(frozen=True)
class DayPage:
    """The visits of one day, those of the viewer first."""

    day: datetime.date
    before: datetime.date
    after: datetime.date
    is_today: bool
    visits: tuple[DayVisit, ...]
    is_cut: bool


def day_asked(text: str, today: datetime.date) -> datetime.date:
    """Return the day that an address asks for (2026-11-26); today for anything else."""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return today
    return day if datetime.date(2000, 1, 1) <= day <= datetime.date(2100, 1, 1) else today


def read_day(viewer: User, *, day: datetime.date, today: datetime.date) -> DayPage:
    """Read the visits in sight of a day, in a fixed number of queries (six)."""
    rows = Visit.objects.visible_to(viewer).not_cancelled().on_days(day, day)
    visits = list(rows.select_related("unit", "period").order_by("unit__path", "pk")[: _MOST + 1])
    is_cut, visits = len(visits) > _MOST, visits[:_MOST]
    people = _people(viewer, visits)
    sheets: dict[int, list[Checklist]] = {}
    for sheet in Checklist.objects.visible_to(viewer).filter(visit__in=visits).with_frame().order_by("pk"):
        sheets.setdefault(sheet.visit_id or 0, []).append(sheet)
    findings = _findings(viewer, visits)
    lines = [
        DayVisit(
            visit=visit,
            people=tuple(people.get(visit.pk, ())),
            sheets=tuple(sheets.get(visit.pk, ())),
            findings=tuple(findings.get(visit.unit_id, ())),
            findings_total=_total(findings.get(visit.unit_id, ())),
        )
        for visit in visits
    ]
    lines.sort(key=lambda line: not any(person.is_me for person in line.people))
    one = datetime.timedelta(days=1)
    return DayPage(day, day - one, day + one, day == today, tuple(lines), is_cut)


def _people(viewer: User, visits: list[Visit]) -> dict[int, list[Person]]:
    """Read the teams with offices and tasks (three queries)."""
    rows = list(
        VisitMember.objects.filter(visit__in=visits, left_at__isnull=True)
        .select_related("user")
        .order_by("visit_id", "number")
    )
    tasks: dict[tuple[int, int], list[str]] = {}
    assigned = Assignment.objects.filter(visit__in=visits).select_related("node")
    for task in assigned.order_by("visit_id", "node__position"):
        tasks.setdefault((task.visit_id, task.user_id), []).append(f"{task.node.code} {task.node.name}")
    above = {path for visit in visits for path in visit.unit.ancestor_paths}
    offices: dict[tuple[int, str], str] = {}
    postings = Posting.objects.filter(
        user__in=[row.user_id for row in rows], unit__path__in=sorted(above), approved_at__isnull=False
    )
    for posting in postings.select_related("unit").order_by("pk"):
        offices[posting.user_id, posting.unit.path] = str(posting)
    by_visit = {visit.pk: visit for visit in visits}
    found: dict[int, list[Person]] = {}
    for row in rows:
        visit = by_visit[row.visit_id]
        held = (offices.get((row.user_id, path)) for path in reversed(visit.unit.ancestor_paths))
        found.setdefault(row.visit_id, []).append(
            Person(
                label=next((office for office in held if office), row.user.name),
                is_leader=row.user_id == visit.team_leader_id,
                is_deputy=row.user_id == visit.deputy_id,
                is_me=row.user_id == viewer.pk,
                nodes=tuple(tasks.get((row.visit_id, row.user_id), ())),
            )
        )
    return found


def _findings(viewer: User, visits: list[Visit]) -> dict[int, list[Finding]]:
    """Read the first open findings of each unit (one query)."""
    order = [F("due_on").asc(nulls_last=True), F("pk").asc()]
    rows = (
        Finding.objects.visible_to(viewer)
        .open()
        .filter(unit__in=[visit.unit_id for visit in visits], handed_over_at__isnull=False)
        .annotate(
            place=Window(RowNumber(), partition_by=[F("unit_id")], order_by=order),
            total=Window(Count("pk"), partition_by=[F("unit_id")]),
        )
        .filter(place__lte=_MOST_FINDINGS)
        .order_by("unit_id", "place")
    )
    found: dict[int, list[Finding]] = {}
    for finding in rows:
        found.setdefault(finding.unit_id, []).append(finding)
    return found


def _total(findings: Iterable[Finding]) -> int:
    """Return how many the unit has in all, as counted with the rows."""
    return max((finding.total for finding in findings), default=0)  # type: ignore[attr-defined]  # annotated above
