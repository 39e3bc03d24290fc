"""The units directly below on a dashboard: ranking, heat map, coverage, and where to go first."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from django.utils import dateformat

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, Period, UnitScore, Visit, VisitStatus
from supervisi.pages.dashboard_changes import Changes, read_changes
from supervisi.pages.dashboard_data import LKE, POLSEK, DashboardData, Rows
from supervisi.pages.figures import Linked, findings_of, mean_of, moved, visits_of, why
from supervisi.scoring.instrument import Instrument
from supervisi.scoring.rounding import UNITS, shown
from wbbm.organisasi.models import Unit, UnitKind

_LONG_AGO_DAYS = 120
_MOST_ATTENTION = 3
# Which kind of children a table is made of, the nearest first, and what they are called.
_KINDS = (UnitKind.POLSEK, UnitKind.POLRES, UnitKind.POLDA)
_LAYER_MARKS = {Layer.TPI: "TPI", Layer.SELF: "mandiri"}
_OPEN_ORDER = {VisitStatus.ONGOING: 0, VisitStatus.DONE: 0, VisitStatus.PLANNED: 1}


@dataclass(frozen=True)
class Cell:
    """One cell of the heat map: its area, whole percent, cut off, its band, and where it is worked out."""

    key: str
    text: str
    band: int
    why: str


@dataclass(frozen=True)
class Station:
    """One unit below: ranked with its cells, or with the words that say why it is not."""

    unit: Unit
    # Empty where the viewer doesn't reach the unit any more.
    url: str
    name: str
    rank: int
    score: str
    # Which layer a district's score comes from, or of how many units a mean is.
    source: str
    cells: tuple[Cell, ...]
    # Where the score is worked out; empty out of reach.
    why: str
    delta: str
    delta_word: str
    # What moved it.
    moved: str
    # Why it has no rank, and where to see that.
    note: Linked
    # The score of the period before, where there is none now.
    earlier: Linked | None = None


@dataclass(frozen=True)
class Coverage:
    """How many of the units were visited in the period."""

    ring: charts.Ring
    done: int
    due: int
    ongoing: int
    planned: int
    none: int
    # The visits of the period.
    url: str


@dataclass(frozen=True)
class Attention:
    """A unit to go to first, and why."""

    unit: Unit
    score: Linked
    reasons: tuple[Linked, ...]


@dataclass(frozen=True)
class StationTable:
    """The table of the units below."""

    kind_label: str
    total: int
    instrument: Instrument | None
    columns: tuple[str, ...]
    stations: tuple[Station, ...]
    ranked: int
    since: str
    since_short: str
    coverage: Coverage | None
    changes: Changes
    attention: tuple[Attention, ...]


@dataclass(frozen=True)
class _Frame:
    """What all lines of a table share: the units, their rows now and before, the period and the one before."""

    data: DashboardData
    kind: UnitKind
    units: tuple[Unit, ...]
    now: Rows
    before: Rows
    period: Period | None
    period_before: Period | None
    visits: dict[int, Visit]
    # The last day of each unit's latest visit that took place.
    seen: dict[int, datetime.date]
    instrument: Instrument | None

    @cached_property
    def means(self) -> dict[int, Fraction]:
        """The score of each unit that has one."""
        return _means(self.now)

    @cached_property
    def means_before(self) -> dict[int, Fraction]:
        """The same, of the period before."""
        return _means(self.before)

    @cached_property
    def cells(self) -> dict[int, tuple[Cell, ...]]:
        """The cells of each unit with a score."""
        if self.instrument is None:
            return {}
        weights = [(area.key, self.instrument.area_weight(area.key)) for area in self.instrument.areas]
        rows = ((unit, self.now.of(unit)) for unit in self.units)
        return {
            unit.pk: tuple(_cell(key, weight, row, _why(self, unit, row, f"a-{key}")) for key, weight in weights)
            for unit, row in rows
            if row is not None and row.units_submitted
        }


def station_table(data: DashboardData) -> StationTable | None:
    """Build the table of the units directly below, or None when none of them is a Polsek, Polres or Polda."""
    children = (*data.children_in(data.quarter), *data.children_in(data.year))
    kind = next((kind for kind in _KINDS if any(child.kind == kind for child in children)), None)
    if kind is None:
        return None
    frame = _frame(data, kind)
    ranked = sorted(
        (unit for unit in frame.units if unit.pk in frame.means), key=lambda unit: (-frame.means[unit.pk], unit.name)
    )
    lines = _ranked_lines(frame, ranked)
    rest = sorted((unit for unit in frame.units if unit.pk not in frame.means), key=lambda unit: _order(frame, unit))
    areas = frame.instrument.areas if frame.instrument is not None and ranked else ()
    return StationTable(
        kind_label=kind.label,
        total=len(frame.units),
        instrument=frame.instrument,
        columns=tuple(f"{area.key} {area.short}" if area.key in "123456" else area.short for area in areas),
        stations=(*lines, *(_unranked_line(frame, unit) for unit in rest)),
        ranked=len(ranked),
        since=frame.period_before.name if frame.period_before else "",
        since_short=short_period(frame.period_before.name) if frame.period_before else "",
        coverage=_coverage(frame),
        changes=read_changes(ranked, frame.now, frame.before, data.out_of_reach),
        attention=_attention(frame),
    )


def _frame(data: DashboardData, kind: UnitKind) -> _Frame:
    if kind == UnitKind.POLSEK:
        period, before = data.quarter, data.quarter_before
        now = data.select(period, Layer.SUPERVISION, code=POLSEK)
        earlier = data.select(before, Layer.SUPERVISION, code=POLSEK)
    else:
        period, before = data.year, data.year_before
        now, earlier = _lke_rows(data, period), _lke_rows(data, before)
    day = min(period.last_day, data.today) if period is not None else data.today
    units = tuple(
        child
        for child in data.children_in(period)
        if child.kind == kind and (child.is_active_on(day) or _counts(now.of(child)))
    )
    sample = next(iter([*now.by_unit.values(), *earlier.by_unit.values()]), None)
    instrument = engine_instrument(sample.instrument) if sample is not None else None
    visits, seen = latest_visits(data), _last_seen(data)
    return _Frame(data, kind, units, now, earlier, period, before, visits, seen, instrument)


def _lke_rows(data: DashboardData, period: Period | None) -> Rows:
    """Return each unit's LKE by `tpi` where there is one, else `self`."""
    own, tpi = (data.select(period, layer, code=LKE).by_unit for layer in (Layer.SELF, Layer.TPI))
    return Rows(own | {unit: row for unit, row in tpi.items() if row.units_submitted})


def _counts(row: UnitScore | None) -> bool:
    return row is not None and row.units_submitted > 0


def _means(rows: Rows) -> dict[int, Fraction]:
    """Return each unit's score: of its own counting sheet, or the mean of those in its subtree."""
    return {pk: mean_of(row) for pk, row in rows.by_unit.items() if row.units_submitted}


def score_text(instrument: Instrument, value: Fraction) -> str:
    """Write a total so that a gate it misses is not rounded over."""
    return shown(value, gate=charts.nearest_missed(value, [rule.gates[0].required for rule in instrument.predicates]))


def _url(frame: _Frame, unit: Unit) -> str:
    return "" if unit.pk in frame.data.out_of_reach else unit.get_absolute_url()


def _why(frame: _Frame, unit: Unit, row: UnitScore, anchor: str = "total") -> str:
    """Return where a unit's score is worked out."""
    return "" if unit.pk in frame.data.out_of_reach else why(row, anchor)


def _moved(frame: _Frame, unit: Unit) -> str:
    """Return where it is told what moved a unit's score since the period before."""
    now, before = frame.now.of(unit), frame.before.of(unit)
    if now is None or before is None or unit.pk in frame.data.out_of_reach:
        return ""
    return moved(now, before)


def _name(unit: Unit) -> str:
    """Return the name without the kind that stands above the column."""
    return unit.name.removeprefix(f"{UnitKind(unit.kind).label} ")


# --- lines --------------------------------------------------------------------------------------------------


def _ranked_lines(frame: _Frame, ranked: list[Unit]) -> list[Station]:
    """Make the ranked lines; equal scores share a rank."""
    assert frame.instrument is not None or not ranked  # a unit with a score has a row
    lines: list[Station] = []
    rank, above = 0, None
    for place, unit in enumerate(ranked, start=1):
        row, score = frame.now.of(unit), frame.means[unit.pk]
        assert row is not None and frame.instrument is not None  # only units with one are ranked
        rank, above = rank if score == above else place, score
        delta, word = _delta(score, frame.means_before.get(unit.pk))
        lines.append(
            Station(
                unit=unit,
                url=_url(frame, unit),
                name=_name(unit),
                rank=rank,
                score=score_text(frame.instrument, score),
                source=_source(frame, row),
                cells=frame.cells[unit.pk],
                why=_why(frame, unit, row),
                delta=delta,
                delta_word=word,
                moved=_moved(frame, unit),
                note=Linked(""),
            )
        )
    return lines


def _source(frame: _Frame, row: UnitScore) -> str:
    if frame.kind == UnitKind.POLSEK:
        return ""
    mark = _LAYER_MARKS[Layer(row.layer)]
    return f"{mark}, {row.units_submitted} dari {row.units_due}" if frame.kind == UnitKind.POLDA else mark


def _cell(key: str, weight: Fraction, row: UnitScore, why_so: str) -> Cell:
    share = Fraction(row.areas.get(key, 0) * 100, UNITS * row.units_submitted) / weight
    return Cell(key, str(charts.cut(share)), charts.band(share), why_so)


def _delta(score: Fraction, before: Fraction | None) -> tuple[str, str]:
    if before is None:
        return "", ""
    moved = score - before
    text = shown(abs(moved), places=1)
    if text == "0,0" and moved:
        text = shown(abs(moved))
    return text, "naik" if moved > 0 else "turun" if moved < 0 else "tetap"


def _unranked_line(frame: _Frame, unit: Unit) -> Station:
    note, earlier = Linked(_state_words(frame, unit), _state_url(frame, unit)), None
    before, row = frame.means_before.get(unit.pk), frame.before.of(unit)
    if before is not None and row is not None and frame.period_before is not None and frame.instrument is not None:
        words = f"{frame.period_before.name}: {score_text(frame.instrument, before)}"
        earlier = Linked(words, _why(frame, unit, row))
    return Station(unit, _url(frame, unit), _name(unit), 0, "", "", (), "", "", "", "", note, earlier)


def _state_words(frame: _Frame, unit: Unit) -> str:
    row = frame.now.of(unit)
    progress = f"{row.items_answered} dari {row.items_due} butir" if row is not None and row.items_due else ""
    if frame.kind != UnitKind.POLSEK:
        return f"LKE sedang diisi: {progress}" if progress else "LKE belum diserahkan"
    if frame.data.has_moved(unit):
        return f"Tanpa hasil; kini tidak lagi di bawah {frame.data.unit}"
    visit = frame.visits.get(unit.pk)
    if visit is None:
        return "Belum pernah dikunjungi"
    if not _is_of_period(frame, visit):
        return f"Belum dijadwalkan, {(frame.data.today - visit.last_day).days} hari sejak kunjungan terakhir"
    if visit.status == VisitStatus.PLANNED:
        days = (frame.data.today - visit.last_day).days
        late = f", lewat {days} hari" if days > 0 else ""
        return f"Terjadwal {day_words(visit.starts_on)}{late}"
    is_ongoing = visit.status == VisitStatus.ONGOING
    words = "Kunjungan berjalan" if is_ongoing else "Kunjungan selesai, lembar belum diserahkan"
    return f"{words}: {progress or 'belum diisi'}"


def _state_url(frame: _Frame, unit: Unit) -> str:
    """Return where to see what the words of a unit's state count."""
    visit = frame.visits.get(unit.pk)
    if frame.kind != UnitKind.POLSEK or visit is None:
        return _url(frame, unit)
    return visits_of(cari=unit.name) if unit.pk in frame.data.out_of_reach else visit.get_absolute_url()


def _order(frame: _Frame, unit: Unit) -> tuple[int, datetime.date, str]:
    """Order what is not ranked: under way, then scheduled by day, then the rest."""
    visit = frame.visits.get(unit.pk)
    if visit is None or not _is_of_period(frame, visit):
        return 2, datetime.date.max, unit.name
    return _OPEN_ORDER.get(VisitStatus(visit.status), 2), visit.starts_on, unit.name


def _is_of_period(frame: _Frame, visit: Visit) -> bool:
    return frame.period is not None and visit.period_id == frame.period.pk


def short_period(name: str) -> str:
    """Shorten the name of a quarter for the head of a column or an axis: Triwulan III 2026 becomes TW III/26."""
    words = name.split()
    if len(words) == 3 and words[0] == "Triwulan" and words[2].isdigit():
        return f"TW {words[1]}/{words[2][-2:]}"
    return name


def day_words(day: datetime.date) -> str:
    """Write a day of this year: 22 September."""
    return dateformat.format(day, "j F")


def latest_visits(data: DashboardData) -> dict[int, Visit]:
    """Return each unit's visit of the period shown, else its latest one."""
    found: dict[int, Visit] = {}
    for visit in data.visits:
        known = found.get(visit.unit_id)
        in_period = data.quarter is not None and visit.period_id == data.quarter.pk
        if known is None or (in_period and known.period_id != visit.period_id):
            found[visit.unit_id] = visit
    return found


# --- coverage and attention -----------------------------------------------------------------------------------


def _coverage(frame: _Frame) -> Coverage | None:
    if not frame.units or frame.kind != UnitKind.POLSEK or frame.period is None:
        return None
    done = sum(_counts(frame.now.of(unit)) for unit in frame.units)
    states = [
        frame.visits[unit.pk].status
        for unit in frame.units
        if not _counts(frame.now.of(unit)) and unit.pk in frame.visits and _is_of_period(frame, frame.visits[unit.pk])
    ]
    planned = states.count(VisitStatus.PLANNED)
    ongoing = len(states) - planned
    due = len(frame.units)
    return Coverage(
        ring=charts.progress_ring(done, due, f"{done} dari {due} Polsek selesai disupervisi"),
        done=done,
        due=due,
        ongoing=ongoing,
        planned=planned,
        none=due - done - ongoing - planned,
        url=visits_of(periode=frame.period.pk),
    )


def _attention(frame: _Frame) -> tuple[Attention, ...]:
    """Name the units to go to first: areas below 60 %, late findings, then those not seen for long."""
    found: list[tuple[int, int, Attention]] = []
    for unit in frame.units:
        if frame.data.has_moved(unit):
            continue
        low, late = _low_areas(frame, unit), frame.data.findings.late_below.get(unit.path, 0)
        seen = frame.seen.get(unit.pk)
        days = max(0, (frame.data.today - seen).days) if seen is not None else None
        reasons: list[Linked] = []
        if low:
            row = frame.now.of(unit)
            reasons.append(Linked(f"{low} area di bawah 60%", _why(frame, unit, row) if row is not None else ""))
        if late:
            reasons.append(Linked(f"{late} temuan lewat tenggat", findings_of(unit, "lewat")))
        if frame.kind == UnitKind.POLSEK and (days is None or days > _LONG_AGO_DAYS):
            words = "belum pernah dikunjungi" if days is None else f"{days} hari sejak kunjungan terakhir"
            reasons.append(Linked(words, visits_of(cari=unit.name)))
        if reasons:
            entry = Attention(unit, _linked_score(frame, unit), tuple(reasons))
            found.append((-(low * 3 + late), -(days or 999), entry))
    found.sort(key=lambda entry: (entry[0], entry[1], entry[2].unit.name))
    return tuple(entry[2] for entry in found[:_MOST_ATTENTION])


def _linked_score(frame: _Frame, unit: Unit) -> Linked:
    mean, row = frame.means.get(unit.pk), frame.now.of(unit)
    if mean is None or row is None or frame.instrument is None:
        return Linked("")
    return Linked(score_text(frame.instrument, mean), _why(frame, unit, row))


def _last_seen(data: DashboardData) -> dict[int, datetime.date]:
    """Return the last day of each unit's latest visit that took place."""
    seen: dict[int, datetime.date] = {}
    for visit in data.visits:
        if visit.status != VisitStatus.PLANNED and visit.starts_on <= data.today:
            seen[visit.unit_id] = max(visit.last_day, seen.get(visit.unit_id, visit.last_day))
    return seen


def _low_areas(frame: _Frame, unit: Unit) -> int:
    return sum(cell.band == 1 for cell in frame.cells.get(unit.pk, ()))
