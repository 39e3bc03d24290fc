"""Telling recipients that there is something to read: once a day, of the days before, so that no moment shows."""

from __future__ import annotations

import datetime

from django.db.models import F, Max, Q
from django.urls import reverse

from layanan.models.reports import ReportRecipient
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import Posting

_TEXT = "Ada laporan warga atau tambahan yang belum Anda baca."


def daily(zone: str, day: datetime.date) -> None:
    """Tell the recipients of a zone of what came before today and they have not read; of each once."""
    running = Posting.objects.running().filter(unit__time_zone=zone).order_by().values("pk")
    known = Max("report__messages__number", filter=Q(report__messages__day__lt=day))
    rows = (
        ReportRecipient.objects.filter(posting__in=running)
        .annotate(until=known)
        .filter(Q(until__gt=F("seen_number")) & Q(until__gt=F("told_number")))
    )
    waiting = list(rows.select_related("posting__unit", "posting__user"))
    for posting in {row.posting_id: row.posting for row in waiting}.values():
        tell(
            [posting.user],
            kind=NoticeKind.REPORT,
            text=_TEXT,
            url=reverse("layanan:report-list"),
            unit=posting.unit,
            key=f"reports-{day}",
        )
    for row in waiting:
        ReportRecipient.objects.filter(pk=row.pk).update(told_number=row.until)
