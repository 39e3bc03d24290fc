"""A unit over periods and visits: every result that may be seen, layers apart, each leading to its derivation."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from django.db.models import Q
from django.utils import dateformat

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Layer, Period, UnitScore
from supervisi.pages.dashboard_data import OVERSEERS
from supervisi.pages.dashboard_stations import score_text, short_period
from supervisi.pages.figures import mean_of, of_mean, of_sheet, side_by_side
from supervisi.pages.layers import signed
from supervisi.scoring.instrument import PERCENT, Area, Instrument
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.models import Role, Unit, User

# So many periods fit on the axis of a phone.
MOST_PERIODS = 8
_MEAN = "mean"
_NAMES = {
    Layer.SUPERVISION.value: "Supervisi", Layer.TPI.value: "TPI", Layer.SELF.value: "Mandiri", _MEAN: "Rerata",
}  # fmt: skip


@dataclass(frozen=True)
class Move:
    """How a result moved since the one before on its line, and where it is told whose answers did it."""

    text: str
    tone: str
    url: str

    @classmethod
    def of(cls, points: Fraction, url: str) -> Move:
        """Write a move with its sign."""
        return cls(signed(points), "up" if points > 0 else "down" if points < 0 else "", url)


@dataclass(frozen=True)
class Mark:
    """One result in the table: period, what it is of, total and areas, and how the total moved."""

    name: str
    note: str
    layer: str
    total: str
    url: str
    # Percent of each area with its place in the derivation; nothing for a mean.
    areas: tuple[tuple[str, str, str], ...]
    move: Move | None
    version: str


@dataclass(frozen=True)
class Key:
    """A line in the legend, with its latest result."""

    key: str
    name: str
    last: str
    url: str
    move: Move | None


@dataclass(frozen=True)
class AreaTrend:
    """One area in small: its lines, and the latest percent with how it moved."""

    label: str
    last: str
    url: str
    move: Move | None
    chart: charts.Lines


@dataclass(frozen=True)
class Block:
    """The results by one instrument: a chart of the total, small ones of the areas, and the table, newest first."""

    key: str
    title: str
    is_official: bool
    label: str
    chart: charts.Lines
    keys: tuple[Key, ...]
    areas: tuple[AreaTrend, ...]
    columns: tuple[str, ...]
    marks: tuple[Mark, ...]
    gates: tuple[str, ...]
    has_versions: bool
    # Not one line has two results: nothing moved yet.
    is_single: bool


@dataclass(frozen=True)
class TrendPage:
    """What the page shows; without blocks nothing may be seen yet."""

    unit: Unit
    blocks: tuple[Block, ...]
    reads_below: bool


@dataclass(frozen=True)
class _Seen:
    """One result: of a sheet, or a mean of those below."""

    period: Period
    key: str
    value: Fraction
    instrument: Instrument
    # What must be the same for two results to be joined and compared.
    run: tuple[object, ...]
    version: str
    day: datetime.date | None
    sheet: int | None
    areas: dict[str, Fraction]
    note: str

    @property
    def url(self) -> str:
        """Where the result is worked out."""
        if self.sheet is not None:
            return of_sheet(self.sheet)
        return ""


def read_trend(user: User, unit_id: int) -> TrendPage | None:
    """Read a unit's results over time, or None when it is out of the person's sight (at most four queries)."""
    in_sight = user.scope.within("path", *OVERSEERS) | user.scope.at("path", Role.OPERATOR)
    unit = Unit.objects.filter(in_sight, pk=unit_id).first()
    if unit is None:
        return None
    reads_below = user.scope.posting_over(unit, *OVERSEERS) is not None and unit.numchild > 0
    seen = [*_own_results(user, unit), *(_means(user, unit) if reads_below else ())]
    groups: dict[tuple[bool, str], list[_Seen]] = defaultdict(list)
    for result in seen:
        groups[result.key == _MEAN, result.instrument.code].append(result)
    blocks = [_block(unit, group) for _, group in sorted(groups.items(), key=lambda entry: entry[0])]
    return TrendPage(unit, tuple(blocks), reads_below)


# --- what there is ------------------------------------------------------------------------------------


def _own_results(user: User, unit: Unit) -> Iterable[_Seen]:
    """Read the unit's own sheets that the viewer may see the score of (two queries)."""
    sheets = Checklist.objects.visible_to(user).counting_candidates().filter(unit=unit, score__isnull=False)
    counting = set(
        UnitScore.objects.filter(unit=unit, counting__isnull=False).order_by().values_list("counting", flat=True)
    )
    for sheet in sheets.with_frame().select_related("score"):
        engine = engine_instrument(sheet.instrument)
        day = sheet.visit.starts_on if sheet.visit is not None else None
        words = [f"kunjungan {dateformat.format(day, 'j F Y')}"] if day is not None else []
        if sheet.pk not in counting:
            words.append("tidak dihitung")
        yield _Seen(
            period=sheet.period,
            key=sheet.layer,
            value=from_units(sheet.score.complete),
            instrument=engine,
            run=(sheet.instrument_id,),
            version=sheet.instrument.label,
            day=day,
            sheet=sheet.pk,
            areas={area.key: _percent(engine, area, sheet.score.areas[area.key][0]) for area in engine.areas},
            note=", ".join(words),
        )


def _percent(engine: Instrument, area: Area, complete: int) -> Fraction:
    return from_units(complete) * 100 / engine.area_weight(area.key)


def _means(user: User, unit: Unit) -> Iterable[_Seen]:
    """Read the means of what lies below (one query); nobody gets to know by one what his own unit must not know."""
    if any(path != unit.path and path.startswith(unit.path) for path in user.scope.standing_paths):
        return
    tops = Q(layer=Layer.SUPERVISION) | Q(layer=Layer.TPI)
    rows = UnitScore.objects.filter(tops, unit=unit, counting__isnull=True, units_submitted__gt=0)
    for row in rows.select_related("period", "instrument").defer("instrument__definition"):
        engine = engine_instrument(row.instrument)
        kind = "Polsek" if row.layer == Layer.SUPERVISION else "Polres"
        yield _Seen(
            period=row.period,
            key=_MEAN,
            value=mean_of(row),
            instrument=engine,
            run=(row.instrument_id,),
            version=row.instrument.label,
            day=None,
            sheet=None,
            areas={},
            note=f"{row.units_submitted} dari {row.units_due} {kind}",
        )


# --- one instrument -----------------------------------------------------------------------------------


def _block(unit: Unit, found: list[_Seen]) -> Block:
    """Draw the results by one instrument over its last periods."""
    found.sort(key=lambda each: (each.period.first_day, each.day or each.period.first_day, each.sheet or 0))
    periods = list(dict.fromkeys(each.period for each in found))[-MOST_PERIODS:]
    found = [each for each in found if each.period in periods]
    engine, is_mean = found[-1].instrument, found[-1].key == _MEAN
    gates = [rule.gates[0].required for rule in engine.predicates]
    lines = [(key, [each for each in found if each.key == key]) for key in _NAMES if any(e.key == key for e in found)]
    ticks = [short_period(period.name).removeprefix("TW ").removeprefix("Tahun ") for period in periods]
    drawn = [(key, _results(unit, line, periods)) for key, line in lines]
    values = [each.value for each in found]
    moves = {id(after): _move(before, after) for _, line in lines for before, after in _pairs(line)}
    name = engine.name.partition(":")[0]
    return Block(
        key=f"{'rerata-' if is_mean else ''}{engine.code}",
        title=f"Rerata di bawah {unit.name}, {name}" if is_mean else name,
        is_official=engine.is_official,
        label="; ".join(
            f"{_NAMES[key]}: " + ", ".join(f"{each.period.name} {_total(each)}" for each in line) for key, line in lines
        ),
        chart=charts.line_chart(drawn, ticks, gates, box=charts.WIDE, between=charts.scale_of(values, gates)),
        keys=tuple(_key(unit, key, line[-1], moves.get(id(line[-1]))) for key, line in lines),
        areas=() if is_mean else _areas(engine, lines, periods),
        columns=() if is_mean else tuple(f"{area.key}. {area.short}" for area in engine.areas),
        marks=tuple(_mark(unit, each, moves.get(id(each))) for each in reversed(found)),
        gates=gate_words(engine),
        has_versions=len({each.run for each in found}) > 1,
        is_single=all(len(line) < 2 for _, line in lines),
    )  # fmt: skip


def gate_words(engine: Instrument) -> tuple[str, ...]:
    """Name the limits of the total: WBK 75, WBBM 85."""
    return tuple(
        f"{rule.label.removesuffix(' (internal)').removeprefix('Siap mendukung ')} "
        f"{charts.trimmed(rule.gates[0].required)}"
        for rule in engine.predicates
    )


def _pairs(line: Sequence[_Seen]) -> Iterable[tuple[_Seen, _Seen]]:
    """Return neighbours of one version of the instrument."""
    return ((before, after) for before, after in pairwise(line) if before.run == after.run)


def _results(unit: Unit, line: list[_Seen], periods: list[Period]) -> list[charts.Result]:
    """Place the results of one line: several of a period stand side by side within its step."""
    return [
        charts.Result(at, each.value, f"{each.period.name}: {_total(each)}", _url(unit, each), each.run)
        for at, each in _placed(line, periods)
    ]


def _placed(line: list[_Seen], periods: list[Period]) -> Iterable[tuple[Fraction, _Seen]]:
    for place, period in enumerate(periods):
        there = [each for each in line if each.period == period]
        for number, each in enumerate(there):
            # The last one stands on the step itself, those before to its left.
            yield max(Fraction(0), place - Fraction(len(there) - 1 - number, 2 * len(there))), each


def _url(unit: Unit, each: _Seen) -> str:
    if each.sheet is None:
        return of_mean(unit.pk, each.period.pk)
    return f"{each.url}#total"


def _total(each: _Seen) -> str:
    return score_text(each.instrument, each.value)


def _move(before: _Seen, after: _Seen) -> Move:
    return _moved(before, after, after.value - before.value)


def _moved(before: _Seen, after: _Seen, between: Fraction) -> Move:
    url = ""
    if before.sheet is not None and after.sheet is not None:
        url = side_by_side(after.sheet, before.sheet)
    return Move.of(between, url)


def _key(unit: Unit, key: str, last: _Seen, move: Move | None) -> Key:
    return Key(key, _NAMES[key], _total(last), _url(unit, last), move)


def _mark(unit: Unit, each: _Seen, move: Move | None) -> Mark:
    engine = each.instrument
    areas = [
        (f"{area.key}. {area.short}", f"{shown(each.areas[area.key])}%", f"{each.url}#a-{area.key}")
        for area in engine.areas
        if area.key in each.areas
    ]
    return Mark(
        each.period.name, each.note, _NAMES[each.key], _total(each), _url(unit, each), tuple(areas), move, each.version
    )


# --- areas --------------------------------------------------------------------------------------------


def _areas(engine: Instrument, lines: list[tuple[str, list[_Seen]]], periods: list[Period]) -> tuple[AreaTrend, ...]:
    """Draw each area of all layers in small, on one scale."""
    gates = {area.key: _area_gates(engine, area) for area in engine.areas}
    values = [value for _, line in lines for each in line for value in each.areas.values()]
    between = charts.scale_of(values, [gate for limits in gates.values() for gate in limits])
    return tuple(_area(area, lines, periods, gates[area.key], between) for area in engine.areas)


def _area_gates(engine: Instrument, area: Area) -> list[Fraction]:
    return [
        gate.required
        for rule in engine.predicates
        for gate in rule.gates
        if gate.code == area.key and gate.measure == PERCENT
    ]


def _area(
    area: Area,
    lines: list[tuple[str, list[_Seen]]],
    periods: list[Period],
    gates: list[Fraction],
    between: tuple[Fraction, Fraction],
) -> AreaTrend:
    """Draw one area; its figure is of the first line."""
    known = [(key, [each for each in line if area.key in each.areas]) for key, line in lines]
    drawn = [
        (key, [charts.Result(at, each.areas[area.key], f"{each.period.name}: {shown(each.areas[area.key])}%",
                             f"{each.url}#a-{area.key}", each.run) for at, each in _placed(line, periods)])
        for key, line in known
    ]  # fmt: skip
    line = known[0][1]
    last = line[-1] if line else None
    is_moved = len(line) > 1 and line[-1].run == line[-2].run
    return AreaTrend(
        label=f"{area.key}. {area.label}",
        last=f"{shown(last.areas[area.key])}%" if last else "",
        url=f"{last.url}#a-{area.key}" if last else "",
        move=_moved(line[-2], line[-1], line[-1].areas[area.key] - line[-2].areas[area.key]) if is_moved else None,
        chart=charts.line_chart(drawn, [period.name for period in periods], gates, box=charts.SMALL, between=between),
    )
