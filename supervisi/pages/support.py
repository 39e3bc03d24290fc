"""What the stations do for each item of the LKE: who supports it, who does not, and what that puts at risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, Layer, Period
from supervisi.pages.dashboard_data import POLSEK, DashboardData, read_dashboard
from supervisi.pages.dashboard_verdict import own_sheet
from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.engine import SheetScore, item_share, score_sheet
from supervisi.scoring.instrument import Instrument, Item
from supervisi.scoring.rounding import shown
from supervisi.services.content import stored_answers
from wbbm.organisasi.models import Unit, UnitKind, User

_WEAK_BELOW = Fraction(1, 2)


@dataclass(frozen=True)
class Gap:
    """A station that supports an item in part or hardly, with the items of its own sheet that say so."""

    name: str
    url: str
    is_weak: bool
    codes: tuple[str, ...]


@dataclass(frozen=True)
class SupportLine:
    """One item of the LKE: its points on the district's sheet, and the stations by how they support it."""

    item: Item
    # What the item brings the district now; empty without a sheet of its own.
    points: str
    worth: Fraction
    links: int
    full: int
    gaps: tuple[Gap, ...]

    @property
    def is_survey(self) -> bool:
        """Tell whether people who were served decide its points, and no assessor who looks at a station."""
        return self.item.formula is not None and self.item.formula.kind == "index"

    @property
    def weak(self) -> int:
        """Stations that hardly support it."""
        return sum(gap.is_weak for gap in self.gaps)

    @property
    def part(self) -> int:
        """Stations that support it in part."""
        return len(self.gaps) - self.weak


@dataclass(frozen=True)
class SupportPage:
    """The support matrix of a district."""

    unit: Unit
    period: Period | None
    periods: tuple[Period, ...]
    query: str
    lines: tuple[SupportLine, ...]
    # Points of the items, surveys aside, that some station hardly supports; empty without a sheet of the district.
    at_risk: str
    sheet: Checklist | None
    seen: int
    unseen: tuple[str, ...]


def read_support(user: User, unit_id: int, period_id: int | None) -> SupportPage | None:
    """Read the support matrix of a Polres, or None when it is out of sight or no Polres (four queries on top)."""
    data = read_dashboard(user, unit_id, period_id)
    if data is None or not data.reads_below or data.unit.kind != UnitKind.POLRES:
        return None
    rows = data.select(data.quarter, Layer.SUPERVISION, code=POLSEK)
    stations = [unit for unit in data.children_in(data.quarter) if unit.kind == UnitKind.POLSEK]
    counting = {row.counting_id: unit for unit in stations if (row := rows.of(unit)) and row.counting_id}
    sheets = Checklist.objects.in_bulk(list(counting))
    station_row = next((row for unit in stations if (row := rows.of(unit)) is not None), None)
    instrument = engine_instrument(station_row.instrument) if station_row is not None else None
    found = own_sheet(data)
    lke = engine_instrument(found[0].instrument) if found is not None else None
    sheet = Checklist.objects.with_frame().get(pk=found[1].sheet_id) if found is not None else None
    lines: tuple[SupportLine, ...] = ()
    if instrument is not None and lke is not None and sheet is not None and counting:
        score = score_sheet(lke, stored_answers(sheet))
        lines = _lines(data, instrument, lke, score, _values(instrument, list(sheets)), counting)
    weak = sum((line.worth for line in lines if line.weak and not line.is_survey), Fraction())
    return SupportPage(
        unit=data.unit,
        period=data.quarter,
        periods=tuple(period for period in data.periods if period.kind == "quarter"),
        query=f"?periode={data.quarter.pk}" if data.is_chosen and data.quarter is not None else "",
        lines=lines,
        at_risk=shown(weak) if weak else "",
        sheet=sheet,
        seen=len(counting),
        unseen=tuple(unit.name for unit in stations if unit not in counting.values()),
    )


def _values(instrument: Instrument, sheets: list[int]) -> dict[int, dict[str, Fraction | None]]:
    """Read what each item of the stations' sheets is worth (one query); what can't be answered counts for nobody."""
    found: dict[int, dict[str, Fraction | None]] = {pk: {} for pk in sheets}
    rows = Answer.objects.filter(checklist__in=sheets).values_list("checklist_id", "item__code", "value")
    for sheet, code, card in rows:
        # A sheet of another version may have items of its own.
        if instrument.has_item(code):
            found[sheet][code] = _value(instrument.item(code), card)
    return found


def _value(item: Item, card: Mapping[str, Any]) -> Fraction | None:
    try:
        answer = parse_answer(item, card.get("answer"))
    except AnswerFault:
        return Fraction()
    return None if answer.is_unanswerable else answer.value or Fraction()


def _lines(
    data: DashboardData,
    instrument: Instrument,
    lke: Instrument,
    score: SheetScore,
    values: dict[int, dict[str, Fraction | None]],
    counting: dict[int, Unit],
) -> tuple[SupportLine, ...]:
    links: dict[str, list[str]] = {}
    for item in instrument.items:
        for code in item.supports:
            links.setdefault(code, []).append(item.code)
    lines = []
    for item in lke.items:
        if item.code in links:
            worth = item_share(lke, score, item) * (score.item_values[item.code] or Fraction())
            gaps = [gap for pk, unit in counting.items() if (gap := _gap(data, unit, values[pk], links[item.code]))]
            gaps.sort(key=lambda gap: (not gap.is_weak, -len(gap.codes), gap.name))
            lines.append(
                SupportLine(item, shown(worth), worth, len(links[item.code]), len(counting) - len(gaps), tuple(gaps))
            )
    lines.sort(
        key=lambda line: (
            line.is_survey,
            -line.weak * line.worth,
            -line.weak,
            -line.part * line.worth,
            line.item.position,
        )
    )
    return tuple(lines)


def _gap(data: DashboardData, unit: Unit, values: Mapping[str, Fraction | None], codes: list[str]) -> Gap | None:
    """Return where a station falls short of full support; None where all its linked items have their full value."""
    known = {code: value for code in codes if (value := values.get(code)) is not None}
    short = [code for code, value in known.items() if value < 1]
    if not short:
        return None
    url = "" if unit.pk in data.out_of_reach else unit.get_absolute_url()
    return Gap(unit.name, url, min(known[code] for code in short) < _WEAK_BELOW, tuple(short))
