"""The trail of the demo: the acts by which its visits and sheets came to their states."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from supervisi.demo.district import District
from supervisi.demo.notices import tell_of_act
from supervisi.models import Checklist, Period, Visit
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record

_Act = tuple[datetime.datetime | None, str, Visit | Checklist, User | None]


def record_acts(district: District, periods: tuple[Period, ...]) -> None:
    """Record every act of the visits and sheets of the periods, in the order of time."""
    acts: list[_Act] = []
    for visit in Visit.objects.filter(period__in=periods).select_related("unit", "planned_by", "team_leader"):
        acts += _acts_of_visit(visit)
    rows = Checklist.objects.filter(period__in=periods).select_related("unit", "period", "instrument", "visit")
    sheets = list(rows.defer("instrument__definition").select_related("created_by", "submitted_by", "reviewed_by"))
    for sheet in sheets:
        acts += _acts_of_sheet(sheet, district)
    acts += _first_try(sheets, district)
    postings = {posting.user_id: posting for posting in Posting.objects.order_by("-pk")}
    for at, action, about, by in sorted((act for act in acts if act[0]), key=lambda act: str(act[0])):
        posting = postings.get(by.pk) if by is not None else None
        event = record(action, by=by, posting=posting, about=about, unit=about.unit, at=at)
        tell_of_act(about, event, district.today)


def _first_try(sheets: Iterable[Checklist], district: District) -> Iterator[_Act]:
    """Let one sheet have been handed in and returned before the time that counts."""
    sheet = next((sheet for sheet in sheets if sheet.visit is not None and sheet.reviewed_at is not None), None)
    if sheet is not None and sheet.submitted_at is not None:
        hour = datetime.timedelta(hours=1)
        yield sheet.submitted_at - 30 * hour, "checklist.submit", sheet, sheet.submitted_by
        yield sheet.submitted_at - 20 * hour, "checklist.return", sheet, district.people["wakapolres"]


def _acts_of_visit(visit: Visit) -> Iterator[_Act]:
    yield visit.planned_at, "visit.planned", visit, visit.planned_by
    yield visit.started_at, "visit.started", visit, visit.team_leader
    yield visit.done_at, "visit.done", visit, visit.team_leader


def _acts_of_sheet(sheet: Checklist, district: District) -> Iterator[_Act]:
    head = district.people["kapolres"]
    yield sheet.created_at, "checklist.created", sheet, sheet.created_by
    yield sheet.submitted_at, "checklist.submit", sheet, sheet.submitted_by
    yield sheet.reviewed_at, "checklist.review", sheet, sheet.reviewed_by
    yield sheet.disclosed_at, "checklist.disclose", sheet, head
    yield sheet.final_at, "checklist.finalise", sheet, head
