"""The inboxes of the demo: what its acts told people, in the words of the portal; what is older is read."""

from __future__ import annotations

import datetime

from supervisi.demo.district import District
from supervisi.models import Checklist, FindingAct, FindingEvent, Visit
from supervisi.services import notices
from wbbm.notices.models import Notice
from wbbm.notices.services import tell_of_waiting_posting
from wbbm.organisasi.models import AuditEvent, Posting
from wbbm.organisasi.services.audit import record

_UNREAD_DAYS = 15
_ACTS: dict[str, str] = {
    FindingAct.HANDED_OVER: "handed-over",
    FindingAct.ANSWERED: "answer",
    FindingAct.RETURNED: "return",
    FindingAct.ACCEPTED: "accept",
    FindingAct.CLOSED: "close",
}


def tell_of_act(about: Visit | Checklist, event: AuditEvent, today: datetime.date) -> None:
    """Tell of an act as its service does, at the time of the act."""
    before = _last()
    if isinstance(about, Checklist):
        notices.tell_sheet_step(about, event.action.removeprefix("checklist."), event)
    elif event.action == "visit.planned":
        notices.tell_planned(about, event)
    _date(before, event.at, today)


def tell_of_findings(district: District) -> None:
    """Tell of what happened to the findings, as the services do, at the time of each event."""
    events = FindingEvent.objects.filter(kind__in=_ACTS).select_related("finding__unit", "finding__visit", "by")
    for event in events.order_by("at", "pk"):
        before = _last()
        act = record(
            f"finding.{_ACTS[event.kind]}", by=event.by, posting=event.posting, about=event.finding,
            unit=event.finding.unit, at=event.at,
        )  # fmt: skip
        if event.kind == FindingAct.HANDED_OVER:
            notices.tell_handed_over([event.finding], act)
        else:
            notices.tell_finding_step(event.finding, _ACTS[event.kind], act)
        _date(before, event.at, district.today)


def _last() -> int:
    return Notice.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _date(before: int, at: datetime.datetime, today: datetime.date) -> None:
    """Let what was told just now have been told then; what is older is read."""
    told = Notice.objects.filter(pk__gt=before)
    told.update(created_at=at)
    if at.date() < today - datetime.timedelta(days=_UNREAD_DAYS):
        told.update(read_at=at + datetime.timedelta(hours=5))


def tell_of_waiting_postings() -> None:
    """Tell the admins of the postings that wait for a second one."""
    for posting in Posting.objects.pending().select_related("unit"):
        tell_of_waiting_posting(posting)
