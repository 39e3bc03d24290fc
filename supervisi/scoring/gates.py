"""Predicates: every gate, decided on the exact complete score."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from .engine import SheetScore
from .instrument import PERCENT, Gate, GateFrame, Instrument
from .rounding import scaled


class GateResult(NamedTuple):
    """One gate. `required` and `actual` in the gate's measure, `distance` always in points, negative when missed."""

    gate: Gate
    passed: bool
    # As two whole numbers each; the second is above 0.
    actual_ratio: tuple[int, int]
    distance_ratio: tuple[int, int]

    @property
    def code(self) -> str:
        """The gate's code."""
        return self.gate.code

    @property
    def node(self) -> str:
        """What the gate names: a node or item code, `total`, or an area's key."""
        return self.gate.code

    @property
    def label(self) -> str:
        """The gate's name."""
        return self.gate.label

    @property
    def measure(self) -> str:
        """Points or percent."""
        return self.gate.measure

    @property
    def required(self) -> Fraction:
        """What is required, in the gate's measure."""
        return self.gate.required

    @property
    def actual(self) -> Fraction:
        """What was reached, in the gate's measure."""
        return Fraction(*self.actual_ratio)

    @property
    def distance(self) -> Fraction:
        """Points above the gate, negative when missed."""
        return Fraction(*self.distance_ratio)

    def as_stored(self) -> dict[str, Any]:
        """Return the stored form, numbers in 10⁻¹⁰."""
        stored = self.gate.as_stored.copy()
        stored["actual"] = scaled(*self.actual_ratio)
        stored["distance"] = scaled(*self.distance_ratio)
        stored["passed"] = self.passed
        return stored


@dataclass(frozen=True)
class PredicateResult:
    """A predicate: passed when every gate is."""

    code: str
    label: str
    passed: bool
    gates: tuple[GateResult, ...]

    def as_stored(self) -> dict[str, Any]:
        """Return the stored form, numbers in 10⁻¹⁰."""
        return {"label": self.label, "passed": self.passed, "gates": [gate.as_stored() for gate in self.gates]}


def judge(instrument: Instrument, score: SheetScore) -> tuple[PredicateResult, ...]:
    """Decide every predicate of the instrument on the complete score."""
    results = []
    for rule, frames in instrument.gate_frames:
        gates = tuple([_decide(frame, score) for frame in frames])
        results.append(PredicateResult(rule.code, rule.label, all(gate.passed for gate in gates), gates))
    return tuple(results)


def points_and_weight(instrument: Instrument, score: SheetScore, code: str) -> tuple[Fraction, Fraction]:
    """Return score and weight of what a gate names: the total, an area by its key, a node, or an item."""
    nodes, weight = instrument.measured(code)
    return Fraction(score.sum_of(score.complete_points, nodes), score.unit), weight


def _decide(frame: GateFrame, score: SheetScore) -> GateResult:
    points, unit = score.sum_of(score.complete_points, frame.nodes), score.unit
    limit, limit_below = frame.limit
    distance = points * limit_below - limit * unit
    weight, weight_below = frame.weight
    is_percent = frame.gate.measure == PERCENT
    return GateResult(
        gate=frame.gate,
        passed=distance >= 0,
        actual_ratio=(points * 100 * weight_below, unit * weight) if is_percent else (points, unit),
        distance_ratio=(distance, unit * limit_below),
    )
