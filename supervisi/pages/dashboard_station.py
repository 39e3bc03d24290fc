"""One station on its own dashboard: its visits with their sheets, and how its score moved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import ChecklistStatus, Layer, Visit, VisitStatus
from supervisi.pages.dashboard_changes import Changes, read_changes
from supervisi.pages.dashboard_data import POLSEK, DashboardData, SheetFacts
from supervisi.pages.dashboard_stations import latest_visits, score_text, short_period
from supervisi.pages.figures import Linked, findings_of, of_sheet, why
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.models import UnitKind

NOTHING = "\N{EN DASH}"
_TONES = {
    VisitStatus.PLANNED: ("", "calendar"),
    VisitStatus.ONGOING: ("info", "sync"),
    VisitStatus.DONE: ("", "check"),
}


@dataclass(frozen=True)
class VisitRow:
    """A visit in the station's list: state of its sheet, findings told, score where there is one to see."""

    visit: Visit
    state: str
    tone: str
    icon: str
    findings: Linked
    score: Linked


@dataclass(frozen=True)
class StationPage:
    """What only a single station's dashboard shows."""

    visits: tuple[VisitRow, ...]
    # The visit of the period that is under way or ahead, and what its button says.
    open_visit: Visit | None
    open_words: str
    trend: charts.Trend | None
    trend_title: str
    # The same scores, each with the period and where it is worked out.
    trend_lines: tuple[tuple[str, Linked], ...]
    changes: Changes
    since: str
    can_find: bool


def read_station(data: DashboardData) -> StationPage | None:
    """Build what a single station shows, or None for every other unit."""
    if data.unit.kind != UnitKind.POLSEK:
        return None
    visit = latest_visits(data).get(data.unit.pk)
    is_open = visit is not None and visit.is_open and data.quarter is not None and visit.period_id == data.quarter.pk
    now = data.select(data.quarter, Layer.SUPERVISION, code=POLSEK)
    trend, title, trend_lines = _trend(data)
    return StationPage(
        visits=tuple(_visit_row(data, found) for found in data.visits),
        open_visit=visit if is_open else None,
        open_words=_open_words(data, visit) if visit is not None and is_open else "",
        trend=trend,
        trend_title=title,
        trend_lines=trend_lines,
        changes=read_changes([data.unit], now, data.select(data.quarter_before, Layer.SUPERVISION, code=POLSEK)),
        since=data.quarter_before.name if data.quarter_before else "",
        can_find=data.can_find,
    )


def _open_words(data: DashboardData, visit: Visit) -> str:
    facts = data.sheets.get(visit.pk)
    progress = f": {facts.answered} dari {facts.due}" if facts is not None and facts.due else ""
    return f"Kunjungan berjalan{progress}" if visit.status == VisitStatus.ONGOING else "Buka kunjungan yang terjadwal"


def _visit_row(data: DashboardData, visit: Visit) -> VisitRow:
    facts = data.sheets.get(visit.pk)
    if facts is not None and facts.status != ChecklistStatus.DRAFT:
        state = ChecklistStatus(facts.status)
        is_final = state == ChecklistStatus.FINAL
        words, tone, icon = str(state.label), "ok" if is_final else "info", "lock" if is_final else "check"
    else:
        status = VisitStatus(visit.status)
        words, (tone, icon) = str(status.label), _TONES[status]
    found = _findings_words(visit)
    told = Linked(found, findings_of(visit.unit, "semua") if found != NOTHING else "")
    return VisitRow(visit, words, tone, icon, told, _linked_score(data, facts))


def _linked_score(data: DashboardData, facts: SheetFacts | None) -> Linked:
    """Return the score of a sheet that has one to see, with its derivation."""
    if facts is None or facts.score is None:
        return Linked("")
    return Linked(_score(data, facts.score), of_sheet(facts.pk, "total"))


def _score(data: DashboardData, stored: int) -> str:
    row = next((row for row in data.rows if row.instrument.code == POLSEK), None)
    value = from_units(stored)
    return score_text(engine_instrument(row.instrument), value) if row is not None else shown(value)


def _findings_words(visit: Visit) -> str:
    found, closed = visit.found, visit.closed  # type: ignore[attr-defined]  # annotated by the reader
    if not found:
        return NOTHING
    if found == closed:
        return f"{found}, semua ditutup"
    return f"{found}, {closed} ditutup" if closed else str(found)


def _trend(data: DashboardData) -> tuple[charts.Trend | None, str, tuple[tuple[str, Linked], ...]]:
    """Draw the scores of the quarters shown, with a heading that says what they did."""
    found = []
    for period in reversed(data.history):
        row = data.select(period, Layer.SUPERVISION, code=POLSEK).of(data.unit)
        if row is not None and row.counting_id is not None:
            found.append((period.name, short_period(period.name).removeprefix("TW "), from_units(row.score_sum), row))
    if len(found) < 2:
        return None, "", ()
    rules = engine_instrument(found[-1][3].instrument).predicates
    low, high = rules[0].gates[0].required, rules[-1].gates[0].required
    drawn = charts.trend([entry[:3] for entry in found], low=low, high=high, label="Nilai supervisi")
    lines = [(point.name, Linked(point.value, why(entry[3]))) for point, entry in zip(drawn.points, found, strict=True)]
    return drawn, _heading([entry[2] for entry in found]), tuple(lines)


def _heading(scores: list[Fraction]) -> str:
    steps = [after - before for before, after in pairwise(scores)]
    last = steps[-1]
    if last == 0:
        return "Nilai tetap"
    streak = 0
    for step in reversed(steps):
        if step * last <= 0:
            break
        streak += 1
    word = "Naik" if last > 0 else "Turun"
    return f"{word} {streak} periode berturut-turut" if streak > 1 else f"{word} sejak periode sebelumnya"
