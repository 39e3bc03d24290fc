"""What the pages of reports show: the resident's thread, the recipients' list and detail."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import dateformat, timezone

from layanan.models.reports import (
    ENDED,
    IN_WORK,
    TRANSITIONS,
    Report,
    ReportFile,
    ReportKind,
    ReportMessage,
    ReportRecipient,
    ReportSide,
    ReportStatus,
)
from layanan.money import rupiah
from layanan.report_crypto import Unreadable
from layanan.services.report_desk import LEAST_RELEASED, figures_of_year, last_full_month, may_open, places_now
from layanan.services.report_routing import ACCUSED_WORDS
from layanan.services.reports import message_facts, report_facts
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, User

# More at once would be a flood; older ones are found by their state.
MOST_LINES = 300
_LOST = "Isi pesan ini tidak dapat dibuka: kuncinya tidak ada lagi di server."


@dataclass(frozen=True)
class Said:
    """One message as a page shows it."""

    who: str
    day: str
    text: str
    step: str
    is_mine: bool
    photos: tuple[str, ...]


@dataclass(frozen=True)
class Clock:
    """Until when something must have happened, in words and with a sign."""

    text: str
    is_late: bool


@dataclass(frozen=True)
class Thread:
    """A report as its sender sees it."""

    unit: str
    status: str
    status_on: str
    clock: Clock | None
    messages: tuple[Said, ...]
    desk: str
    is_open: bool
    is_orphan: bool


@dataclass(frozen=True)
class ReportLine:
    """A report in the recipients' list."""

    url: str
    kind: str
    unit: str
    accused: str
    received_on: str
    status: str
    clock: Clock | None
    is_new: bool
    has_excess: bool


@dataclass(frozen=True)
class ReportPage:
    """A report as its recipients see it."""

    report: Report
    line: ReportLine
    facts: tuple[tuple[str, str], ...]
    excess: tuple[str, ...]
    messages: tuple[Said, ...]
    steps: tuple[tuple[str, str], ...]
    is_open: bool


def day_text(day: datetime.date) -> str:
    """Write a day."""
    return dateformat.format(day, "j F Y")


def read_thread(report: Report) -> Thread:
    """Read a report for whoever has its code (four queries)."""
    postings = Posting.objects.filter(pk__in=report.recipients.values("posting_id")).select_related("unit", "user")
    held = list(postings.order_by("pk"))
    running = [row for row in held if row.user.is_active and row.runs_on(local_day(row.unit))]
    day = local_day(held[0].unit) if held else timezone.localdate()
    is_open = report.status not in ENDED
    return Thread(
        unit=_facts_of(report).get("unit_name", ""),
        status=report.get_status_display(),
        status_on=day_text(report.status_on),
        clock=_clock(report, day),
        messages=_messages(report, ReportSide.RESIDENT),
        desk=", ".join(dict.fromkeys(f"{row}, {row.unit}" for row in running)),
        is_open=is_open and bool(running),
        is_orphan=is_open and not running,
    )


def read_list(user: User, *, status: str = "") -> tuple[ReportLine, ...]:
    """Read the reports that the person received, those that wait first (four queries)."""
    found = Report.objects.visible_to(user).latest_first()
    reports = list((found.in_status(status) if status else found)[:MOST_LINES])
    held = {posting.pk for posting in user.scope.postings if posting.role == Role.INTEGRITY_OFFICER}
    rows = ReportRecipient.objects.filter(posting__in=held, report__in=[report.pk for report in reports])
    seen: dict[Any, int] = {}
    for report_id, number in rows.values_list("report_id", "seen_number"):
        seen[report_id] = max(number, seen.get(report_id, 0))
    today = min((local_day(posting.unit) for posting in user.scope.postings), default=timezone.localdate())
    opened = [(report, _facts_of(report)) for report in reports]
    places = places_now(facts for _, facts in opened if facts)
    lines = []
    for report, facts in opened:
        if facts and not may_open(user, facts, places):
            continue
        lines.append(_line(report, facts, today, report.last_number > seen.get(report.pk, 0)))
    return tuple(sorted(lines, key=lambda line: not line.is_new))


def read_report(report: Report, today: datetime.date) -> ReportPage:
    """Read a report for one of its recipients (two queries)."""
    facts = _facts_of(report)
    line = _line(report, facts, today, is_new=False)
    shown = [
        ("Jenis", line.kind),
        ("Tentang", f"{line.unit} ({line.accused})"),
        ("Kapan kira-kira", facts.get("when") or "tidak disebut"),
        ("Jumlah yang disebut", rupiah(facts["amount"]) if facts.get("amount") else "tidak disebut"),
        ("Kontak yang ditinggalkan", facts.get("contact") or "tidak ada"),
        ("Diterima", line.received_on),
    ]
    steps = [(value, ReportStatus(value).label) for value, old in TRANSITIONS.items() if report.status in old]
    return ReportPage(
        report=report,
        line=line,
        facts=tuple(shown),
        excess=tuple(_excess_words(*row) for row in facts.get("excess", [])),
        messages=_messages(report, ReportSide.DESK),
        steps=tuple(steps),
        is_open=report.status not in ENDED,
    )


@dataclass(frozen=True)
class YearFigures:
    """What an officer may release of a year."""

    year: int
    until: str
    received: int
    settled: int
    in_time: int
    can_release: bool
    least: int


def read_figures(user: User) -> YearFigures | None:
    """Return the year's figures of what the person received as integrity officer (one query)."""
    posting = next((held for held in user.scope.postings if held.role == Role.INTEGRITY_OFFICER), None)
    if posting is None:
        return None
    last = last_full_month(posting)
    received, settled, in_time = figures_of_year(posting)
    can = received >= LEAST_RELEASED
    return YearFigures(last.year, day_text(last), received, settled, in_time, can, LEAST_RELEASED)


def _facts_of(report: Report) -> dict[str, Any]:
    try:
        return report_facts(report)
    except Unreadable:
        return {}


def _line(report: Report, facts: dict[str, Any], today: datetime.date, is_new: bool) -> ReportLine:
    return ReportLine(
        url=report.get_absolute_url() if facts else "",
        kind=str(ReportKind(facts["kind"]).label) if facts else "Tidak dapat dibuka",
        unit=facts.get("unit_name", "kuncinya tidak ada lagi di server"),
        accused=ACCUSED_WORDS.get(facts.get("accused", ""), ""),
        received_on=day_text(report.received_on),
        status=report.get_status_display(),
        clock=_clock(report, today),
        is_new=is_new,
        has_excess=bool(facts.get("excess")),
    )


def _clock(report: Report, today: datetime.date) -> Clock | None:
    """Say what is due next: to be verified, then to be answered; nothing once it was answered."""
    if report.status == ReportStatus.RECEIVED:
        what, until = "Diperiksa paling lambat", report.verify_by
    elif report.status in IN_WORK:
        what, until = "Dijawab paling lambat", report.answer_by
    else:
        return None
    late = (today - until).days
    text = f"{what} {day_text(until)}"
    return Clock(f"{text}, lewat {late} hari" if late > 0 else text, late > 0)


def _messages(report: Report, mine: str) -> tuple[Said, ...]:
    keys = Prefetch("files", ReportFile.objects.defer("content").order_by("pk"))
    return tuple(_said(row, mine) for row in report.messages.order_by("number").prefetch_related(keys))


def _said(message: ReportMessage, mine: str) -> Said:
    try:
        facts = message_facts(message)
    except Unreadable:
        facts = {"text": _LOST}
    is_mine = message.side == mine
    other = "Pelapor" if message.side == ReportSide.RESIDENT else facts.get("office", "Pengawas")
    return Said(
        who="Anda" if is_mine and mine == ReportSide.RESIDENT else other,
        day=day_text(message.day),
        text=facts["text"],
        step=str(ReportStatus(facts["status"]).label) if facts.get("status") else "",
        is_mine=is_mine,
        photos=tuple(reverse("layanan:report-photo", args=[file.pk]) for file in message.files.all()),
    )


def _excess_words(amount: int, tariff: str, official: int) -> str:
    if not tariff:
        return f"{rupiah(amount)} bukan jumlah tarif resmi mana pun."
    if not official:
        return f"{rupiah(amount)} untuk {tariff}, yang seharusnya gratis."
    return f"{rupiah(amount)} lebih besar dari tarif resmi {tariff}: {rupiah(official)}."
