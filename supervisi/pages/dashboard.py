"""The dashboard of a unit: is it ready, what holds it back, which unit below needs a visit."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import ChecklistScore, Layer, Period, UnitScore
from supervisi.pages.dashboard_data import DashboardData, read_dashboard
from supervisi.pages.dashboard_stations import Late, StationTable, late_list, station_table
from supervisi.scoring.instrument import PERCENT, Instrument
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.models import Unit, UnitKind, User

LKE, POLSEK = "lke-2021", "polsek-2026"
READY, HELD, NOT_YET = "ready", "held", "not-yet"
_LAYER_WORDS = {
    Layer.TPI: "penilaian TPI",
    Layer.SELF: "penilaian mandiri",
    Layer.SUPERVISION: "supervisi",
}


@dataclass(frozen=True)
class GateLine:
    """A gate as it is shown: name, what is there of what is required, the distance in points with its sign."""

    label: str
    detail: str
    gap: str
    passed: bool


@dataclass(frozen=True)
class ConditionLine:
    """A condition beside the score."""

    label: str
    note: str
    is_met: bool


@dataclass(frozen=True)
class AreaLine:
    """One of the areas with its bar, compliance and reform apart."""

    label: str
    detail: str
    percent: str
    bar: charts.Bar
    passed: bool
    gap: str


@dataclass(frozen=True)
class Verdict:
    """The answer to the page's question."""

    state: str
    title: str
    goal: str
    score: str
    required: str
    gap: str
    bar: charts.Bar
    passed: int
    total: int
    lower_line: str
    blocking: tuple[GateLine, ...]
    cleared: tuple[GateLine, ...]
    holding: tuple[str, ...]
    conditions: tuple[ConditionLine, ...]
    layer_words: str
    areas: tuple[AreaLine, ...]
    results: tuple[GateLine, ...]
    lever: str
    hasil: str
    trend: str
    instrument: Instrument
    computed_at: datetime.datetime


@dataclass(frozen=True)
class RollupLine:
    """Sums of a subtree, for units that owe no sheet themselves."""

    label: str
    submitted: int
    due: int
    mean: str
    lowest: str
    verdicts: tuple[str, ...]


@dataclass(frozen=True)
class Dashboard:
    """One unit's dashboard."""

    unit: Unit
    ancestors: tuple[Unit, ...]
    periods: tuple[Period, ...]
    period: Period | None
    verdict: Verdict | None
    # Why there is no verdict.
    no_verdict: str
    rollups: tuple[RollupLine, ...]
    stations: StationTable | None
    late: tuple[Late, ...]
    late_total: int
    computed_at: datetime.datetime | None
    is_updating: bool
    is_own_unit: bool


def build_dashboard(user: User, unit_id: int, period_id: int | None = None) -> Dashboard | None:
    """Build a unit's dashboard, or None when it is out of the person's sight."""
    data = read_dashboard(user, unit_id, period_id)
    if data is None:
        return None
    verdict = _verdict(data)
    late = late_list(data)
    moments = [row.computed_at for row in data.rows]
    return Dashboard(
        unit=data.unit,
        ancestors=data.ancestors,
        periods=tuple(period for period in data.periods if period.kind == "quarter"),
        period=data.quarter,
        verdict=verdict,
        no_verdict="" if verdict else _why_none(data),
        rollups=tuple(_rollups(data)),
        stations=station_table(data),
        late=late[:6],
        late_total=len(late),
        computed_at=max(moments, default=None),
        is_updating=data.is_updating,
        is_own_unit=data.is_own_unit,
    )


# --- the verdict ----------------------------------------------------------------------------------------


def _own_sheet(data: DashboardData) -> tuple[UnitScore, ChecklistScore] | None:
    """Return the unit's own result: a district's LKE by `tpi`, else `self`; a station by supervision."""
    if data.unit.kind == UnitKind.POLSEK:
        choices = [(data.quarter, Layer.SUPERVISION, POLSEK)]
    else:
        choices = [(data.year, Layer.TPI, LKE), (data.year, Layer.SELF, LKE)]
    for period, layer, code in choices:
        row = data.select(period, layer, code=code).of(data.unit)
        if row is not None and row.counting_id in data.scores:
            return row, data.scores[row.counting_id]
    return None


def _why_none(data: DashboardData) -> str:
    if data.unit.kind == UnitKind.POLSEK:
        return "Belum ada lembar supervisi yang hasilnya dapat dilihat pada periode ini."
    if data.unit.kind == UnitKind.POLRES:
        return "LKE tahun ini belum diserahkan. Simpulan muncul setelah lembar mandiri atau TPI diserahkan."
    return ""


def _verdict(data: DashboardData) -> Verdict | None:
    found = _own_sheet(data)
    if found is None:
        return None
    row, score = found
    instrument = engine_instrument(row.instrument)
    lower, goal = instrument.predicates[0], instrument.predicates[-1]
    gates = [_gate_line(gate) for gate in score.predicates[goal.code]["gates"]]
    conditions = _conditions(data, instrument, goal.code)
    severe = [finding for finding in data.findings if finding.severity == "severe"]
    holding = [line.label for line in conditions if not line.is_met]
    if severe:
        holding.append(f"{len(severe)} temuan berat masih terbuka")
    passed = score.predicates[goal.code]["passed"]
    state = NOT_YET if not passed else HELD if holding else READY
    words = {
        READY: f"Siap {_short(goal.label)}",
        HELD: "Ambang terpenuhi, tertahan",
        NOT_YET: f"Belum siap {_short(goal.label)}",
    }
    total = score.predicates[goal.code]["gates"][0]
    return Verdict(
        state=state,
        title=words[state],
        goal=goal.label,
        score=_shown(total["actual"], total["required"]),
        required=_shown(total["required"]),
        gap=_gap(total["distance"]),
        bar=charts.score_bar(
            from_units(total["actual"]),
            low=lower.gates[0].required,
            high=goal.gates[0].required,
            label="Nilai total",
        ),
        passed=sum(line.passed for line in gates),
        total=len(gates),
        lower_line=_lower_line(data, score, lower.code, lower.label),
        blocking=tuple(line for line in gates if not line.passed),
        cleared=tuple(line for line in gates if line.passed),
        holding=tuple(holding),
        conditions=tuple(conditions),
        layer_words=_LAYER_WORDS[Layer(row.layer)],
        areas=tuple(_areas(instrument, score, lower.code, goal.code)),
        results=tuple(
            _gate_line(gate) for gate in score.predicates[goal.code]["gates"] if gate["code"].startswith("B.")
        ),
        lever=_shown(score.nodes[instrument.root[0].code]),
        hasil=_shown(score.nodes["B"]) if "B" in score.nodes else "",
        trend=_trend(data, row),
        instrument=instrument,
        computed_at=score.computed_at,
    )


def _short(label: str) -> str:
    return label.removeprefix("Siap ").removesuffix(" (internal)")


def _shown(stored: int, gate: int | None = None) -> str:
    value = from_units(stored)
    limit = from_units(gate) if gate is not None and stored < gate else None
    return shown(value, gate=limit)


def _gap(distance: int) -> str:
    """Write a distance in points: minus, plus, or that it is just met."""
    if distance == 0:
        return "pas"
    text = shown(abs(from_units(distance)))
    if text == "0,00":
        text = shown(abs(from_units(distance)), places=4)
    return f"\N{MINUS SIGN}{text}" if distance < 0 else f"+{text}"


def _gate_line(gate: dict[str, Any]) -> GateLine:
    sign = "%" if gate["measure"] == PERCENT else ""
    detail = f"{_shown(gate['actual'], gate['required'])}{sign} dari {_shown(gate['required'])}{sign}"
    return GateLine(gate["label"], detail, _gap(gate["distance"]), gate["passed"])


def _lower_line(data: DashboardData, score: ChecklistScore, code: str, label: str) -> str:
    gates = score.predicates[code]["gates"]
    passed = sum(gate["passed"] for gate in gates)
    held = data.held.get(code)
    since = f", dimiliki sejak {held}" if held else ""
    word = (
        "tetap terpenuhi"
        if passed == len(gates) and held
        else "terpenuhi"
        if passed == len(gates)
        else "belum terpenuhi"
    )
    return f"{_short(label)} {word} ({passed} dari {len(gates)} ambang{since})"


def _conditions(data: DashboardData, instrument: Instrument, code: str) -> list[ConditionLine]:
    """Return the unit's conditions with their newest state; one without a state is not met."""
    newest = {state.code: state for state in reversed(data.conditions) if state.predicate == code}
    lines = []
    for condition in instrument.predicate(code).conditions:
        if condition.level != "unit":
            continue
        if condition.source == "held_predicate":
            year = data.held.get("wbk")
            lines.append(ConditionLine(condition.label, f"sejak {year}" if year else "belum", year is not None))
            continue
        state = newest.get(condition.code)
        note = f"per {state.as_of:%d-%m-%Y}" if state else "belum dicatat"
        lines.append(ConditionLine(condition.label, note, bool(state and state.is_met)))
    return lines


def _areas(instrument: Instrument, score: ChecklistScore, low: str, high: str) -> list[AreaLine]:
    """Return the areas that a gate tests."""
    limits = {
        gate["code"]: (gate, next(entry for entry in score.predicates[low]["gates"] if entry["code"] == gate["code"]))
        for gate in score.predicates[high]["gates"]
        if gate["measure"] == PERCENT
    }
    lines = []
    for area in instrument.areas:
        if area.key not in limits:
            continue
        goal, lower = limits[area.key]
        parts = [f"{mark} {_shown(score.nodes[code])}" for mark, code in zip(("P", "R"), area.nodes, strict=False)]
        points = _shown(score.areas[area.key][0])
        weight = shown(instrument.area_weight(area.key)).removesuffix(",00")
        split = f"{' + '.join(parts)} = " if len(area.nodes) > 1 else ""
        percent = from_units(goal["actual"])
        lines.append(
            AreaLine(
                label=area.label,
                detail=f"{split}{points} dari {weight}",
                percent=_shown(goal["actual"], goal["required"]),
                bar=charts.score_bar(
                    percent, low=from_units(lower["required"]), high=from_units(goal["required"]), label=area.label
                ),
                passed=goal["passed"],
                gap=_gap(goal["distance"]),
            )
        )
    return lines


def _trend(data: DashboardData, row: UnitScore) -> str:
    """Say how the total moved since the period before."""
    before = data.year_before if row.period_id == getattr(data.year, "pk", None) else data.quarter_before
    earlier = data.select(before, row.layer, code=row.instrument.code).of(data.unit)
    if before is None or earlier is None or earlier.counting_id not in data.scores:
        return ""
    now, was = data.scores[row.counting_id or 0].complete, data.scores[earlier.counting_id].complete
    if now == was:
        return f"Sejak {before.name}: nilai total tetap"
    word = "naik" if now > was else "turun"
    return f"Sejak {before.name}: nilai total {word} {shown(abs(from_units(now - was)))}"


# --- roll-ups of units that owe nothing themselves ----------------------------------------------------------


def _rollups(data: DashboardData) -> list[RollupLine]:
    lines = []
    choices = [(data.quarter, Layer.SUPERVISION, POLSEK, "Polsek disupervisi")]
    if data.unit.kind in {UnitKind.POLDA, UnitKind.MABES}:
        choices.append((data.year, Layer.SELF, LKE, "Polres menyerahkan LKE mandiri"))
        choices.append((data.year, Layer.TPI, LKE, "Polres dinilai TPI"))
    for period, layer, code, label in choices:
        row = data.select(period, layer, code=code).of(data.unit)
        if row is None or data.unit.kind == UnitKind.POLSEK or not (row.units_due or row.units_submitted):
            continue
        mean = Fraction(row.score_sum, row.units_submitted) if row.units_submitted else None
        instrument = engine_instrument(row.instrument)
        lines.append(
            RollupLine(
                label=label,
                submitted=row.units_submitted,
                due=row.units_due,
                mean=shown(mean / 10**10) if mean is not None else "",
                lowest=f"{_shown(row.lowest)} ({row.lowest_unit})" if row.lowest is not None else "",
                verdicts=tuple(f"{row.verdicts.get(rule.code, 0)} {rule.label}" for rule in instrument.predicates),
            )
        )
    return lines
