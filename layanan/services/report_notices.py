"""Telling recipients that there is something to read: once a day, of the days before, so that no moment shows."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import F, Max, Q
from django.urls import reverse

from layanan.models.reports import IN_WORK, ReportRecipient, ReportStatus
from layanan.report_crypto import Unreadable
from layanan.services.report_desk import may_open, places_now
from layanan.services.reports import report_facts
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import Posting

_UNREAD = "Ada laporan warga atau tambahan yang belum Anda baca."
_LATE = "Ada laporan warga yang lewat tenggat. Periksa atau jawab sekarang; pelapornya juga melihat tenggat itu."


def daily(zone: str, day: datetime.date) -> None:
    """Tell the recipients of a zone of what they have not read, each message once, and once a week of what is late."""
    running = Posting.objects.running().filter(unit__time_zone=zone).order_by().values("pk")
    rows = ReportRecipient.objects.filter(posting__in=running)
    rows = rows.select_related("report", "posting__unit", "posting__user")
    known = Max("report__messages__number", filter=Q(report__messages__day__lt=day))
    is_news = Q(until__gt=F("seen_number")) & Q(until__gt=F("told_number"))
    waiting = _openable(rows.annotate(until=known).filter(is_news))
    _tell(waiting, _UNREAD, f"reports-{day}")
    for row in waiting:
        ReportRecipient.objects.filter(pk=row.pk).update(told_number=row.until)
    unverified = Q(report__status=ReportStatus.RECEIVED, report__verify_by__lt=day)
    unanswered = Q(report__status__in=IN_WORK, report__answer_by__lt=day)
    week = day - datetime.timedelta(days=day.weekday())
    _tell(_openable(rows.filter(unverified | unanswered)), _LATE, f"reports-late-{week}")


def _openable(rows: Iterable[Any]) -> list[Any]:
    """Keep what the recipient may still open: who stands at the unit complained about by now is not even told."""
    opened = [(row, _facts_of(row)) for row in rows]
    places = places_now(facts for _, facts in opened if facts)
    return [row for row, facts in opened if facts and may_open(row.posting.user, facts, places)]


def _facts_of(row: ReportRecipient) -> dict[str, Any]:
    try:
        return report_facts(row.report)
    except Unreadable:
        return {}


def _tell(rows: Iterable[ReportRecipient], text: str, key: str) -> None:
    """Tell each posting once, whatever the number of reports: not even that is said."""
    for posting in {row.posting_id: row.posting for row in rows}.values():
        tell(
            [posting.user],
            kind=NoticeKind.REPORT,
            text=text,
            url=reverse("layanan:report-list"),
            unit=posting.unit,
            key=key,
        )
