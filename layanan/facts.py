"""Named facts of the public side for those above: frozen, in a fixed number of queries, and only what may be told."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Sum

from layanan.components import COMPONENTS
from layanan.integrity_facts import gratuity_facts as gratuity_facts
from layanan.integrity_facts import pledge_facts as pledge_facts
from layanan.integrity_facts import violation_facts as violation_facts
from layanan.models import (
    CatalogueRevision,
    ComplaintFigure,
    Innovation,
    InnovationFigure,
    InnovationStatus,
    ServedMonth,
    ServicePoint,
    Subject,
    SurveyTally,
)
from layanan.pages.catalogue import read_own, read_rules
from layanan.pages.innovations import simba_months
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


@dataclass(frozen=True)
class ServiceFacts:
    """How far a unit's service standards are, and what of them is public."""

    services: int
    complete: int
    filled: int
    due: int
    free: int
    missing: tuple[str, ...]
    has_charter: bool
    charter_on: datetime.date | None
    # Saved versions of its pages since the first day of the window: standards that are kept up.
    revised: int


def service_facts(unit: Unit, since: datetime.date, day: datetime.date) -> ServiceFacts:
    """Read what a unit serves on the day, and how complete its standards are (five queries)."""
    offers = read_rules(unit, day).offers(unit, read_own([unit]).get(unit.pk, {}))
    served = [offer for offer in offers if offer.serves]
    lacking = {component.label for offer in served for component in offer.missing}
    filled = sum(len(COMPONENTS) - len(offer.missing) for offer in served)
    point = ServicePoint.objects.filter(unit=unit).first()
    revised = CatalogueRevision.objects.filter(unit=unit, at__date__gte=since).exclude(subject=Subject.TEMPLATE).count()
    return ServiceFacts(
        services=len(served),
        complete=sum(1 for offer in served if not offer.missing),
        filled=filled,
        due=len(served) * len(COMPONENTS),
        free=sum(1 for offer in served if offer.is_free),
        missing=tuple(each.label for each in COMPONENTS if each.label in lacking),
        has_charter=bool(point is not None and point.charter),
        charter_on=point.charter_on if point is not None else None,
        revised=revised,
    )


@dataclass(frozen=True)
class ComplaintFacts:
    """How a unit handled complaints in a year, as one of its integrity officers released it."""

    year: int
    received: int
    settled: int
    in_time: int


def complaint_facts(unit: Unit, year: int) -> ComplaintFacts | None:
    """Return the released figures of a year; nothing before an officer releases them (one query)."""
    row = ComplaintFigure.objects.filter(unit=unit, year=year).first()
    return ComplaintFacts(year, row.received, row.settled, row.in_time) if row is not None else None


@dataclass(frozen=True)
class PracticeFacts:
    """SIMBA in a year, at a unit and below it: sessions that were held, and their counters."""

    sessions: int
    registered: int
    attended: int
    passed: int
    exam_passed: int


def practice_facts(unit: Unit, year: int) -> PracticeFacts:
    """Add SIMBA's counters of a year up (one query); names are no part of them."""
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    rows = [row for row in simba_months(unit, first) if row["month"] <= last]
    return PracticeFacts(
        sessions=sum(row["sessions"] for row in rows),
        registered=sum(row["taken"] for row in rows),
        attended=sum(row["attended"] for row in rows),
        passed=sum(row["passed"] for row in rows),
        exam_passed=sum(row["exam_passed"] for row in rows),
    )


@dataclass(frozen=True)
class InnovationFacts:
    """The published innovations of a unit, and how many residents they helped in a year."""

    running: tuple[str, ...]
    ended: tuple[str, ...]
    # Services (codes of their standards) that running ones improve.
    services: tuple[str, ...]
    # Running ones that name the survey element which they are meant to raise.
    with_effect: int
    helped: int
    began: datetime.date | None


def innovation_facts(unit: Unit, year: int) -> InnovationFacts:
    """Read a unit's register for a year (three queries)."""
    rows = list(Innovation.objects.public().filter(unit=unit))
    running = [row for row in rows if row.is_running]
    noted = InnovationFigure.objects.current().filter(innovation__in=rows, month__year=year)
    helped = noted.order_by().aggregate(helped=Sum("helped"))["helped"] or 0
    if any(row.counts_itself for row in rows):
        helped += practice_facts(unit, year).attended
    return InnovationFacts(
        running=tuple(row.title for row in running),
        ended=tuple(row.title for row in rows if row.status == InnovationStatus.ENDED),
        services=tuple(sorted({code for row in running for code in row.services})),
        with_effect=sum(1 for row in running if row.effect_survey),
        helped=helped,
        began=min((row.since for row in running), default=None),
    )
