"""Predicates: every gate, decided on the exact complete score."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from .engine import SheetScore
from .instrument import PERCENT, TOTAL, Gate, Instrument


@dataclass(frozen=True)
class GateResult:
    """One gate. `required` and `actual` in the gate's measure, `distance` always in points, negative when missed."""

    code: str
    label: str
    node: str
    measure: str
    required: Fraction
    actual: Fraction
    distance: Fraction
    passed: bool


@dataclass(frozen=True)
class PredicateResult:
    """A predicate: passed when every gate is."""

    code: str
    label: str
    passed: bool
    gates: tuple[GateResult, ...]


def judge(instrument: Instrument, score: SheetScore) -> tuple[PredicateResult, ...]:
    """Decide every predicate of the instrument on the complete score."""
    results = []
    for rule in instrument.predicates:
        gates = tuple(_decide(instrument, score, gate) for gate in rule.gates)
        results.append(PredicateResult(rule.code, rule.label, all(gate.passed for gate in gates), gates))
    return tuple(results)


def points_and_weight(instrument: Instrument, score: SheetScore, code: str) -> tuple[Fraction, Fraction]:
    """Return score and weight of what a gate names: the total, an area by its key, a node, or an item."""
    if code == TOTAL:
        return score.complete[TOTAL], instrument.weight
    if any(area.key == code for area in instrument.areas):
        area = score.area(code)
        return area.complete, area.weight
    if code in instrument.nodes:
        return score.complete[code], instrument.node(code).weight
    return score.complete[code], instrument.item(code).weight or Fraction(1)


def _decide(instrument: Instrument, score: SheetScore, gate: Gate) -> GateResult:
    points, weight = points_and_weight(instrument, score, gate.code)
    if gate.measure == PERCENT:
        actual, distance = points * 100 / weight, points - gate.required * weight / 100
    else:
        actual, distance = points, points - gate.required
    return GateResult(
        code=gate.code,
        label=gate.label,
        node=gate.code,
        measure=gate.measure,
        required=gate.required,
        actual=actual,
        distance=distance,
        passed=distance >= 0,
    )
