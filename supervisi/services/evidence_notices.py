"""Whom evidence that runs out is told to; see services/notices.py for what all texts keep to."""

from __future__ import annotations

import datetime

from django.utils import dateformat

from supervisi.models import Evidence
from supervisi.models.evidence import SOON
from supervisi.services.notices import people_of_unit
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import User


def daily(zone: str, day: datetime.date) -> None:
    """Tell units once when a document of theirs runs out within 30 days, and once when it has run out.

    What ran out more than 30 days ago is old news: it stays marked on pages, but nobody is told anew.
    """
    rows = Evidence.objects.current().filter(
        unit__time_zone=zone, is_own=True, valid_until__gte=day - SOON, valid_until__lte=day + SOON
    )
    people: dict[int, list[User]] = {}
    for row in rows.select_related("unit").order_by("unit", "pk"):
        until = row.valid_until or day
        told = people.setdefault(row.unit_id, people_of_unit(row.unit))
        window, words = ("gone", "habis masa berlakunya") if until < day else ("soon", "akan habis")
        tell(
            told,
            kind=NoticeKind.EVIDENCE,
            text=f"Bukti {row.number}, {_short(row.title)}, {words} {dateformat.format(until, 'j F Y')}. Perbarui.",
            url=row.get_absolute_url(),
            unit=row.unit,
            key=f"evidence-{row.pk}-{window}-{until}",
        )


def _short(title: str) -> str:
    return title if len(title) <= 80 else f"{title[:79].rstrip()}\N{HORIZONTAL ELLIPSIS}"
