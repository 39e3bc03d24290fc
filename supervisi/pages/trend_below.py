"""The units below in small multiples: one chart each on one scale, what fell most first, from stored results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, Period, UnitScore
from supervisi.pages.dashboard_stations import score_text, short_period
from supervisi.pages.figures import of_sheet, side_by_side
from supervisi.pages.layer_list import INSTRUMENTS, units_below
from supervisi.pages.trend import Move, gate_words
from supervisi.scoring.rounding import from_units
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit, UnitKind, User

# So many periods fit into a small chart.
_MOST_PERIODS = 6
# By which sheets units of a kind are compared: stations by supervision, districts by the auditor, else their own.
_LAYERS = {UnitKind.POLSEK: (Layer.SUPERVISION,), UnitKind.POLRES: (Layer.TPI, Layer.SELF)}


@dataclass(frozen=True)
class Cell:
    """The result of one unit in one period; empty without one."""

    period: str
    text: str
    url: str


@dataclass(frozen=True)
class SmallTrend:
    """One unit: its chart, its latest result, how it moved since the one before, and all its results."""

    unit: Unit
    chart: charts.Lines
    last: str
    url: str
    # Where the latest result is of an earlier period than the last one.
    last_period: str
    move: Move | None
    cells: tuple[Cell, ...]
    note: str


@dataclass(frozen=True)
class TrendsBelow:
    """What the page shows."""

    unit: Unit
    kind_label: str
    periods: tuple[str, ...]
    lines: tuple[SmallTrend, ...]
    fell: int
    rose: int
    gates: tuple[str, ...]
    scale: tuple[str, str]

    @property
    def has_results(self) -> bool:
        """Tell whether there is anything to draw."""
        return any(line.last for line in self.lines)


def read_trends_below(user: User, unit_id: int) -> TrendsBelow | None:
    """Read the units directly below with their last results, or None where the person oversees none (three queries)."""
    units = units_below(user, unit_id)
    unit = next((found for found in units if found.pk == unit_id), None)
    below = [found for found in units if found.pk != unit_id]
    kind = next((kind for kind in INSTRUMENTS if any(child.kind == kind for child in below)), None)
    if unit is None or kind is None:
        return None
    code, period_kind = INSTRUMENTS[kind]
    begun = Period.objects.holding_for(unit).filter(kind=period_kind, first_day__lte=local_day(unit))
    periods = list(reversed(begun.order_by("-first_day")[:_MOST_PERIODS]))
    found = _rows([child for child in below if child.kind == kind], periods, code, _LAYERS[kind])
    rows = [row for line in found.values() for row in line.values()]
    # What lies before the first result of all says nothing.
    first = min((periods.index(row.period) for row in rows), default=0)
    periods = periods[first:]
    engine = engine_instrument(max(rows, key=lambda row: row.instrument_id).instrument) if rows else None
    gates = [rule.gates[0].required for rule in engine.predicates] if engine is not None else []
    between = charts.scale_of([from_units(row.score_sum) for row in rows], gates)
    lines = [_line(child, periods, found[child.pk], gates, between) for child in below if child.kind == kind]
    ordered = sorted(lines, key=lambda entry: (entry[0] is None, entry[0] or 0, not entry[1].last, entry[1].unit.name))
    return TrendsBelow(
        unit=unit,
        kind_label=str(kind.label),
        periods=tuple(short_period(period.name) for period in periods),
        lines=tuple(line for _, line in ordered),
        fell=sum(moved is not None and moved < 0 for moved, _ in lines),
        rose=sum(moved is not None and moved > 0 for moved, _ in lines),
        gates=gate_words(engine) if engine is not None else (),
        scale=(charts.trimmed(between[0]), charts.trimmed(between[1])),
    )


def _rows(
    units: list[Unit], periods: list[Period], code: str, layers: tuple[Layer, ...]
) -> dict[int, dict[int, UnitScore]]:
    """Read the result of each unit's own counting sheet by period, of the first layer that has one (one query)."""
    rows = UnitScore.objects.filter(
        unit__in=units, period__in=periods, instrument__code=code, layer__in=layers, counting__isnull=False
    )
    known: dict[int, dict[int, UnitScore]] = defaultdict(dict)
    # The last one written stands: the layer that counts most, of the newest version.
    order = {layer.value: -place for place, layer in enumerate(layers)}
    for row in sorted(
        rows.select_related("instrument", "period").defer("instrument__definition"),
        key=lambda row: (order[row.layer], row.instrument_id),
    ):
        known[row.unit_id][row.period_id] = row
    return known


def _line(
    unit: Unit,
    periods: list[Period],
    rows: dict[int, UnitScore],
    gates: list[Fraction],
    between: tuple[Fraction, Fraction],
) -> tuple[Fraction | None, SmallTrend]:
    """Draw one unit, and return it with by how much it moved."""
    there = [(place, period, rows[period.pk]) for place, period in enumerate(periods) if period.pk in rows]
    results = [
        charts.Result(Fraction(place), from_units(row.score_sum), f"{period.name}: {_text(row)}", _why(row), _run(row))
        for place, period, row in there
    ]
    chart = charts.line_chart(
        [("supervision", results)], [period.name for period in periods], gates, box=charts.SMALL, between=between
    )
    moved, move = None, None
    if len(there) > 1 and _run(there[-1][2]) == _run(there[-2][2]):
        before, after = there[-2][2], there[-1][2]
        moved = from_units(after.score_sum - before.score_sum)
        move = Move.of(moved, side_by_side(after.counting_id, before.counting_id))
    last = there[-1] if there else None
    return moved, SmallTrend(
        unit=unit,
        chart=chart,
        last=_text(last[2]) if last else "",
        url=_why(last[2]) if last else "",
        last_period=last[1].name if last and last[1] is not periods[-1] else "",
        move=move,
        cells=tuple(_cell(period, rows.get(period.pk)) for period in periods),
        note=_note(there),
    )  # fmt: skip


def _note(there: list[tuple[int, Period, UnitScore]]) -> str:
    if not there:
        return "Belum ada hasil"
    if len(there) == 1:
        return "Baru satu hasil"
    return "" if _run(there[-1][2]) == _run(there[-2][2]) else "Instrumen atau lapisan berganti"


def _run(row: UnitScore) -> tuple[object, ...]:
    return row.instrument_id, row.layer


def _text(row: UnitScore) -> str:
    return score_text(engine_instrument(row.instrument), from_units(row.score_sum))


def _why(row: UnitScore) -> str:
    return of_sheet(row.counting_id, "total")


def _cell(period: Period, row: UnitScore | None) -> Cell:
    return Cell(period.name, _text(row), _why(row)) if row is not None else Cell(period.name, "", "")
