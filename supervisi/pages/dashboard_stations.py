"""The units below on a dashboard: ranking, heat map, coverage, what fell, who is late."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils import dateformat

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, UnitScore, Visit, VisitStatus
from supervisi.pages.dashboard_data import DashboardData, Rows
from supervisi.scoring.instrument import Instrument
from supervisi.scoring.rounding import UNITS, from_units, shown
from wbbm.organisasi.models import Unit, UnitKind

LKE, POLSEK = "lke-2021", "polsek-2026"
_LONG_AGO_DAYS = 120
_MOST_CHANGES = 6


@dataclass(frozen=True)
class Cell:
    """One cell of the heat map: whole percent, cut off, and its band."""

    text: str
    band: int


@dataclass(frozen=True)
class Station:
    """One unit below: ranked with its cells, or with the words that say why it is not."""

    unit: Unit
    rank: int
    score: str
    cells: tuple[Cell, ...]
    delta: str
    delta_word: str
    note: str


@dataclass(frozen=True)
class Change:
    """An item that fell or rose at a unit since its last counting sheet."""

    unit: Unit
    item: str
    question: str
    points: str
    before: str
    after: str


@dataclass(frozen=True)
class Coverage:
    """How many of the units were visited in the period."""

    ring: charts.Ring
    done: int
    due: int
    ongoing: int
    planned: int
    none: int


@dataclass(frozen=True)
class Attention:
    """A unit to go to first, and why."""

    unit: Unit
    score: str
    reason: str


@dataclass(frozen=True)
class StationTable:
    """The table of the units below."""

    title: str
    instrument: Instrument
    columns: tuple[str, ...]
    stations: tuple[Station, ...]
    ranked: int
    since: str
    coverage: Coverage | None
    fell: tuple[Change, ...]
    rose: tuple[Change, ...]
    fell_total: int
    attention: tuple[Attention, ...]


@dataclass(frozen=True)
class Late:
    """Something past its day."""

    label: str
    unit: Unit
    detail: str
    days: int


def station_table(data: DashboardData) -> StationTable | None:
    """Build the table of the units directly below, or None when none of them owes a sheet."""
    stations = [child for child in data.children if child.kind == UnitKind.POLSEK]
    districts = [child for child in data.children if child.kind == UnitKind.POLRES]
    if stations:
        now = data.select(data.quarter, Layer.SUPERVISION, code=POLSEK)
        before = data.select(data.quarter_before, Layer.SUPERVISION, code=POLSEK)
        since = data.quarter_before.name if data.quarter_before else ""
        return _table(data, f"Peringkat dan peta {len(stations)} Polsek", stations, now, before, since)
    if districts:
        now, before = _lke_rows(data)
        since = data.year_before.name if data.year_before else ""
        return _table(data, f"Peringkat dan peta {len(districts)} Polres", districts, now, before, since)
    return None


def _lke_rows(data: DashboardData) -> tuple[Rows, Rows]:
    """Return each district's LKE by `tpi`, else `self`, of the year and of the year before."""

    def of(period: object) -> Rows:
        both = data.select(period, Layer.SELF, code=LKE).by_unit | {  # type: ignore[arg-type]
            unit: row
            for unit, row in data.select(period, Layer.TPI, code=LKE).by_unit.items()  # type: ignore[arg-type]
            if row.counting_id
        }
        return Rows(both)

    return of(data.year), of(data.year_before)


def _table(
    data: DashboardData, title: str, units: list[Unit], now: Rows, before: Rows, since: str
) -> StationTable | None:
    sample = next(iter([*now.by_unit.values(), *before.by_unit.values()]), None)
    if sample is None:
        return None
    instrument = engine_instrument(sample.instrument)
    visits = _latest_visits(data)
    ranked = sorted(
        (unit for unit in units if _counts(now.of(unit))), key=lambda unit: (-_score(now.of(unit)), unit.name)
    )
    lines = [
        _ranked(instrument, unit, rank, now.of(unit), before.of(unit)) for rank, unit in enumerate(ranked, start=1)
    ]
    rest = [unit for unit in units if unit not in ranked]
    lines += [_unranked(data, unit, now.of(unit), before.of(unit), visits) for unit in rest]
    fell, rose = _changes(ranked, now)
    return StationTable(
        title=title,
        instrument=instrument,
        columns=tuple(f"{area.key} {area.short}" if area.key in "123456" else area.short for area in instrument.areas),
        stations=tuple(lines),
        ranked=len(ranked),
        since=since,
        coverage=_coverage(data, units, now),
        fell=tuple(fell[:_MOST_CHANGES]),
        rose=tuple(rose[:_MOST_CHANGES]),
        fell_total=len(fell),
        attention=_attention(data, units, now, before, visits),
    )


def _counts(row: UnitScore | None) -> bool:
    return row is not None and row.counting_id is not None


def _score(row: UnitScore | None) -> int:
    """Return the complete score of the unit's own counting sheet: at a leaf the sum is its own."""
    return row.score_sum if row is not None else 0


def _ranked(instrument: Instrument, unit: Unit, rank: int, row: UnitScore | None, before: UnitScore | None) -> Station:
    assert row is not None  # only units with a counting sheet are ranked
    cells = tuple(_cell(instrument, area.key, row) for area in instrument.areas)
    delta, word = _delta(row, before)
    return Station(unit, rank, _against_gates(instrument, row.score_sum), cells, delta, word, "")


def _against_gates(instrument: Instrument, stored: int) -> str:
    """Write a total so that a gate it misses is not rounded over."""
    value = from_units(stored)
    missed = [rule.gates[0].required for rule in instrument.predicates if value < rule.gates[0].required]
    return shown(value, gate=min(missed, default=None))


def _cell(instrument: Instrument, key: str, row: UnitScore) -> Cell:
    percent = Fraction(row.areas.get(key, 0) * 100, UNITS) / instrument.area_weight(key)
    return Cell(str(charts.cut(percent)), charts.band(percent))


def _delta(row: UnitScore, before: UnitScore | None) -> tuple[str, str]:
    if before is None or before.counting_id is None:
        return "", ""
    moved = row.score_sum - before.score_sum
    word = "naik" if moved > 0 else "turun" if moved < 0 else "tetap"
    return shown(abs(from_units(moved)), places=1), word


def _unranked(
    data: DashboardData, unit: Unit, row: UnitScore | None, before: UnitScore | None, visits: dict[int, Visit]
) -> Station:
    note = _state_words(data, unit, row, visits)
    if before is not None and before.counting_id and (data.quarter_before or data.year_before):
        period = data.quarter_before if unit.kind == UnitKind.POLSEK else data.year_before
        if period is not None:
            note = f"{note}. {period.name}: {shown(from_units(before.score_sum))}"
    return Station(unit, 0, "", (), "", "", note)


def _state_words(data: DashboardData, unit: Unit, row: UnitScore | None, visits: dict[int, Visit]) -> str:
    if unit.kind != UnitKind.POLSEK:
        if row is not None and row.items_due:
            return f"LKE sedang diisi: {row.items_answered} dari {row.items_due} butir"
        return "LKE belum diserahkan"
    visit = visits.get(unit.pk)
    if visit is not None and data.quarter is not None and visit.period_id == data.quarter.pk:
        if visit.status == VisitStatus.PLANNED:
            return f"Terjadwal {_day(visit.starts_on)}"
        done = (
            f"{row.items_answered} dari {row.items_due} butir" if row is not None and row.items_due else "belum diisi"
        )
        word = (
            "Kunjungan berjalan"
            if visit.status == VisitStatus.ONGOING
            else "Kunjungan selesai, lembar belum diserahkan"
        )
        return f"{word}: {done}"
    if visit is None:
        return "Belum pernah dikunjungi"
    return f"Belum dijadwalkan, {(data.today - visit.last_day).days} hari sejak kunjungan terakhir"


def _day(day: datetime.date) -> str:
    return dateformat.format(day, "j F")


def _latest_visits(data: DashboardData) -> dict[int, Visit]:
    """Return each unit's visit of the period shown, else its latest one."""
    found: dict[int, Visit] = {}
    for visit in data.visits:
        known = found.get(visit.unit_id)
        in_period = data.quarter is not None and visit.period_id == data.quarter.pk
        if known is None or (in_period and known.period_id != visit.period_id):
            found[visit.unit_id] = visit
    return found


def _coverage(data: DashboardData, units: list[Unit], now: Rows) -> Coverage | None:
    if not units or units[0].kind != UnitKind.POLSEK or data.quarter is None:
        return None
    states = {visit.unit_id: visit.status for visit in reversed(data.visits) if visit.period_id == data.quarter.pk}
    done = sum(_counts(now.of(unit)) for unit in units)
    open_units = [unit for unit in units if not _counts(now.of(unit))]
    ongoing = sum(states.get(unit.pk) in {VisitStatus.ONGOING, VisitStatus.DONE} for unit in open_units)
    planned = sum(states.get(unit.pk) == VisitStatus.PLANNED for unit in open_units)
    return Coverage(
        ring=charts.progress_ring(done, len(units), f"{done} dari {len(units)} Polsek selesai"),
        done=done,
        due=len(units),
        ongoing=ongoing,
        planned=planned,
        none=len(units) - done - ongoing - planned,
    )


def _changes(units: list[Unit], now: Rows) -> tuple[list[Change], list[Change]]:
    """Return what fell, most points first, and what rose."""
    found = [(change["points"], unit, change) for unit in units for change in (now.by_unit[unit.pk].changes)]
    fell = sorted((entry for entry in found if entry[0] < 0), key=lambda entry: (entry[0], entry[1].pk))
    rose = sorted((entry for entry in found if entry[0] > 0), key=lambda entry: (-entry[0], entry[1].pk))
    return [_change(*entry) for entry in fell], [_change(*entry) for entry in rose]


def _change(points: int, unit: Unit, change: dict[str, Any]) -> Change:
    sign = "\N{MINUS SIGN}" if points < 0 else "+"
    return Change(
        unit=unit,
        item=change["item"],
        question=change["question"],
        points=f"{sign}{shown(abs(from_units(points)))}",
        before=f"{shown(from_units(change['before']) * 100, places=0)}%",
        after=f"{shown(from_units(change['after']) * 100, places=0)}%",
    )


def _attention(
    data: DashboardData, units: list[Unit], now: Rows, before: Rows, visits: dict[int, Visit]
) -> tuple[Attention, ...]:
    """Name the units to go to first: areas below 60 %, late findings, then those not seen for long."""
    found: list[tuple[int, int, Attention]] = []
    late: dict[int, int] = {}
    for finding in data.findings:
        if finding.due_on is not None and finding.due_on < data.today:
            late[finding.unit_id] = late.get(finding.unit_id, 0) + 1
    for unit in units:
        row = now.of(unit) if _counts(now.of(unit)) else before.of(unit)
        low = _low_areas(row)
        visit = visits.get(unit.pk)
        days = (data.today - visit.last_day).days if visit is not None else None
        reasons = []
        if low:
            reasons.append(f"{low} area di bawah 60%")
        if late.get(unit.pk):
            reasons.append(f"{late[unit.pk]} temuan lewat tenggat")
        if unit.kind == UnitKind.POLSEK and (days is None or days > _LONG_AGO_DAYS):
            reasons.append(f"{days} hari sejak kunjungan terakhir" if days is not None else "belum pernah dikunjungi")
        if reasons:
            score = shown(from_units(row.score_sum)) if row is not None and _counts(row) else ""
            found.append(
                (-(low * 3 + late.get(unit.pk, 0)), -(days or 999), Attention(unit, score, ", ".join(reasons)))
            )
    found.sort(key=lambda entry: (entry[0], entry[1], entry[2].unit.name))
    return tuple(entry[2] for entry in found[:3])


def _low_areas(row: UnitScore | None) -> int:
    if row is None or not _counts(row):
        return 0
    instrument = engine_instrument(row.instrument)
    return sum(
        Fraction(row.areas.get(area.key, 0), UNITS) * 100 < 60 * instrument.area_weight(area.key)
        for area in instrument.areas
    )


def late_list(data: DashboardData) -> tuple[Late, ...]:
    """List what is past its day: findings, visits not begun, sheets not handed in; the latest first."""
    found = [
        Late(
            finding.observation,
            finding.unit,
            f"{finding.owner_title}, {finding.number}",
            (data.today - finding.due_on).days,
        )
        for finding in data.findings
        if finding.due_on is not None and finding.due_on < data.today
    ]
    names = {child.pk: child for child in data.children} | {data.unit.pk: data.unit}
    for visit in data.visits:
        unit = names.get(visit.unit_id)
        if unit is not None and visit.status == VisitStatus.PLANNED and visit.last_day < data.today:
            days = (data.today - visit.last_day).days
            found.append(Late("Kunjungan belum dimulai", unit, f"dijadwalkan {_day(visit.starts_on)}", days))
    found += _missing_sheets(data)
    return tuple(sorted(found, key=lambda late: -late.days))


def _missing_sheets(data: DashboardData) -> list[Late]:
    """Units that owe a self sheet for a quarter that is over and have not handed it in."""
    period = data.quarter_before
    if period is None or period.last_day >= data.today:
        return []
    rows = data.select(period, Layer.SELF, code=POLSEK)
    days = (data.today - period.last_day).days
    return [
        Late(f"Lembar mandiri {period.name}", unit, "belum diserahkan", days)
        for unit in data.children
        if unit.kind == UnitKind.POLSEK and unit.is_active_on(period.last_day) and not _counts(rows.of(unit))
    ]
