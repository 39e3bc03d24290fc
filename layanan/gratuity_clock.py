"""Whether gratuity reports are owed, and by when they must be with the KPK; queries are fixed in number."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils import dateformat

from layanan.gratuity_limits import REPORT_DAYS, Verdict, judge
from layanan.models.gratuities import GratuityReport, GratuityStatus
from wbbm.organisasi.access import local_day
from wbbm.organisasi.working_days import DueCalendar, read_due_calendar


@dataclass(frozen=True)
class Clock:
    """A report's deadline as pages show it."""

    verdict: Verdict
    # None where nothing is owed.
    due_on: datetime.date | None
    is_estimate: bool
    # Working days: to come, or by which it is or was late.
    left: int
    late: int
    # The clock stands: the report is with the KPK, or closed.
    is_stopped: bool
    text: str

    @property
    def is_late(self) -> bool:
        """Tell whether the deadline has passed without a report, or the report came after it."""
        return self.late > 0


def read_verdicts(reports: Iterable[GratuityReport]) -> dict[int, Verdict]:
    """Judge each report by the rule of its day; an officer's earlier gifts from colleagues count (one query)."""
    rows = list(reports)
    earlier = _earlier(rows)
    return {row.pk: judge(row.as_gift(earlier.get(row.pk, Decimal(0)))) for row in rows}


def read_clocks(reports: Iterable[GratuityReport], now: datetime.datetime) -> dict[int, Clock]:
    """Return each report's clock (three queries)."""
    rows = list(reports)
    verdicts = read_verdicts(rows)
    calendar = read_due_calendar({row.unit for row in rows})
    return {row.pk: _clock(row, verdicts[row.pk], calendar, local_day(row.unit, now)) for row in rows}


def _earlier(rows: list[GratuityReport]) -> dict[int, Decimal]:
    """Sum for each report what its officer wrote down of colleagues' gifts earlier in the same year."""
    asked = [row for row in rows if row.is_colleagues]
    if not asked:
        return {}
    known: dict[tuple[int, int], list[tuple[datetime.date, int, Decimal]]] = {}
    gifts = GratuityReport.objects.from_colleagues({row.by_id for row in asked}).order_by()
    for by, day, pk, value in gifts.values_list("by_id", "received_on", "pk", "value"):
        known.setdefault((by, day.year), []).append((day, pk, value))
    found = {}
    for row in asked:
        mine = (row.received_on, row.pk)
        gifts_then = known.get((row.by_id, row.received_on.year), [])
        found[row.pk] = sum((value for day, pk, value in gifts_then if (day, pk) < mine), Decimal(0))
    return found


def _clock(report: GratuityReport, verdict: Verdict, calendar: DueCalendar, today: datetime.date) -> Clock:
    if not verdict.must_report:
        return Clock(verdict, None, False, 0, 0, True, "tanpa tenggat")
    due = calendar.due(report.unit, report.received_on, REPORT_DAYS)
    reached = report.forwarded_on
    is_stopped = reached is not None or report.status in {GratuityStatus.CLOSED, GratuityStatus.WITHDRAWN}
    end = reached or report.closed_on or today
    left = calendar.days.between(report.unit, today, due.day)
    late = max(1, calendar.days.between(report.unit, due.day, end)) if end > due.day else 0
    text = (
        _reached_words(reached, late) if reached else _waiting_words(is_stopped, due.day, due.is_estimate, left, late)
    )
    if report.status == GratuityStatus.WITHDRAWN:
        late, text = 0, "draf dibatalkan"
    return Clock(verdict, due.day, due.is_estimate, left, late, is_stopped, text)


def _reached_words(day: datetime.date, late: int) -> str:
    how = f"lewat {late} hari kerja, tetap diterima" if late else "dalam tenggat"
    return f"di KPK {dateformat.format(day, 'j F Y')}, {how}"


def _waiting_words(is_stopped: bool, day: datetime.date, is_estimate: bool, left: int, late: int) -> str:
    said = dateformat.format(day, "j F Y")
    if is_stopped:
        return "ditutup tanpa diteruskan"
    if late:
        return f"lewat {late} hari kerja (tenggat {said})"
    guess = "perkiraan " if is_estimate else ""
    return f"{guess}{said} ({left} hari kerja lagi)" if left else f"{guess}{said} (hari ini)"
