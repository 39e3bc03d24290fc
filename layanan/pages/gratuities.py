"""What the pages of gratuity reports read: an officer's own, one report, the register of the UPG."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.utils import timezone

from layanan.gratuity_clock import Clock, read_clocks
from layanan.gratuity_limits import RULES, Limits
from layanan.models import GratuityEvent, GratuityReport
from layanan.models.gratuities import OWN_STATUSES, GratuityReportQuerySet, GratuityStatus
from layanan.money import rupiah
from layanan.services.gratuities import TRANSITIONS, may_take, posting_of_owner, upg_of
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Role, User

PAGE_SIZE = 30
OPEN, ALL = "terbuka", "semua"
_STATES = (
    (OPEN, "Belum selesai"),
    *((status.value, status.label) for status in GratuityStatus if status not in OWN_STATUSES),
    (ALL, "Semua"),
)
ASKED = {"state": "keadaan", "unit": "satuan", "year": "tahun"}


@dataclass(frozen=True)
class Line:
    """A report in a list."""

    report: GratuityReport
    clock: Clock
    value: str


def _lines(reports: list[GratuityReport], now: datetime.datetime) -> tuple[Line, ...]:
    clocks = read_clocks(reports, now)
    return tuple(Line(report, clocks[report.pk], rupiah(report.value)) for report in reports)


# --- an officer's own -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnPage:
    """An officer's own reports, and the limits of today."""

    lines: tuple[Line, ...]
    limits: tuple[tuple[str, str], ...]
    source: str
    is_upg: bool


def read_own(user: User) -> OwnPage:
    """Read the person's own reports, the latest first."""
    rows = list(GratuityReport.objects.of(user).with_frame().order_by("-received_on", "-pk"))
    rule = RULES[0]
    return OwnPage(_lines(rows, timezone.now()), _limit_words(rule), rule.source, is_upg(user))


def is_upg(user: User) -> bool:
    """Tell whether the person handles others' reports."""
    return user.scope.has_role(Role.INTEGRITY_OFFICER)


def _limit_words(rule: Limits) -> tuple[tuple[str, str], ...]:
    lines = [
        ("Pernikahan, upacara adat atau agama", f"{rupiah(rule.ceremony)} per pemberi"),
        ("Rekan kerja, bukan uang",
         f"{rupiah(rule.colleague)} per pemberi, {rupiah(rule.colleague_year)} setahun"),
    ]  # fmt: skip
    return tuple(lines)


# --- one report -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportPage:
    """One report as the person sees it."""

    report: GratuityReport
    clock: Clock
    value: str
    is_own: bool
    # Handed in after the deadline, or about to be.
    is_late_by_officer: bool
    steps: frozenset[str]
    # Nobody but the officer himself could handle it.
    has_no_upg: bool
    events: tuple[GratuityEvent, ...]
    files: tuple[StoredFile, ...]
    return_reason: str

    @property
    def can_change(self) -> bool:
        """Tell whether the draft may be corrected by whoever looks."""
        return self.is_own and self.report.is_draft


def read_report(user: User, pk: int) -> ReportPage | None:
    """Read a report in the person's sight."""
    report = GratuityReport.objects.visible_to(user).with_frame().filter(pk=pk).first()
    if report is None:
        return None
    now = timezone.now()
    clock = read_clocks([report], now)[report.pk]
    events = tuple(report.events.select_related("posting", "posting__unit"))
    is_own = report.by_id == user.pk
    handed_in = report.submitted_on
    return ReportPage(
        report=report,
        clock=clock,
        value=rupiah(report.value),
        is_own=is_own,
        is_late_by_officer=bool(clock.due_on and handed_in and handed_in > clock.due_on),
        steps=frozenset(name for name in TRANSITIONS if may_take(user, report, name)),
        has_no_upg=is_own and report.is_draft and not upg_of(report.unit, user),
        events=events,
        files=tuple(entry.file for entry in report.files.select_related("file")),
        return_reason=_last_return(report, events),
    )


def _last_return(report: GratuityReport, events: tuple[GratuityEvent, ...]) -> str:
    if not report.is_draft:
        return ""
    return next((event.text for event in reversed(events) if event.kind == "return"), "")


def find_own_draft(user: User, pk: int) -> GratuityReport | None:
    """Return a report in sight, for its form; whether it may be changed is asked by the service."""
    return GratuityReport.objects.visible_to(user).with_frame().filter(pk=pk).first()


def may_write(user: User, report: GratuityReport) -> bool:
    """Tell whether the person may change the report while it is a draft."""
    return posting_of_owner(user, report) is not None


# --- the register of the UPG ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the register was asked for."""

    state: str = OPEN
    unit: str = ""
    year: str = ""

    @property
    def query(self) -> str:
        """The filters besides the state, as in an address."""
        return urlencode({"satuan": self.unit, "tahun": self.year})

    @property
    def is_narrowed(self) -> bool:
        """Tell whether more than the state was asked for."""
        return bool(self.unit or self.year)


@dataclass(frozen=True)
class Choice:
    """A filter that is a link."""

    key: str
    label: str
    is_current: bool


@dataclass(frozen=True)
class Register:
    """The register of the UPG."""

    wanted: Wanted
    states: tuple[Choice, ...]
    page: Page[GratuityReport]
    lines: tuple[Line, ...]
    late: int


def wanted_reports(user: User, wanted: Wanted) -> GratuityReportQuerySet:
    """Keep the reports that the UPG handles, narrowed as asked for; the nearest deadline first."""
    rows = GratuityReport.objects.in_register_of(user).with_frame()
    if wanted.state == OPEN:
        rows = rows.open()
    elif wanted.state in GratuityStatus.values:
        rows = rows.filter(status=wanted.state)
    if wanted.unit:
        rows = rows.filter(unit__name__icontains=wanted.unit)
    if wanted.year.isascii() and wanted.year.isdigit() and len(wanted.year) == 4:
        rows = rows.filter(received_on__year=int(wanted.year))
    return rows.deadline_first()


def register_lines(reports: list[GratuityReport]) -> tuple[Line, ...]:
    """Return the reports with their clocks (three queries)."""
    return _lines(reports, timezone.now())


def read_register(user: User, wanted: Wanted, number: str) -> Register:
    """Read one page of the register."""
    page = Paginator(wanted_reports(user, wanted), PAGE_SIZE).get_page(number)
    lines = register_lines(list(page))
    states = tuple(Choice(key, label, key == wanted.state) for key, label in _STATES)
    late = sum(line.clock.is_late and not line.clock.is_stopped for line in lines)
    return Register(wanted, states, page, lines, late)
