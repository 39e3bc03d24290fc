"""The internal survey indices of a unit, and how often its surveys were held."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction

from layanan.models import ServedMonth, SurveyTally
from layanan.pages.survey_outcomes import Outcome, total, window_words
from layanan.pages.survey_results import PublicSurvey, in_window, newest_questionnaires, read_public_results, served_in
from layanan.survey_maths import PUBLIC_LEAST, ZI_LEAST, Window, last_months, last_quarters
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class SurveyIndex:
    """The internal index of one survey over a window; never the official one."""

    code: str
    name: str
    count: int
    index: Fraction
    text: str
    top: str
    range_text: str
    quality: str
    # (gate, distance to it in words, chance that an official survey reaches it).
    gates: tuple[tuple[str, str, str], ...]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class SurveyFacts:
    """The internal survey indices of a unit over a window of full months."""

    window: Window
    words: str
    conversion: str
    indices: tuple[SurveyIndex, ...]


def survey_indices(unit: Unit, window: Window | None = None, *, day: datetime.date) -> SurveyFacts:
    """Return the internal indices for those who read the unit's results (three queries).

    Args:
        window: full months; the last three when not given (SE 04/2023).
        day: today at the unit.
    """
    window = window or last_months(day)
    tallies = SurveyTally.objects.official().in_window(window).filter(unit=unit).select_related("questionnaire")
    rows = list(tallies)
    served = served_in(ServedMonth.objects.in_window(window).filter(unit=unit), window)
    known = newest_questionnaires()
    outcomes = [
        total([row for row in rows if row.questionnaire.code == code], asked, served) for code, asked in known.items()
    ]
    indices = tuple(_index(outcome) for outcome in outcomes if outcome.count)
    conversion = next((outcome.conversion.words for outcome in outcomes if outcome.code == "spkp"), "")
    return SurveyFacts(window, window_words(window), conversion, indices)


def _index(outcome: Outcome) -> SurveyIndex:
    index = outcome.index
    assert index is not None
    return SurveyIndex(
        code=outcome.code,
        name=outcome.index_name,
        count=outcome.count,
        index=index,
        text=outcome.text,
        top=outcome.top,
        range_text=outcome.range_text,
        quality=outcome.quality,
        gates=tuple((f"{gate.name} {gate.least}", gate.distance, gate.chance) for gate in outcome.gates),
        needs=outcome.needs,
    )


@dataclass(frozen=True)
class SurveyRound:
    """How often a survey was held in a year: quarters with enough answers for ZI, and those whose result is public."""

    code: str
    quarters_held: int
    quarters_public: int
    answers: int


def survey_rounds(unit: Unit, year: int, *, day: datetime.date) -> tuple[SurveyRound, ...]:
    """Return in how many closed quarters of the year each survey was held and published (two queries)."""
    span = Window(datetime.date(year, 1, 1), datetime.date(year, 12, 1))
    tallies = SurveyTally.objects.official().in_window(span).filter(unit=unit).select_related("questionnaire")
    rows = list(tallies)
    quarters = [quarter for quarter in last_quarters(day, 8) if quarter.first.year == year]
    found = []
    for code, asked in newest_questionnaires().items():
        own = [row for row in rows if row.questionnaire.code == code]
        counts = [total(in_window(own, quarter), asked).count for quarter in quarters]
        held = sum(count >= ZI_LEAST for count in counts)
        public = sum(count >= PUBLIC_LEAST for count in counts)
        found.append(SurveyRound(code, held, public, sum(row.count for row in own)))
    return tuple(found)


def public_survey(unit: Unit, *, day: datetime.date) -> tuple[PublicSurvey, ...]:
    """Return what the unit's public page may show: fixed quarters, nothing below ten answers (three queries)."""
    return read_public_results(unit, day).surveys
