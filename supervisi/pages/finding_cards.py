"""A finding as boards and lists show it: what it is worth as far as the viewer may know, when it is due, whose."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import BooleanField, Case, Prefetch, Q, Value, When
from django.utils import dateformat

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Finding, FindingAct, FindingEvent, FindingStatus
from supervisi.models.checklists import DISCLOSED_STATUSES
from supervisi.models.findings import FindingQuerySet
from supervisi.pages.moments import short_moment
from supervisi.scoring.rounding import from_units, shown
from supervisi.services.owners import escalated_to
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import User

_SOON = datetime.timedelta(days=7)
_ICONS = {"severe": ("bad", "alert"), "moderate": ("warn", "info"), "minor": ("", "info")}


@dataclass(frozen=True)
class FindingCard:
    """What a board shows of a finding."""

    finding: Finding
    points: str
    # In 10⁻¹⁰; 0 where the viewer may not know them.
    points_units: int
    area: str
    days_late: int
    is_due_soon: bool
    due: str
    # The reason of the last return, and by which office.
    reason: str
    reason_by: str
    done: str
    # The highest unit whose commander is shown the late finding; empty while it stays with its own.
    escalated: str

    @property
    def tone(self) -> str:
        """Class of the card: late, due soon, done, or waiting."""
        if self.finding.is_closed:
            return "done"
        if self.days_late:
            return "late"
        return "due" if self.finding.is_owed else "wait"

    @property
    def tag(self) -> str:
        """Tone of the severity's tag."""
        return _ICONS[self.finding.severity][0]

    @property
    def icon(self) -> str:
        """Sign of the severity."""
        return _ICONS[self.finding.severity][1]

    @property
    def is_returned(self) -> bool:
        """Tell whether the last answer came back."""
        return self.finding.status == FindingStatus.RETURNED


def shows_stake(viewer: User) -> Q:
    """Findings whose option and points the viewer may know: overseen, or of a sheet that was disclosed."""
    overseen = viewer.scope.overseen_units("unit__path")
    return overseen | Q(checklist__status__in=DISCLOSED_STATUSES)


def with_stake(findings: FindingQuerySet, viewer: User) -> FindingQuerySet:
    """Tell with each finding whether the viewer may know option and points; load what a card needs."""
    flag = Case(When(shows_stake(viewer), then=Value(True)), default=Value(False), output_field=BooleanField())
    frame = findings.annotate(is_stake_shown=flag).select_related("unit", "item", "checklist__instrument", "owner_unit")
    return frame.defer("checklist__instrument__definition")


def returned_events() -> Prefetch:
    """Load the last returns of findings with them (one query)."""
    rows = FindingEvent.objects.filter(kind=FindingAct.RETURNED).select_related("posting", "by").order_by("-at", "-pk")
    return Prefetch("events", queryset=rows, to_attr="returns")


def make_cards(findings: Iterable[Finding], viewer: User, now: datetime.datetime) -> tuple[FindingCard, ...]:
    """Build the cards of findings that were read by `with_stake` and `returned_events`."""
    read = list(findings)
    gone_up = escalated_to(read, now)
    return tuple(_card(finding, now, gone_up.get(finding.pk, "")) for finding in read)


def _card(finding: Finding, now: datetime.datetime, escalated: str) -> FindingCard:
    today = local_day(finding.unit, now)
    is_shown: bool = finding.is_stake_shown  # type: ignore[attr-defined]  # annotated by with_stake
    units = (finding.points or 0) if is_shown else 0
    returns: list[FindingEvent] = getattr(finding, "returns", []) if finding.status == FindingStatus.RETURNED else []
    return FindingCard(
        finding=finding,
        points=points_text(units),
        points_units=units,
        area=area_of(finding),
        days_late=finding.days_late(today),
        is_due_soon=finding.is_owed and finding.due_on is not None and finding.due_on <= today + _SOON,
        due=day_words(finding.due_on, today),
        reason=returns[0].text if returns else "",
        reason_by=f"{office_of(returns[0])}, {short_moment(returns[0].at, finding.unit, now)}" if returns else "",
        done=_done(finding, now),
        escalated=escalated,
    )


def points_text(units: int) -> str:
    """Write points to be gained; nothing for none."""
    return f"+{shown(from_units(units))}" if units > 0 else ""


def area_of(finding: Finding) -> str:
    """Return the short name of the area that the finding lies in."""
    if finding.item is None or finding.checklist is None:
        return ""
    return engine_instrument(finding.checklist.instrument).area(finding.item.area_key).short


def day_words(day: datetime.date | None, today: datetime.date) -> str:
    """Write a due day with its weekday; the year only when it is another one."""
    if day is None:
        return ""
    return dateformat.format(day, "l, j F" if day.year == today.year else "l, j F Y")


def office_of(event: FindingEvent) -> str:
    """Name who acted by his office."""
    return str(event.posting or event.by)


def _done(finding: Finding, now: datetime.datetime) -> str:
    if finding.is_closed:
        return f"ditutup {short_moment(finding.closed_at, finding.unit, now)}"
    if finding.is_owed or finding.answered_at is None:
        return ""
    return f"dijawab {short_moment(finding.answered_at, finding.unit, now)}"
