"""Telling admins that a year's list of days off is not confirmed: due days that touch it are estimates."""

from __future__ import annotations

import datetime

from django.urls import reverse

from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.models import HolidayYear, Posting, Role

# From here on 30 working days reach into the next year.
ASKED_FROM = (11, 15)


def daily(zone: str, day: datetime.date) -> None:
    """Tell the topmost admins once of a list that is missing: the coming year's from mid-November, else this one's."""
    year = day.year + ((day.month, day.day) >= ASKED_FROM)
    confirmed = list(HolidayYear.objects.filter(year=year).values_list("unit__path", flat=True))
    rows = Posting.objects.running().filter(role=Role.ADMIN).select_related("unit", "user").order_by("unit__path", "pk")
    seen: list[str] = []
    for posting in rows:
        unit = posting.unit
        is_below = any(unit.is_strictly_under(path) for path in seen)
        seen.append(unit.path)
        if is_below or unit.time_zone != zone or any(unit.is_within(path) for path in confirmed):
            continue
        tell(
            [posting.user], kind=NoticeKind.PERIOD, url=f"{reverse('holiday-proposals')}?tahun={year}", unit=unit,
            text=f"Daftar hari libur {year} belum ditetapkan; tenggat yang menyentuh tahun itu masih perkiraan.",
            key=f"holidays-{year}",
        )  # fmt: skip
