"""Results of surveys that the unit and those above read: any months, every service, and days that look improbable."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.utils import dateformat

from layanan.models import Questionnaire, ServedMonth, SurveyAnswer, SurveyKind, SurveyTally
from layanan.pages.moments import month_words
from layanan.pages.survey_outcomes import Outcome, total, window_words
from layanan.pages.survey_results import (
    PartLine,
    UnitLine,
    in_window,
    newest_questionnaires,
    outcome_lines,
    served_in,
)
from layanan.survey_access import READERS, sees_all
from layanan.survey_maths import (
    BURST_LEAST,
    PUBLIC_LEAST,
    Window,
    is_monotone,
    is_rush,
    last_months,
    month_of,
    shifted,
    showable,
)
from layanan.surveyed import KINDS, service_name
from wbbm.organisasi.models import Role, Unit, UnitQuerySet, User

A_PAGE = 50
# Days in which bursts are looked for, and how many before a day say what is usual.
BURST_DAYS = 92
USUAL_DAYS = 28


@dataclass(frozen=True)
class StaffSurvey:
    """One survey of a unit for the staff; open answers stand apart."""

    outcome: Outcome
    # False where so few have answered that the figures are only for those above.
    is_shown: bool
    opened: Outcome
    is_opened_shown: bool
    services: tuple[PartLine, ...]
    months: tuple[PartLine, ...]


@dataclass(frozen=True)
class OddDay:
    """A day whose answers look improbable, and why."""

    day: datetime.date
    service: str
    survey: str
    count: int
    reason: str


@dataclass(frozen=True)
class StaffResults:
    """A unit's results over a window."""

    unit: Unit
    window: Window
    words: str
    served: int | None
    surveys: tuple[StaffSurvey, ...]
    choices: tuple[tuple[str, str], ...]
    odd_days: tuple[OddDay, ...] | None

    @property
    def is_empty(self) -> bool:
        """Tell whether nobody has answered in the window."""
        return not any(survey.outcome.count or survey.opened.count for survey in self.surveys)

    @property
    def first(self) -> str:
        """The window's first month as its field has it."""
        return f"{self.window.first:%Y-%m}"

    @property
    def last(self) -> str:
        """The window's last month as its field has it."""
        return f"{self.window.last:%Y-%m}"


def read_staff_results(unit: Unit, window: Window, day: datetime.date, *, sees_all: bool) -> StaffResults:
    """Read a unit's results (three queries, one more with the improbable days).

    Args:
        sees_all: small figures and improbable days too; else nothing below ten answers, nor what gives it away.
    """
    tallies = SurveyTally.objects.in_window(window).filter(unit=unit)
    rows = list(tallies.select_related("questionnaire").order_by("month"))
    served = served_in(ServedMonth.objects.in_window(window).filter(unit=unit), window)
    surveys = tuple(
        _survey([row for row in rows if row.questionnaire.code == code], asked, window, served, sees_all=sees_all)
        for code, asked in sorted(newest_questionnaires().items(), key=lambda pair: SurveyKind.values.index(pair[0]))
    )
    odd = read_odd_days(unit, day) if sees_all else None
    return StaffResults(unit, window, window_words(window), served, surveys, month_choices(day), odd)


def month_choices(day: datetime.date, count: int = 24) -> tuple[tuple[str, str], ...]:
    """Return the full months that may be chosen, the latest first.

    Never the running one: a figure that moves with each answer tells what the last person said.
    """
    months = (shifted(month_of(day), -number) for number in range(1, count + 1))
    return tuple((f"{month:%Y-%m}", dateformat.format(month, "M Y")) for month in months)


def _survey(
    own: list[SurveyTally], asked: Questionnaire, window: Window, served: int | None, *, sees_all: bool
) -> StaffSurvey:
    official = [row for row in own if not row.is_open]
    by_service: dict[str, list[SurveyTally]] = {}
    for row in official:
        by_service.setdefault(row.service, []).append(row)
    services = {service_name(name): total(by_service[name], asked) for name in sorted(by_service)}
    months = {month_words(month): total(in_window(official, Window(month, month)), asked) for month in window.months}
    outcome, opened = total(official, asked, served), total([row for row in own if row.is_open], asked)
    return StaffSurvey(
        outcome,
        sees_all or outcome.count >= PUBLIC_LEAST,
        opened,
        sees_all or opened.count >= PUBLIC_LEAST,
        _parts(services, sees_all=sees_all),
        _parts(months, sees_all=sees_all),
    )


def _parts(outcomes: dict[str, Outcome], *, sees_all: bool) -> tuple[PartLine, ...]:
    shown = outcomes.keys() if sees_all else showable({name: each.count for name, each in outcomes.items()})
    return tuple(PartLine(name, each if name in shown else None) for name, each in outcomes.items())


def read_odd_days(unit: Unit, day: datetime.date) -> tuple[OddDay, ...]:
    """Find days whose number or sameness of answers is improbable, the latest first (one query)."""
    first = day - datetime.timedelta(days=BURST_DAYS + USUAL_DAYS)
    answers = SurveyAnswer.objects.filter(unit=unit, is_open=False, day__gte=first, day__lte=day)
    # One token brings SPKP and SPAK: the second would say the same again.
    counted = answers.exclude(questionnaire__code=SurveyKind.SPAK).order_by()
    grouped = counted.values("service", "questionnaire__code", "day").annotate(
        count=Count("pk"), flat=Count("pk", filter=Q(is_flat=True))
    )
    series: dict[tuple[str, str], dict[datetime.date, tuple[int, int]]] = {}
    for row in grouped:
        key = (row["service"], row["questionnaire__code"])
        series.setdefault(key, {})[row["day"]] = (row["count"], row["flat"])
    since = day - datetime.timedelta(days=BURST_DAYS)
    found = [odd for key, days in series.items() for odd in _odd_days(key, days, since)]
    return tuple(sorted(found, key=lambda odd: (odd.day, odd.service), reverse=True))


def _odd_days(
    key: tuple[str, str], days: dict[datetime.date, tuple[int, int]], since: datetime.date
) -> Iterable[OddDay]:
    service, code = key
    all_count = sum(count for count, _ in days.values())
    all_flat = sum(flat for _, flat in days.values())
    for day, (count, flat) in days.items():
        if day < since or count < BURST_LEAST:
            continue
        before = (days.get(day - datetime.timedelta(days=back), (0, 0))[0] for back in range(1, USUAL_DAYS + 1))
        usual = sum(before) / USUAL_DAYS
        if is_rush(count, usual):
            per_day = f"biasanya {usual:.1f} sehari".replace(".", ",") if usual >= 0.05 else "biasanya hampir tidak ada"
            reason = f"{count} jawaban; {per_day}"
            yield OddDay(day, service_name(service), code.upper(), count, reason)
        others = all_count - count
        share = (all_flat - flat) / others if others else 0.0
        if is_monotone(flat, count, share):
            reason = f"{flat} dari {count} jawaban memberi bintang yang sama di semua pernyataan"
            yield OddDay(day, service_name(service), code.upper(), count, reason)


@dataclass(frozen=True)
class StaffList:
    """The units whose results the person reads, one page of them."""

    page: Page[Unit]
    lines: tuple[UnitLine, ...]
    words: str
    names: tuple[str, ...]


def units_in_reach(user: User, text: str, day: datetime.date) -> UnitQuerySet:
    """Return the units whose results the person reads, narrowed by name."""
    scope = user.scope
    reach = scope.within("path", *READERS) | scope.at("path", Role.OPERATOR)
    found: UnitQuerySet = Unit.objects.filter(reach, kind__in=KINDS).active_on(day).named_like(text)
    return found


def read_staff_list(user: User, text: str, number: str, day: datetime.date) -> StaffList:
    """Read the units with the last three full months (a fixed number of queries)."""
    window = last_months(day)
    page: Page[Unit] = Paginator(units_in_reach(user, text, day), A_PAGE).get_page(number)
    lines, names = staff_lines(user, list(page), window)
    return StaffList(page, lines, window_words(window), names)


def staff_lines(user: User, units: list[Unit], window: Window) -> tuple[tuple[UnitLine, ...], tuple[str, ...]]:
    """Return each unit with its outcomes, and the names of the columns (two queries)."""
    tallies = SurveyTally.objects.official().in_window(window).filter(unit__in=units)
    known = sorted(newest_questionnaires().items(), key=lambda pair: SurveyKind.values.index(pair[0]))
    by_unit: dict[int, list[SurveyTally]] = {}
    for row in tallies.select_related("questionnaire"):
        by_unit.setdefault(row.unit_id, []).append(row)
    lines = tuple(
        UnitLine(unit, outcome_lines(by_unit.get(unit.pk, []), known, 1 if sees_all(user, unit) else PUBLIC_LEAST))
        for unit in units
    )
    return lines, tuple(code.upper() for code, _ in known)
