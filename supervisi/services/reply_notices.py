"""Whom the right of reply is told to, and in which words; see services/notices.py for what all texts keep to."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import Count, Q
from django.utils import dateformat

from supervisi import access
from supervisi.models import Checklist, Reply, ReplyRound, ReplyStatus
from supervisi.services.notices import commanders_above, people_of_unit, reviewers_of
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import settle, tell
from wbbm.organisasi.models import AuditEvent, User


def deciders(checklist: Checklist) -> list[User]:
    """Return who decides replies: reviewer and team leader while they may, else the nearest who may review."""
    visit = checklist.visit
    known = [checklist.reviewed_by, visit.team_leader if visit is not None else checklist.submitted_by]
    able = [user for user in known if user is not None and access.posting_to_decide(user, checklist) is not None]
    return able or reviewers_of(checklist)


def tell_opened(opened: ReplyRound, items: int, event: AuditEvent) -> None:
    """Tell the unit that it may reply, and until when."""
    text = f"Hak jawab atas {items} butir yang dinilai lebih rendah dibuka sampai {_day(opened.due_on)}."
    _tell(people_of_unit(opened.checklist.unit), opened, event, f"{_sheet(opened)}: {text}", opened.get_absolute_url())


def tell_extended(running: ReplyRound, due_on: datetime.date, event: AuditEvent) -> None:
    """Tell the unit of its new last day."""
    text = f"{_sheet(running)}: tenggat hak jawab diperpanjang sampai {_day(due_on)}."
    _tell(people_of_unit(running.checklist.unit), running, event, text, running.get_absolute_url())


def tell_waived(running: ReplyRound, event: AuditEvent) -> None:
    """Tell those above that nothing more will come."""
    settle_round(running)
    text = f"{_sheet(running)}: satuan mengakhiri hak jawabnya. Lembar difinalkan setelah semua jawaban diputuskan."
    _tell(commanders_above(running.checklist), running, event, text, running.get_absolute_url())


def tell_step(reply: Reply, name: str, event: AuditEvent) -> None:
    """Tell whose turn it is after a step of a reply; what asked for the step is settled."""
    url, running = reply.get_absolute_url(), reply.round
    settle(kind=NoticeKind.RESULT, url=url)
    where = f"{_sheet(running)}, butir {reply.item.code}"
    if name == "reply":
        _tell(deciders(running.checklist), running, event, f"{where}: satuan menjawab dan menunggu keputusan.", url)
    elif name in {"uphold", "change"}:
        outcome = "nilainya diubah" if name == "change" else "nilainya tetap"
        text = f"{where}: jawaban satuan diputuskan, {outcome}; alasannya ada di sana."
        _tell(people_of_unit(running.checklist.unit), running, event, text, url)


def settle_round(running: ReplyRound) -> None:
    """Note as read what asked for something on the round's page."""
    settle(kind=NoticeKind.RESULT, url=running.get_absolute_url())


def daily(zone: str, day: datetime.date) -> None:
    """Tell units of their last day, and those above of rounds that are over; each once."""
    replies = Count("replies", filter=Q(replies__status=ReplyStatus.REPLIED))
    left = Count("replies", filter=Q(replies__status=ReplyStatus.OPEN))
    rounds = ReplyRound.objects.running().with_frame().filter(checklist__unit__time_zone=zone, due_on__lte=day)
    for running in rounds.annotate(waiting=replies, left=left).order_by("pk"):
        checklist, facts = running.checklist, vars(running)
        if running.due_on == day:
            if running.waived_at is None and facts["left"]:
                text = f"{_sheet(running)}: hari ini hari terakhir hak jawab; {facts['left']} butir belum dijawab."
                _tell_once(people_of_unit(checklist.unit), running, text, f"last-{running.due_on}")
        elif facts["waiting"]:
            text = f"{_sheet(running)}: hak jawab berakhir; {facts['waiting']} jawaban menunggu keputusan."
            _tell_once(deciders(checklist), running, text, f"decide-{running.due_on}")
        else:
            text = f"{_sheet(running)}: hak jawab berakhir, lembar dapat difinalkan."
            _tell_once(commanders_above(checklist), running, text, f"over-{running.due_on}")


def _sheet(running: ReplyRound) -> str:
    return f"{running.checklist.unit}, {running.checklist.period}"


def _day(day: datetime.date) -> str:
    return dateformat.format(day, "j F Y")


def _tell(people: Iterable[User], running: ReplyRound, event: AuditEvent, text: str, url: str) -> None:
    others = [person for person in people if person.pk != event.actor_id]
    tell(others, kind=NoticeKind.RESULT, text=text, url=url, unit=running.checklist.unit, key=f"reply-{event.pk}")


def _tell_once(people: Iterable[User], running: ReplyRound, text: str, key: str) -> None:
    tell(
        people, kind=NoticeKind.RESULT, text=text, url=running.get_absolute_url(), unit=running.checklist.unit,
        key=f"reply-round-{running.pk}-{key}",
    )  # fmt: skip
