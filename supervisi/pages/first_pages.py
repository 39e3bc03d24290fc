"""What each role sees first."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db.models import Count, F, Q
from django.utils import timezone

from supervisi.access import posting_to_create
from supervisi.models import Checklist, ChecklistStatus, Evidence, Finding, Instrument, Layer, Period, ReplyRound
from supervisi.models.evidence import SOON, EvidenceQuerySet
from supervisi.pages.moments import moment_words
from supervisi.pages.replies import read_running_rounds
from supervisi.pages.validity import Validity, validity
from supervisi.services.instruments import versions_on
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import AuditEvent, Posting, Role, TimeZone, Unit, User, UserQuerySet
from wbbm.organisasi.models.audit import AuditEventQuerySet
from wbbm.organisasi.services.factors import OBLIGED_ROLES
from wbbm.organisasi.services.people import reached_people
from wbbm.organisasi.trail import act_words

_SOON = datetime.timedelta(days=30)
_MOST = 25


@dataclass(frozen=True)
class OwedSheet:
    """A self sheet that the operator's unit owes: begun, to be begun, or handed in."""

    unit: Unit
    period: Period
    instrument: Instrument
    checklist: Checklist | None
    answered: int
    due: int
    today: datetime.date
    # Of those left, copied answers that wait to be looked at.
    review: int = 0
    # The period of the unit's last sheet, whose answers one not begun may take over to be reviewed; empty without one.
    copies_from: str = ""

    @property
    def left(self) -> int:
        """Items without an answer."""
        return self.due - self.answered

    @property
    def days_late(self) -> int:
        """Days since the period ended."""
        return max(0, (self.today - self.period.last_day).days)

    @property
    def is_open(self) -> bool:
        """Tell whether there is something left to do."""
        return self.checklist is None or self.checklist.is_draft


@dataclass(frozen=True)
class FindingLine:
    """A finding with how many days it is past its due day."""

    finding: Finding
    days_late: int


@dataclass(frozen=True)
class EvidenceLine:
    """A piece of evidence that has run out or soon will."""

    evidence: Evidence
    validity: Validity


@dataclass(frozen=True)
class Todo:
    """What an operator must do, and what he has handed in already."""

    units: tuple[Unit, ...]
    owed: tuple[OwedSheet, ...]
    handed_in: tuple[OwedSheet, ...]
    findings: tuple[FindingLine, ...]
    findings_total: int
    rounds: tuple[ReplyRound, ...]
    # What has run out or soon will, the first day first.
    evidence: tuple[EvidenceLine, ...]
    today: datetime.date

    @property
    def late(self) -> int:
        """How many of the things to do are past their day."""
        return sum(sheet.days_late > 0 for sheet in self.owed) + sum(line.days_late > 0 for line in self.findings)


def read_todo(user: User) -> Todo | None:
    """Read the self sheets and findings of the units where the person is operator; None when he is none."""
    units = tuple({p.unit_id: p.unit for p in user.scope.postings if p.role == Role.OPERATOR}.values())
    if not units:
        return None
    today = local_day(units[0])
    sheets = _with_sources([sheet for unit in units for sheet in owed_sheets(unit, today)])
    owed = Finding.objects.visible_to(user).owed().filter(owner_unit__in=units)
    findings = list(owed.select_related("unit", "item").order_by(F("due_on").asc(nulls_last=True), "pk"))
    return Todo(
        units=units,
        owed=tuple(sorted((sheet for sheet in sheets if sheet.is_open), key=lambda sheet: -sheet.days_late)),
        handed_in=tuple(sheet for sheet in sheets if not sheet.is_open),
        findings=tuple(_finding_line(finding, today) for finding in findings[:_MOST]),
        findings_total=len(findings),
        rounds=read_running_rounds(user, units, today),
        evidence=tuple(EvidenceLine(row, validity(row, today)) for row in stale_evidence(units, today)[:_MOST]),
        today=today,
    )


def _with_sources(sheets: list[OwedSheet]) -> list[OwedSheet]:
    """Name the last sheet that each one that is not begun may be begun with (one query, where there is such a one)."""
    new = [sheet for sheet in sheets if sheet.checklist is None]
    if not new:
        return sheets
    before = Checklist.objects.counting_candidates().filter(unit__in={sheet.unit for sheet in new}, layer=Layer.SELF)
    rows = before.order_by("period__first_day", "pk").values_list(
        "unit", "instrument__code", "period__first_day", "period__name"
    )
    known = list(rows)

    def source(sheet: OwedSheet) -> str:
        wanted = (sheet.unit.pk, sheet.instrument.code)
        found = [name for unit, code, day, name in known if (unit, code) == wanted and day < sheet.period.first_day]
        return found[-1] if found and sheet.checklist is None else ""

    return [replace(sheet, copies_from=source(sheet)) for sheet in sheets]


def stale_evidence(units: Iterable[Unit], today: datetime.date) -> EvidenceQuerySet:
    """Return what the units keep that has run out or soon will, the first day first."""
    kept = Evidence.objects.current().filter(unit__in=units, is_own=True, valid_until__lte=today + SOON)
    return kept.select_related("unit").order_by("valid_until", "pk")


def _finding_line(finding: Finding, today: datetime.date) -> FindingLine:
    return FindingLine(finding, finding.days_late(today))


def owed_sheets(unit: Unit, today: datetime.date) -> list[OwedSheet]:
    """Return the self sheets that a unit owes in its open periods (three queries)."""
    periods = list(Period.objects.holding_for(unit).open().filter(first_day__lte=today).order_by("-first_day"))
    versions = [row for row in Instrument.objects.defer("definition") if unit.kind in row.unit_kinds]
    codes = {row.pk: row.code for row in versions}
    known = {
        (sheet.period_id, codes.get(sheet.instrument_id)): sheet
        for sheet in Checklist.objects.filter(unit=unit, layer=Layer.SELF, period__in=periods).annotate(
            answered=Count("answers", filter=Q(answers__is_due=True, answers__is_answered=True)),
            due=Count("answers", filter=Q(answers__is_due=True)),
            review=Count("answers", filter=Q(answers__needs_review=True)),
        )
    }
    found = []
    owed = [(instrument, period) for period in periods for instrument in versions_on(versions, period.first_day)]
    for instrument, period in sorted(owed, key=lambda pair: pair[0].code):
        if period.kind != instrument.period_kind:
            continue
        sheet = known.get((period.pk, instrument.code))
        if (
            sheet is not None
            and sheet.status != ChecklistStatus.DRAFT
            and not period.first_day <= today <= period.last_day
        ):
            continue
        facts = (sheet.answered, sheet.due, today, sheet.review) if sheet is not None else (0, 0, today)
        found.append(OwedSheet(unit, period, instrument, sheet, *facts))
    return found


@dataclass(frozen=True)
class EventLine:
    """One act in words: what, about what, by which office, where and when in that unit's zone."""

    act: str
    about: str
    by: str
    unit: Unit | None
    at: str


@dataclass(frozen=True)
class FoundUnit:
    """A unit that a search found; TPI sheets are for units below the auditor's own."""

    unit: Unit
    has_tpi_sheets: bool


@dataclass(frozen=True)
class AuditorPage:
    """Search and latest changes of an auditor's units."""

    search: str
    units: tuple[FoundUnit, ...]
    sheets: tuple[Checklist, ...]
    events: tuple[EventLine, ...]


def read_auditor_page(user: User, search: str) -> AuditorPage:
    """Read the sheets that wait for somebody, the latest acts, and units by name."""
    search = search.strip()[:80].replace("\0", "")
    sheets = Checklist.objects.visible_to(user).exclude(status=ChecklistStatus.DRAFT)
    units = Unit.objects.visible_to(user).filter(name__icontains=search) if search else Unit.objects.none()
    if search:
        sheets = sheets.filter(unit__name__icontains=search)
    return AuditorPage(
        search=search,
        units=tuple(FoundUnit(unit, _assesses(user, unit)) for unit in units[:_MOST]),
        sheets=tuple(
            sheets.select_related("unit", "period", "instrument")
            .defer("instrument__definition")
            .order_by("-submitted_at", "-pk")[:_MOST]
        ),
        events=tuple(_event_line(event) for event in wanted_events(user, search)[:_MOST]),
    )


def wanted_events(user: User, search: str) -> AuditEventQuerySet:
    """Keep the acts whose trail the person may read, without signing in and out; the newest first.

    What is done about signs of what looks odd is spoken of on their own page only.
    """
    told = AuditEvent.objects.visible_to(user).exclude(action__startswith="oddity.")
    events = told.exclude(action__startswith="sign-").with_names()
    if search:
        events = events.filter(unit__name__icontains=search)
    return events.select_related("actor", "posting", "unit")


def _assesses(user: User, unit: Unit) -> bool:
    return posting_to_create(user, unit, Layer.TPI) is not None


def _event_line(event: AuditEvent) -> EventLine:
    zone = event.unit.time_zone if event.unit is not None else TimeZone.WIB
    office = event.posting or event.actor
    return EventLine(
        act=act_words(event.action),
        about=vars(event)["object_name"] or "",
        by=str(office) if office is not None else "Sistem",
        unit=event.unit,
        at=moment_words(event.at, zone),
    )


def read_integrity_page(user: User, most: int | None = 100) -> tuple[FindingLine, ...]:
    """Read the open severe findings, handed over, of the officer's units; his reach is routed by unit."""
    reach = user.scope.within("unit__path", Role.INTEGRITY_OFFICER)
    severe = Finding.objects.open().severe().filter(reach, handed_over_at__isnull=False)
    rows = severe.select_related("unit", "owner_unit", "item").order_by(F("due_on").asc(nulls_last=True), "pk")[:most]
    return tuple(_finding_line(finding, local_day(finding.unit)) for finding in rows)


@dataclass(frozen=True)
class Gaps:
    """What an admin should mend."""

    without_commander: tuple[Unit, ...]
    ending: tuple[Posting, ...]
    pending: tuple[Posting, ...]
    without_password: tuple[User, ...]
    # Whose office asks for a second factor, and who has none.
    without_factor: tuple[User, ...]
    # Periods that have ended and nobody has closed.
    over: tuple[Period, ...]
    units: int
    people: int
    # The longest that one of the lists gets.
    most: int = _MOST


def read_gaps(user: User, most: int | None = _MOST) -> Gaps:
    """Read what is missing in an admin's units."""
    today = timezone.localdate()
    reach = user.scope.within("unit__path", Role.ADMIN)
    units = Unit.objects.filter(user.scope.within("path", Role.ADMIN)).active_on(today)
    led = Posting.objects.active_on(today).filter(role=Role.COMMANDER).order_by().values("unit_id")
    running = Posting.objects.filter(reach).select_related("user", "unit")
    people = User.objects.administered_by(user).open().exclude(pk=user.pk)
    return Gaps(
        without_commander=tuple(units.exclude(kind="satfung").exclude(pk__in=led)[:most]),
        ending=tuple(running.active_on(today).filter(ends_on__lte=today + _SOON).order_by("ends_on")[:most]),
        pending=tuple(running.pending()[:most]),
        without_password=_without_password(people, user, most),
        without_factor=tuple(people.owing_a_factor(OBLIGED_ROLES)[:most]),
        over=tuple(Period.objects.open().filter(reach, last_day__lt=today).order_by("last_day")[:most]),
        units=units.count(),
        people=people.count(),
    )


def _without_password(people: UserQuerySet, user: User, most: int | None) -> tuple[User, ...]:
    """Keep those who have no password yet and whom the admin can make a link for."""
    found = list(people.filter(Q(password="") | Q(password__startswith="!"))[:most])  # noqa: S106
    reached = reached_people(user, [person.pk for person in found])
    return tuple(person for person in found if person.pk in reached)
