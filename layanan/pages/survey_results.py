"""Results of surveys that everybody reads: fixed quarters that never overlap, and nothing below ten answers.

Windows that overlap would give small months away by their difference; hidden parts, by what is left of the whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from layanan.models import Questionnaire, ServedMonth, SurveyKind, SurveyTally
from layanan.pages.survey_outcomes import Outcome, total, window_words
from layanan.survey_maths import PUBLIC_LEAST, Window, last_quarters, showable
from layanan.surveyed import KINDS, service_name
from wbbm.organisasi.models import Unit

MOST_UNITS = 50
_ROMAN = ("I", "II", "III", "IV")


@dataclass(frozen=True)
class PartLine:
    """One part of a whole: a service, a month or a quarter; without figures where they are hidden."""

    name: str
    outcome: Outcome | None


@dataclass(frozen=True)
class PublicSurvey:
    """One survey of a unit in public."""

    short: str
    index_name: str
    latest: Outcome | None
    services: tuple[PartLine, ...]
    quarters: tuple[PartLine, ...]


@dataclass(frozen=True)
class PublicResults:
    """A unit's results in public."""

    unit: Unit
    quarter: str
    months: str
    surveys: tuple[PublicSurvey, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all may be shown."""
        return not any(line.outcome for survey in self.surveys for line in survey.quarters)


def quarter_words(window: Window) -> str:
    """Write a quarter: "Triwulan III 2026"."""
    return f"Triwulan {_ROMAN[(window.first.month - 1) // 3]} {window.first.year}"


def newest_questionnaires() -> dict[str, Questionnaire]:
    """Return the questionnaire in use of each kind (one query)."""
    return {row.code: row for row in Questionnaire.objects.order_by("pk")}


def in_window(rows: Iterable[SurveyTally], window: Window) -> list[SurveyTally]:
    """Keep the tallies of the window's months."""
    return [row for row in rows if window.first <= row.month <= window.last]


def served_in(rows: Iterable[ServedMonth], window: Window) -> int | None:
    """Return how many were served in the window; None unless every month of it is known."""
    known = {row.month: row.served for row in rows}
    return sum(known[month] for month in window.months) if all(month in known for month in window.months) else None


def public_outcome(rows: Sequence[SurveyTally], asked: Questionnaire, population: int | None = None) -> Outcome | None:
    """Return an outcome that may be shown in public, None below ten answers."""
    found = total(rows, asked, population)
    return found if found.count >= PUBLIC_LEAST else None


def read_public_results(unit: Unit, day: datetime.date) -> PublicResults:
    """Read a unit's public results (three queries)."""
    quarters = last_quarters(day)
    span = Window(quarters[-1].first, quarters[0].last)
    tallies = SurveyTally.objects.official().in_window(span).filter(unit=unit)
    rows = list(tallies.select_related("questionnaire").order_by("month"))
    served = list(ServedMonth.objects.in_window(span).filter(unit=unit))
    surveys = []
    for code, asked in _in_order(newest_questionnaires()):
        own = [row for row in rows if row.questionnaire.code == code]
        lines = tuple(
            PartLine(quarter_words(quarter), public_outcome(in_window(own, quarter), asked, served_in(served, quarter)))
            for quarter in quarters
        )
        latest = lines[0].outcome
        services = _services(in_window(own, quarters[0]), asked) if latest else ()
        surveys.append(PublicSurvey(code.upper(), total([], asked).index_name, latest, services, lines))
    return PublicResults(unit, quarter_words(quarters[0]), window_words(quarters[0]), tuple(surveys))


def _in_order(known: dict[str, Questionnaire]) -> list[tuple[str, Questionnaire]]:
    return [(code, known[code]) for code in SurveyKind.values if code in known]


def _services(rows: list[SurveyTally], asked: Questionnaire) -> tuple[PartLine, ...]:
    """Return the services of a published whole, each with figures only where it gives no hidden one away."""
    by_service: dict[str, list[SurveyTally]] = {}
    for row in rows:
        by_service.setdefault(row.service, []).append(row)
    found = {service: total(own, asked) for service, own in by_service.items()}
    shown = showable({service: outcome.count for service, outcome in found.items()})
    order = sorted(found, key=service_name)
    return tuple(PartLine(service_name(code), found[code] if code in shown else None) for code in order)


@dataclass(frozen=True)
class UnitLine:
    """A unit on the public list, with what may be shown."""

    unit: Unit
    outcomes: tuple[PartLine, ...]

    @property
    def has_figures(self) -> bool:
        """Tell whether anything may be shown."""
        return any(line.outcome for line in self.outcomes)


@dataclass(frozen=True)
class PublicList:
    """The units that may be looked up."""

    lines: tuple[UnitLine, ...]
    quarter: str
    months: str
    is_cut: bool


def read_public_list(text: str, day: datetime.date) -> PublicList:
    """Read the units whose name holds the text, with their last quarter (three queries)."""
    quarter = last_quarters(day, 1)[0]
    units = list(Unit.objects.active_on(day).filter(kind__in=KINDS).named_like(text)[: MOST_UNITS + 1])
    shown = units[:MOST_UNITS]
    tallies = SurveyTally.objects.official().in_window(quarter).filter(unit__in=shown)
    rows = list(tallies.select_related("questionnaire"))
    known = _in_order(newest_questionnaires())
    by_unit: dict[int, list[SurveyTally]] = {}
    for row in rows:
        by_unit.setdefault(row.unit_id, []).append(row)
    lines = tuple(UnitLine(unit, outcome_lines(by_unit.get(unit.pk, []), known)) for unit in shown)
    return PublicList(lines, quarter_words(quarter), window_words(quarter), len(units) > MOST_UNITS)


def outcome_lines(
    rows: Sequence[SurveyTally], known: Sequence[tuple[str, Questionnaire]], least: int = PUBLIC_LEAST
) -> tuple[PartLine, ...]:
    """Return one line for each survey, without figures where fewer than `least` have answered."""
    lines = []
    for code, asked in known:
        outcome = total([row for row in rows if row.questionnaire.code == code], asked)
        lines.append(PartLine(code.upper(), outcome if outcome.count >= least else None))
    return tuple(lines)
