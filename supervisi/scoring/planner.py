"""The least work that lifts a sheet over every gate of a predicate (docs/perencana.md). Pure, exact, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .answers import AnswerValue, parse_answer
from .engine import SheetScore, item_share, parse_answers, score_values
from .gates import GateResult, judge, points_and_weight
from .instrument import PERCENT, TOTAL, Gate, Instrument, Item
from .plan_options import Better, better_answers, is_survey, items_of_gate, work_of
from .plan_program import Choice, Row, solve

SECONDS = 2.0
_ZERO = Fraction()


@dataclass(frozen=True)
class Target:
    """A gate as the plan must reach it, in points: its limit and the margin on it; `actual` is before the plan.

    `survey_points` is what the surveys below it were lifted by in thought, because without them it stays out of reach.
    """

    gate: Gate
    required: Fraction
    margin: Fraction
    actual: Fraction
    weight: Fraction
    survey_points: Fraction = _ZERO

    @property
    def need(self) -> Fraction:
        """Points that the plan must bring."""
        return self.required + self.margin - self.actual - self.survey_points


@dataclass(frozen=True)
class SurveyGate:
    """A gate that only a survey opens: its points, and the index where it is one survey's."""

    gate: Gate
    required: Fraction
    actual: Fraction
    item_code: str

    @property
    def passed(self) -> bool:
        """Tell whether the survey is good enough."""
        return self.actual >= self.required


@dataclass(frozen=True)
class Step:
    """One better answer: what it is now and then, its work and the item's whole work in half days, points of total.

    `after` are the predicate's gates once this step and those before it are done.
    """

    item: Item
    before: AnswerValue
    better: Better
    whole_half_days: int
    points: Fraction
    total_after: Fraction
    after: tuple[GateResult, ...]


@dataclass(frozen=True)
class OutOfReach:
    """A gate that stays out of reach: the most that can be had, and what would open it."""

    target: Target
    most: Fraction
    # Locked items that would open it, those that bring most first; empty where even all of them don't.
    opened_by: tuple[str, ...]
    # Whether the gate is reached once the margin is left out.
    is_only_margin: bool
    # Whether better surveys would open it.
    is_survey: bool


@dataclass(frozen=True)
class Plan:
    """The result. Without `unreachable` the steps, applied, pass every gate but the surveys' own."""

    predicate: str
    before: SheetScore
    targets: tuple[Target, ...]
    surveys: tuple[SurveyGate, ...]
    steps: tuple[Step, ...]
    unreachable: tuple[OutOfReach, ...]
    # False when the solver's time was over: the steps do pass, but less work might as well.
    is_least: bool

    @property
    def half_days(self) -> int:
        """All the work."""
        return sum(step.better.half_days for step in self.steps)

    @property
    def waits_for_surveys(self) -> bool:
        """Tell whether some gate is reached only once surveys are better too."""
        return any(target.survey_points for target in self.targets)


def make_plan(
    instrument: Instrument,
    answers: Mapping[str, Any],
    predicate: str,
    *,
    half_days: Mapping[str, int] | None = None,
    locked: Collection[str] = (),
    margin: Fraction = _ZERO,
    seconds: float = SECONDS,
) -> Plan:
    """Return the plan of the least work.

    Args:
        answers: raw answers of the sheet by item code.
        predicate: code of the predicate to reach.
        half_days: corrected work by item: what gives the item all its points.
        locked: items that can't be chosen.
        margin: points above the total's limit; other gates take their share by weight (see `margin_of`).
        seconds: time of the solver.

    Raises:
        AnswerFault: an answer that its item can't have.
    """
    desk = _Desk(instrument, parse_answers(instrument, answers), predicate, half_days or {}, locked, margin)
    targets = tuple(desk.target(gate) for gate in desk.gates)
    missed = tuple(desk.out_of_reach(target) for target in targets if target.need > desk.most(target))
    steps, is_least = ((), True) if missed else desk.least(targets, seconds)
    return Plan(predicate, desk.score, targets, desk.surveys, steps, missed, is_least)


def margin_of(instrument: Instrument, gate: Gate, weight: Fraction, margin: Fraction) -> Fraction:
    """Return a gate's part of the margin: all of it on the total, else by weight.

    A gate of items that carry weights of their own has none: surveys and results aren't scored from papers, so no
    verification of papers lowers them.
    """
    if gate.code == TOTAL:
        return margin
    if all(item.weight is not None for item in items_of_gate(instrument, gate.code)):
        return _ZERO
    return min(margin * weight / instrument.weight, weight - _required(gate, weight))


def _required(gate: Gate, weight: Fraction) -> Fraction:
    return gate.required * weight / 100 if gate.measure == PERCENT else gate.required


class _Desk:
    """One sheet with what can be done about it."""

    def __init__(
        self, instrument: Instrument, values: Mapping[str, AnswerValue], predicate: str,
        half_days: Mapping[str, int], locked: Collection[str], margin: Fraction,
    ) -> None:  # fmt: skip
        self.instrument, self.values, self.margin, self.predicate = instrument, values, margin, predicate
        self.score = score_values(instrument, values)
        self.work = {item.code: work_of(item, values[item.code], half_days) for item in instrument.items}
        self._share = {item.code: item_share(instrument, self.score, item) for item in instrument.items}
        better = {item.code: better_answers(item, values[item.code], self.work[item.code]) for item in instrument.items}
        self._locked = {code: found for code, found in better.items() if found and code in locked}
        self.better = {code: found for code, found in better.items() if found and code not in locked}
        surveys = [item for item in instrument.items if is_survey(item)]
        all_gates = instrument.predicate(predicate).gates
        self.below = {gate.code: {item.code for item in items_of_gate(instrument, gate.code)} for gate in all_gates}
        of_surveys = {item.code for item in surveys}
        only = [gate for gate in all_gates if self.below[gate.code] and self.below[gate.code] <= of_surveys]
        self.gates = tuple(gate for gate in all_gates if gate not in only)
        self.surveys = tuple(self._survey_gate(gate) for gate in only)
        self._owed = self._survey_shortfalls()
        self._best = {code: self.gain(code, found[-1].value) for code, found in self.better.items()}
        self._room = {item.code: self._share[item.code] * (1 - (values[item.code].value or 0)) for item in surveys}

    def _survey_gate(self, gate: Gate) -> SurveyGate:
        points, weight = points_and_weight(self.instrument, self.score, gate.code)
        codes = sorted(self.below[gate.code])
        return SurveyGate(gate, _required(gate, weight), points, codes[0] if len(codes) == 1 else "")

    def _survey_shortfalls(self) -> dict[str, Fraction]:
        """Points that each survey lacks at its own gate."""
        return {
            survey.item_code: survey.required - survey.actual
            for survey in self.surveys
            if survey.item_code and not survey.passed
        }

    def target(self, gate: Gate) -> Target:
        """Return the gate with its margin; surveys at their own gate are taken for granted only where it needs them."""
        points, weight = points_and_weight(self.instrument, self.score, gate.code)
        margin = margin_of(self.instrument, gate, weight, self.margin)
        plain = Target(gate, _required(gate, weight), margin, points, weight)
        owed = sum((short for code, short in self._owed.items() if code in self.below[gate.code]), _ZERO)
        if not owed or plain.need <= self.most(plain):
            return plain
        lifted = replace(plain, survey_points=owed)
        return lifted if lifted.need <= self.most(lifted) else plain

    def gain(self, code: str, value: Fraction) -> Fraction:
        """Points of an item at a value, above what it has."""
        return self._share[code] * (value - (self.values[code].value or 0))

    def most(self, target: Target) -> Fraction:
        """Points that all unlocked items together can bring to the gate."""
        below = self.below[target.gate.code]
        return sum((gain for code, gain in self._best.items() if code in below), _ZERO)

    def out_of_reach(self, target: Target) -> OutOfReach:
        """Say how near one gets to the gate, and what would open it."""
        missing = target.need - self.most(target)
        below = self.below[target.gate.code]
        gains = [(self.gain(code, found[-1].value), code) for code, found in self._locked.items() if code in below]
        opened, left = [], missing
        for gain, code in sorted(gains, key=lambda pair: (-pair[0], self.instrument.item(pair[1]).position)):
            if left > 0:
                opened.append(code)
                left -= gain
        room = sum((room for code, room in self._room.items() if code in below), _ZERO)
        return OutOfReach(
            target=target,
            most=target.actual + target.survey_points + self.most(target),
            opened_by=tuple(opened) if left <= 0 else (),
            is_only_margin=missing <= target.margin,
            is_survey=missing <= room - target.survey_points,
        )

    def least(self, targets: tuple[Target, ...], seconds: float) -> tuple[tuple[Step, ...], bool]:
        """Return the steps of the least work that reach every target, proved by the engine."""
        place = {code: index for index, code in enumerate(self.better)}
        offered = [better for found in self.better.values() for better in found]
        choices = [Choice(place[better.item_code], better.half_days) for better in offered]
        gains = [self.gain(better.item_code, better.value) for better in offered]
        rows = [Row(self._below(target, offered, gains), target.need) for target in targets if target.need > 0]
        solution = solve(choices, rows, seconds)
        if solution.chosen is not None:
            chosen, is_least = [offered[index] for index in solution.chosen], solution.is_least
        else:
            chosen, is_least = self._thinned(targets), False
        steps = self._ordered(chosen)
        self._prove(targets, steps)
        return steps, is_least

    def _below(self, target: Target, offered: list[Better], gains: list[Fraction]) -> tuple[Fraction, ...]:
        """Return the gains as the gate sees them: nothing of what isn't below it."""
        below = self.below[target.gate.code]
        return tuple(gain if better.item_code in below else _ZERO for better, gain in zip(offered, gains, strict=True))

    def _thinned(self, targets: tuple[Target, ...]) -> list[Better]:
        """Take everything, then leave out what isn't needed, the dearest by its points first."""
        taken = {code: found[-1] for code, found in self.better.items()}
        for code in sorted(taken, key=lambda code: self._worth(taken[code])):
            without = {other: better for other, better in taken.items() if other != code}
            if all(self._brings(target, without) >= target.need for target in targets):
                taken = without
        return list(taken.values())

    def _brings(self, target: Target, taken: Mapping[str, Better]) -> Fraction:
        below = self.below[target.gate.code]
        return sum((self.gain(code, better.value) for code, better in taken.items() if code in below), _ZERO)

    def _worth(self, better: Better) -> Fraction:
        return self.gain(better.item_code, better.value) / better.half_days

    def _ordered(self, chosen: list[Better]) -> tuple[Step, ...]:
        """Order by points for the work, then as on the sheet; with the gates after each step."""
        chosen = sorted(chosen, key=lambda each: (-self._worth(each), self.instrument.item(each.item_code).position))
        values, steps = dict(self.values), []
        for better in chosen:
            item = self.instrument.item(better.item_code)
            values[item.code] = parse_answer(item, better.raw)
            score = score_values(self.instrument, values)
            gates = next(result.gates for result in judge(self.instrument, score) if result.code == self.predicate)
            steps.append(
                Step(
                    item=item,
                    before=self.values[item.code],
                    better=better,
                    whole_half_days=self.work[item.code],
                    points=self.gain(item.code, better.value),
                    total_after=score.complete[TOTAL],
                    after=gates,
                )
            )
        return tuple(steps)

    def _prove(self, targets: tuple[Target, ...], steps: tuple[Step, ...]) -> None:
        """Insist that the engine itself finds every target reached, its margin included.

        Raises:
            ArithmeticError: it doesn't; such a plan is never handed out.
        """
        if not steps:
            missed = [target for target in targets if target.need > 0]
        else:
            ends = {gate.code: gate.distance for gate in steps[-1].after}
            missed = [
                target for target in targets if ends[target.gate.code] + target.survey_points < target.margin
            ]  # fmt: skip
        if missed:
            raise ArithmeticError(f"unproved plan: {', '.join(target.gate.code for target in missed)}")
