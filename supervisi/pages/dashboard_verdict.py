"""The verdict on a unit's own sheet: is it ready, which gates are missed, what holds it back, area by area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils import dateformat

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import ConditionState, Layer, Period, Severity, UnitScore
from supervisi.pages.dashboard_data import LKE, POLSEK, DashboardData, SheetScore
from supervisi.pages.derivation import anchor_of
from supervisi.pages.figures import Linked, findings_of, moved, why
from supervisi.scoring.instrument import PERCENT, Area, Instrument, Item, PredicateRule
from supervisi.scoring.rounding import from_units, shown, to_units
from wbbm.organisasi.models import UnitKind

READY, HELD, NOT_YET = "ready", "held", "not-yet"
LAYER_WORDS = {
    Layer.TPI: "penilaian TPI",
    Layer.SELF: "penilaian mandiri",
    Layer.SUPERVISION: "supervisi",
}
# Where an area without a gate is coloured, as on the heat map.
_LOW, _HIGH = Fraction(60), Fraction(75)


@dataclass(frozen=True)
class GateLine:
    """A gate as it is shown: name, what is there of what is required, the distance in points with its sign."""

    code: str
    label: str
    detail: str
    gap: str
    passed: bool
    # Where its figure stands on the page of the derivation.
    anchor: str


@dataclass(frozen=True)
class ConditionLine:
    """A condition beside the score."""

    label: str
    note: str
    is_met: bool


@dataclass(frozen=True)
class AreaLine:
    """One of the areas with its bar, compliance and reform apart; at a station the own claim beside it."""

    key: str
    label: str
    detail: str
    percent: str
    bar: charts.Bar
    passed: bool
    words: str
    claim: Linked
    is_overclaimed: bool


@dataclass(frozen=True)
class Verdict:
    """The answer to the page's question."""

    state: str
    tone: str
    title: str
    score: str
    required: str
    gap: str
    gap_tone: str
    bar: charts.Bar
    marks: tuple[str, str]
    passed: int
    total: int
    lower_words: str
    lower_is_met: bool
    # The gates that are missed, the farthest first.
    blocking: tuple[GateLine, ...]
    cleared: tuple[GateLine, ...]
    holding: tuple[Linked, ...]
    conditions: tuple[ConditionLine, ...]
    layer_words: str
    period: Period
    is_earlier: bool
    is_station: bool
    areas: tuple[AreaLine, ...]
    results: tuple[GateLine, ...]
    lever: str
    lever_code: str
    outcome: str
    trend: Linked
    instrument: Instrument
    sheet_id: int


def own_sheet(data: DashboardData) -> tuple[UnitScore, SheetScore, Period] | None:
    """Return the unit's own result: a district's LKE by `tpi`, else `self`; a station's latest supervision."""
    choices: list[tuple[Period | None, str, str]]
    if data.unit.kind == UnitKind.POLSEK:
        choices = [(period, Layer.SUPERVISION, POLSEK) for period in data.history]
    else:
        choices = [(data.year, Layer.TPI, LKE), (data.year, Layer.SELF, LKE)]
    for period, layer, code in choices:
        row = data.select(period, layer, code=code).of(data.unit)
        if period is not None and row is not None and row.counting_id in data.scores:
            return row, data.scores[row.counting_id], period
    return None


def why_none(data: DashboardData) -> str:
    """Say why there is no verdict; a draft shows its progress, never a score."""
    if data.unit.kind == UnitKind.POLSEK:
        return "Belum ada hasil supervisi yang dapat dilihat. Hasil muncul setelah lembar kunjungan disampaikan."
    if data.unit.kind != UnitKind.POLRES:
        return ""
    if data.year is None:
        return "Belum ada periode tahunan untuk satuan ini. Admin menambahkannya di administrasi."
    draft = data.select(data.year, Layer.SELF, code=LKE).of(data.unit)
    if draft is not None and draft.items_answered:
        return f"LKE {data.year.name} sedang diisi: {draft.items_answered} dari {draft.items_due} butir."
    return f"LKE {data.year.name} belum diserahkan. Simpulan muncul setelah lembar mandiri atau TPI diserahkan."


def read_verdict(data: DashboardData) -> Verdict | None:
    """Judge the unit's own sheet, or return None when there is none to see."""
    found = own_sheet(data)
    if found is None:
        return None
    row, score, period = found
    instrument = engine_instrument(row.instrument)
    lower, goal = instrument.predicates[0], instrument.predicates[-1]
    stored = score.predicates[goal.code]
    gates = [_gate_line(instrument, gate) for gate in stored["gates"]]
    missed = sorted((gate for gate in stored["gates"] if not gate["passed"]), key=lambda gate: gate["distance"])
    conditions = condition_lines(data.conditions, data.held, goal)
    holding = _holding(data, conditions)
    total = stored["gates"][0]
    limits = (lower.gates[0].required, goal.gates[0].required)
    state = NOT_YET if not stored["passed"] else HELD if holding else READY
    is_below_both = from_units(total["actual"]) < limits[0]
    lower_words, lower_is_met = _lower_words(data, score, lower)
    is_station = data.unit.kind == UnitKind.POLSEK
    return Verdict(
        state=state,
        tone="ok" if state == READY else "bad" if is_below_both else "",
        title=_title(state, goal),
        score=against(total["actual"], limits),
        required=shown(limits[1]),
        gap=gap_words(total["distance"]),
        gap_tone="ok" if total["passed"] else "bad",
        bar=charts.score_bar(from_units(total["actual"]), low=limits[0], high=limits[1], label="Nilai total"),
        marks=(f"{_short(lower)} {charts.trimmed(limits[0])}", f"{_short(goal)} {charts.trimmed(limits[1])}"),
        passed=sum(line.passed for line in gates),
        total=len(gates),
        lower_words=lower_words,
        lower_is_met=lower_is_met,
        blocking=tuple(_gate_line(instrument, gate) for gate in missed),
        cleared=tuple(line for line in gates if line.passed),
        holding=tuple(holding),
        conditions=tuple(conditions),
        layer_words=LAYER_WORDS[Layer(row.layer)],
        period=period,
        is_earlier=is_station and data.quarter is not None and period.pk != data.quarter.pk,
        is_station=is_station,
        areas=tuple(_areas(data, instrument, score, (lower, goal), period)),
        results=tuple(line for line in gates if line.code.startswith("B.")),
        lever=_figure(score.nodes[instrument.root[0].code]),
        lever_code=instrument.root[0].code,
        outcome=_figure(score.nodes["B"]) if "B" in score.nodes else "",
        trend=Linked("") if is_station else _trend(data, row),
        instrument=instrument,
        sheet_id=score.sheet_id,
    )


# --- words --------------------------------------------------------------------------------------------------


def _plain(rule: PredicateRule) -> str:
    return rule.label.removesuffix(" (internal)")


def _short(rule: PredicateRule) -> str:
    return _plain(rule).removeprefix("Siap mendukung ")


def _title(state: str, goal: PredicateRule) -> str:
    if state == HELD:
        return "Ambang terpenuhi, tertahan"
    name = _plain(goal).removeprefix("Siap ")
    return f"Siap {name}" if state == READY else f"Belum siap {name}"


def _figure(stored: int) -> str:
    return shown(from_units(stored))


def against(stored: int, gates: Iterable[Fraction]) -> str:
    """Write a stored number so that no gate it misses is rounded over."""
    value = from_units(stored)
    return shown(value, gate=charts.nearest_missed(value, tuple(gates)))


def signed_gap(distance: int) -> str:
    """Write a distance in points with its sign, or that it is just met."""
    if distance == 0:
        return "pas"
    sign = "\N{MINUS SIGN}" if distance < 0 else "+"
    return f"{sign}{_visible(distance)}"


def gap_words(distance: int) -> str:
    """Write a distance in points in words."""
    if distance == 0:
        return "pas"
    return f"kurang {_visible(distance)}" if distance < 0 else f"lewat {_visible(distance)}"


def _visible(distance: int) -> str:
    """Write a distance with as many decimals as show that there is one."""
    value = abs(from_units(distance))
    places = next((places for places in range(2, 10) if to_units(value) * 2 * 10**places >= 10**10), 10)
    return shown(value, places=places)


def _gate_line(instrument: Instrument, gate: dict[str, Any]) -> GateLine:
    return GateLine(
        gate["code"],
        gate["label"],
        _detail(instrument, gate),
        signed_gap(gate["distance"]),
        gate["passed"],
        anchor_of(instrument, gate["code"]),
    )


def _detail(instrument: Instrument, gate: dict[str, Any]) -> str:
    """Say what is there of what is required, in the measure in which people know it: percent, index, letter, points."""
    required = from_units(gate["required"])
    if gate["measure"] == PERCENT:
        return f"{against(gate['actual'], [required])}% dari {charts.trimmed(required)}%"
    item = instrument.item(gate["code"]) if instrument.has_item(gate["code"]) else None
    if item is not None and item.weight and item.formula is not None and item.formula.kind == "index":
        scale = item.formula.maximum / item.weight
        index, limit = from_units(gate["actual"]) * scale, required * scale
        return f"indeks {shown(index, gate=charts.nearest_missed(index, [limit]))} dari {shown(limit)}"
    letters = _letters(item, gate)
    return letters or f"{against(gate['actual'], [required])} dari {shown(required)}"


def _letters(item: Item | None, gate: dict[str, Any]) -> str:
    if item is None or item.weight is None:
        return ""
    worth = {option.code: to_units(option.value * item.weight) for option in item.options}
    given = next((code for code, points in worth.items() if points == gate["actual"]), "")
    enough = min((points, code) for code, points in worth.items() if points >= gate["required"]) if given else None
    return f"{given}, minimal {enough[1]}" if enough else ""


def _lower_words(data: DashboardData, score: SheetScore, lower: PredicateRule) -> tuple[str, bool]:
    """Say whether the first predicate still stands, and since when it is held."""
    gates = score.predicates[lower.code]["gates"]
    passed = sum(gate["passed"] for gate in gates)
    met, held = passed == len(gates), data.held.get(lower.code)
    count = f"{passed} dari {len(gates)}"
    if _plain(lower).startswith("Siap "):
        name = _plain(lower) if met else f"Belum siap {_plain(lower).removeprefix('Siap ')}"
        return f"{name} ({count})", met
    word = "tetap terpenuhi" if met and held else "terpenuhi" if met else "belum terpenuhi"
    since = f", dimiliki sejak {held}" if held else ""
    return f"{_plain(lower)} {word} ({count}){since}", met


# --- conditions ---------------------------------------------------------------------------------------------


def condition_lines(
    states: Iterable[ConditionState], held: Mapping[str, int], goal: PredicateRule
) -> list[ConditionLine]:
    """Return the unit's conditions with their newest state; one without a state is not met.

    Args:
        states: dated states, the newest of each first.
        held: years since which predicates are held.
    """
    newest = {state.code: state for state in reversed(list(states)) if state.predicate == goal.code}
    lines = []
    for condition in goal.conditions:
        if condition.level != "unit":
            continue
        if condition.source == "held_predicate":
            year = held.get("wbk")
            lines.append(ConditionLine(condition.label, f"sejak {year}" if year else "belum", year is not None))
            continue
        state = newest.get(condition.code)
        is_met = state is not None and state.is_met
        day = dateformat.format(state.as_of, "j F Y") if state is not None else ""
        note = f"{'' if is_met else 'belum, '}per {day}" if day else "belum dicatat"
        lines.append(ConditionLine(condition.label, note, is_met))
    return lines


def _holding(data: DashboardData, conditions: list[ConditionLine]) -> list[Linked]:
    """Name what keeps a predicate from being asked for although the gates may be met."""
    reasons = [Linked(f"{line.label}: {line.note}", "") for line in conditions if not line.is_met]
    severe, url = data.findings.severe, findings_of(data.unit, "terbuka", Severity.SEVERE)
    return [*reasons, Linked(f"{severe} temuan berat masih terbuka", url)] if severe else reasons


# --- areas --------------------------------------------------------------------------------------------------


def _areas(
    data: DashboardData,
    instrument: Instrument,
    score: SheetScore,
    rules: tuple[PredicateRule, PredicateRule],
    period: Period,
) -> list[AreaLine]:
    """Return the areas that a gate tests; at a station all of them, with its own claim."""
    gates = [{gate["code"]: gate for gate in score.predicates[rule.code]["gates"]} for rule in rules]
    is_station = data.unit.kind == UnitKind.POLSEK
    own = data.select(period, Layer.SELF, code=POLSEK).of(data.unit) if is_station else None
    lines = []
    for area in instrument.areas:
        pair = [found for found in (_gate_of(area, table) for table in gates) if found is not None]
        if pair or is_station:
            lines.append(_area_line(instrument, score, area, pair, own))
    return lines


def _gate_of(area: Area, gates: dict[str, Any]) -> dict[str, Any] | None:
    """Return the percent gate of an area: by its key, or by its only node."""
    gate = gates.get(area.key) or (gates.get(area.nodes[0]) if len(area.nodes) == 1 else None)
    return gate if gate is not None and gate["measure"] == PERCENT else None


def _area_line(
    instrument: Instrument, score: SheetScore, area: Area, pair: list[dict[str, Any]], own: UnitScore | None
) -> AreaLine:
    complete, weight = score.areas[area.key][0], instrument.area_weight(area.key)
    percent = from_units(complete) * 100 / weight
    goal = pair[-1] if pair else None
    low, high = (from_units(gate["required"]) for gate in pair) if pair else (_LOW, _HIGH)
    parts = [f"{mark} {_figure(score.nodes[code])}" for mark, code in zip("PR", area.nodes, strict=False)]
    split = f"{' + '.join(parts)} = " if len(area.nodes) > 1 else ""
    stored = goal["actual"] if goal else to_units(percent)
    claim = from_units(own.areas.get(area.key, 0)) * 100 / weight if own is not None and own.counting_id else None
    return AreaLine(
        key=area.key,
        label=area.label,
        detail=f"{split}{_figure(complete)} dari {charts.trimmed(weight)}",
        percent=against(stored, [low, high]),
        bar=charts.score_bar(percent, low=low, high=high, label=area.label, has_gates=bool(pair)),
        passed=goal is None or goal["passed"],
        words=_area_words(goal),
        claim=Linked(shown(claim, places=1), why(own, f"a-{area.key}"))
        if own is not None and claim is not None
        else Linked(""),
        is_overclaimed=claim is not None and claim - percent >= 10,
    )


def _area_words(goal: dict[str, Any] | None) -> str:
    if goal is None:
        return ""
    if goal["passed"]:
        return "pas" if goal["distance"] == 0 else "lewat"
    return gap_words(goal["distance"])


def _trend(data: DashboardData, row: UnitScore) -> Linked:
    """Say how a district's total moved since the year before."""
    before = data.year_before
    earlier = data.select(before, row.layer, code=row.instrument.code).of(data.unit)
    if before is None or earlier is None or earlier.counting_id not in data.scores or row.counting_id is None:
        return Linked("")
    between = data.scores[row.counting_id].complete - data.scores[earlier.counting_id].complete
    word = f"{'naik' if between > 0 else 'turun'} {_visible(between)}" if between else "tetap"
    return Linked(f"Sejak {before.name}: nilai total {word}", moved(row, earlier))
