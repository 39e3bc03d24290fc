"""How the means of a dashboard came about: which units went in, with how much, and what that adds up to."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, Period, UnitScore
from supervisi.pages.dashboard import rollup_rows
from supervisi.pages.dashboard_data import DashboardData, read_dashboard
from supervisi.pages.dashboard_stations import score_text
from supervisi.pages.dashboard_verdict import LAYER_WORDS
from supervisi.pages.derivation import exact
from supervisi.pages.figures import mean_of, of_mean, of_sheet
from supervisi.pages.moments import moment_words
from supervisi.scoring.rounding import from_units
from wbbm.organisasi.models import Unit, User


@dataclass(frozen=True)
class PartLine:
    """One unit that went into a mean: how many results, their sum, and where that is worked out."""

    name: str
    count: int
    sum: str
    url: str


@dataclass(frozen=True)
class MeanDerivation:
    """One mean with all that went in."""

    label: str
    period: Period
    layer: str
    instrument: str
    mean: str
    total: str
    count: int
    due: int
    lowest: str
    lines: tuple[PartLine, ...]
    # Units that owe results and have none yet.
    without: tuple[str, ...]
    computed: str
    is_whole: bool


@dataclass(frozen=True)
class RollupDerivation:
    """The means of one unit's dashboard."""

    unit: Unit
    query: str
    means: tuple[MeanDerivation, ...]
    is_updating: bool


def read_rollup_derivation(user: User, unit_id: int, period_id: int | None) -> RollupDerivation | None:
    """Tell how the means of a unit's dashboard came about, or None when they are out of the person's sight."""
    data = read_dashboard(user, unit_id, period_id)
    if data is None or not data.reads_below:
        return None
    return RollupDerivation(
        unit=data.unit,
        query=f"?periode={data.quarter.pk}" if data.is_chosen and data.quarter is not None else "",
        means=tuple(_mean(data, label, row) for label, row in rollup_rows(data) if row.units_submitted),
        is_updating=data.is_updating,
    )


def _mean(data: DashboardData, label: str, row: UnitScore) -> MeanDerivation:
    period = next(each for each in data.periods if each.pk == row.period_id)
    parts = data.select(period, row.layer, code=row.instrument.code)
    children = [(unit, parts.of(unit)) for unit in data.children_in(period)]
    found = [(unit, part) for unit, part in children if part is not None and part.units_submitted]
    engine = engine_instrument(row.instrument)
    lines = [_line(data, unit, part, period) for unit, part in found]
    # What is left is the unit's own sheet; a unit that owes none has nothing left.
    own_sum = row.score_sum - sum(part.score_sum for _, part in found)
    own_count = row.units_submitted - sum(part.units_submitted for _, part in found)
    if own_count == 1 and row.counting_id is not None:
        url = of_sheet(row.counting_id)
        lines.insert(0, PartLine(data.unit.name, 1, exact(from_units(own_sum)), url))
    lowest = score_text(engine, from_units(row.lowest)) if row.lowest is not None else ""
    return MeanDerivation(
        label=label,
        period=period,
        layer=LAYER_WORDS[Layer(row.layer)],
        instrument=row.instrument.label,
        mean=score_text(engine, mean_of(row)),
        total=exact(from_units(row.score_sum)),
        count=row.units_submitted,
        due=row.units_due,
        lowest=f"{lowest} ({row.lowest_unit})" if lowest else "",
        lines=tuple(lines),
        without=tuple(unit.name for unit, part in children if _is_missing(unit, part, row)),
        computed=moment_words(row.computed_at, data.unit.time_zone),
        is_whole=own_count in {0, 1} and (own_count == 1 or own_sum == 0),
    )


def _is_missing(unit: Unit, part: UnitScore | None, row: UnitScore) -> bool:
    """Tell whether a unit below owes results, itself or through what is below it, and has none."""
    if part is None:
        return unit.kind in row.instrument.unit_kinds
    return part.units_due > 0 and not part.units_submitted


def _line(data: DashboardData, unit: Unit, part: UnitScore, period: Period) -> PartLine:
    """One unit below: a single sheet's score leads to its derivation, a sum to the unit's own page of this kind."""
    if unit.pk in data.out_of_reach:
        url = ""
    elif part.counting_id is not None and part.units_submitted == 1:
        url = of_sheet(part.counting_id, "total")
    else:
        url = of_mean(unit.pk, period.pk)
    return PartLine(unit.name, part.units_submitted, exact(from_units(part.score_sum)), url)
