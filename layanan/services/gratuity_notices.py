"""Who is told of gratuity reports, and of their deadline: never what was given, or by whom."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.utils import dateformat

from layanan.gratuity_clock import read_verdicts
from layanan.gratuity_limits import REPORT_DAYS
from layanan.models.gratuities import GratuityReport, GratuityStatus
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import settle, tell
from wbbm.organisasi.access import nearest_people
from wbbm.organisasi.models import Role, User
from wbbm.organisasi.working_days import read_due_calendar

# Working days before the deadline on which somebody is told, the nearest last.
WARNINGS = (10, 3)
_OLD = datetime.timedelta(days=400)
_WORDS = {
    "submit": "Laporan gratifikasi {number} diserahkan kepada UPG.",
    "return": "Laporan gratifikasi {number} dikembalikan untuk dilengkapi; lihat alasannya.",
    "forward": "Laporan gratifikasi {number} sudah diteruskan ke KPK.",
    "decide": "Penetapan KPK atas laporan gratifikasi {number} sudah dicatat.",
    "close": "Laporan gratifikasi {number} ditutup.",
    "withdraw": "Draf laporan gratifikasi {number} dibatalkan.",
}


def tell_step(report: GratuityReport, name: str, people: Iterable[User]) -> None:
    """Tell the other side of a step, in the caller's transaction."""
    url = report.get_absolute_url()
    settle(kind=NoticeKind.INTEGRITY, url=url)
    count = report.events.count()
    tell(
        people, kind=NoticeKind.INTEGRITY, text=_WORDS[name].format(number=report.number), url=url, unit=report.unit,
        key=f"gratuity-{report.pk}-{name}-{count}",
    )  # fmt: skip


def daily(zone: str, day: datetime.date) -> None:
    """Tell of deadlines that come near or have passed: the officer of a draft, the UPG of what was handed in."""
    rows = GratuityReport.objects.with_frame().awaiting_kpk(zone, day - _OLD)
    reports = list(rows.order_by("received_on", "pk"))
    calendar, verdicts = read_due_calendar({report.unit for report in reports}), read_verdicts(reports)
    for report in (each for each in reports if verdicts[each.pk].must_report):
        due = calendar.due(report.unit, report.received_on, REPORT_DAYS)
        left = calendar.days.between(report.unit, day, due.day)
        is_late = day > due.day
        window = "late" if is_late else min((near for near in WARNINGS if left <= near), default=None)
        if window is None:
            continue
        said = dateformat.format(due.day, "j F Y")
        tell(
            _who(report), kind=NoticeKind.INTEGRITY, url=report.get_absolute_url(), unit=report.unit,
            text=_late_words(report, said) if is_late else _near_words(report, said, left, due.is_estimate),
            key=f"gratuity-{report.pk}-{window}-{due.day}",
        )  # fmt: skip


def _who(report: GratuityReport) -> list[User]:
    if report.status == GratuityStatus.DRAFT:
        return [report.by]
    return nearest_people(report.unit, Role.INTEGRITY_OFFICER, is_above=False, besides=[report.by_id])


def _near_words(report: GratuityReport, said: str, left: int, is_estimate: bool) -> str:
    todo = "serahkan ke UPG" if report.is_draft else "teruskan ke KPK"
    guess = ", perkiraan" if is_estimate else ""
    return f"Laporan gratifikasi {report.number}: {todo} paling lambat {said} ({left} hari kerja lagi{guess})."


def _late_words(report: GratuityReport, said: str) -> str:
    todo = "Serahkan ke UPG" if report.is_draft else "Teruskan ke KPK"
    return f"Laporan gratifikasi {report.number} melewati tenggat {said}. {todo} sekarang; tetap diterima."
