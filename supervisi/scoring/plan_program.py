"""The integer program of a plan: at most one better answer an item, every gate a row, the least work.

HiGHS computes with floats, so it decides nothing here. It gets rows that can only be too easy (whole numbers, rounded
to its advantage); what it proposes is added up in whole numbers of any size, and a proposal that misses a row is cut
off by a row that every plan of the true program keeps. The first proposal that holds is the least work: it is the
least of a program that allows more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from math import gcd, lcm
from time import monotonic
from typing import Any

# Above this a coefficient is scaled down: floats stay exact, and tolerances far below one.
_LARGEST = 10**6
_MOST_CUTS = 60


@dataclass(frozen=True)
class Choice:
    """A better answer in the program: its item, its work, its place in the sheet."""

    item: int
    work: int


@dataclass(frozen=True)
class Row:
    """A gate: the sum of the gains of what is chosen must reach the need. Gains in the order of the choices."""

    gains: tuple[Fraction, ...]
    need: Fraction


@dataclass(frozen=True)
class Solution:
    """The choices, and whether nothing with less work exists; None where time ran out before anything was found."""

    chosen: tuple[int, ...] | None
    is_least: bool


@dataclass(frozen=True)
class _Whole:
    """A row in whole numbers."""

    gains: tuple[int, ...]
    need: int

    def is_met(self, chosen: Sequence[int]) -> bool:
        return sum(self.gains[index] for index in chosen) >= self.need


def solve(choices: Sequence[Choice], rows: Sequence[Row], seconds: float) -> Solution:
    """Return the choices of the least work that meet every row, at most one an item.

    Equal work: what the solver finds, always the same for the same program (one thread, one seed).

    Args:
        choices: what can be chosen; the choices of one item stand together.
        rows: gates that all the best choices together do meet.
        seconds: the solver's time; when it is over, the best so far counts, and is no proof.
    """
    whole = [_whole(row) for row in rows if row.need > 0]
    if not whole:
        return Solution((), True)
    _library()  # whoever plans first in a process waits for it, and doesn't get less of the time for that
    ends = monotonic() + seconds
    model = _Model(choices, whole)
    for _ in range(_MOST_CUTS):
        chosen, is_done = model.run(ends - monotonic())
        if chosen is None:
            break
        missed = [row for row in whole if not row.is_met(chosen)]
        if not missed:
            return Solution(chosen, is_done)
        for row in missed:
            model.cut(row, chosen)
    return Solution(None, False)


def _whole(row: Row) -> _Whole:
    """Write a row in whole numbers as small as they get: divided by what divides every gain, the need rounded up."""
    unit = lcm(row.need.denominator, *{gain.denominator for gain in row.gains})
    gains = [int(gain * unit) for gain in row.gains]
    divisor = gcd(*gains) or 1
    need = -(-int(row.need * unit) // divisor)
    # More than all that is needed is no better than all.
    return _Whole(tuple(min(gain // divisor, need) for gain in gains), need)


def _library() -> Any:
    """Return the solver's library; only who plans pays for it."""
    return import_module("highspy")


class _Model:
    """The program as HiGHS has it."""

    def __init__(self, choices: Sequence[Choice], rows: Sequence[_Whole]) -> None:
        library = _library()
        self._library, self._choices = library, choices
        self._solver = solver = library.Highs.__new__(library.Highs)
        # Its own __init__ only adds callbacks, and prints a banner to standard output.
        super(library.Highs, solver).__init__()
        for option, value in (
            ("output_flag", False), ("threads", 1), ("random_seed", 0),
            ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.9), ("mip_feasibility_tolerance", 1e-9),
        ):  # fmt: skip
            solver.setOptionValue(option, value)
        count = len(choices)
        solver.addVars(count, [0.0] * count, [1.0] * count)
        for index, choice in enumerate(choices):
            solver.changeColIntegrality(index, library.HighsVarType.kInteger)
            # Whole half days, so a gap below one proves the least. A second aim in here costs six times the time.
            solver.changeColCost(index, float(choice.work))
        for members in _by_item(choices):
            if len(members) > 1:
                self._add(-library.kHighsInf, 1.0, [(index, 1) for index in members])
        for row in rows:
            self._add_gate(row)

    def _add(self, low: float, high: float, entries: Sequence[tuple[int, int]]) -> None:
        places, values = [index for index, _ in entries], [float(value) for _, value in entries]
        self._solver.addRow(low, high, len(entries), places, values)

    def _add_gate(self, row: _Whole) -> None:
        """Add a gate, scaled down where its numbers are large, always to the advantage of what is proposed."""
        scale = -(-row.need // _LARGEST)
        entries = [(index, -(-gain // scale)) for index, gain in enumerate(row.gains) if gain]
        self._add(float(-(-row.need // scale)), self._library.kHighsInf, entries)

    def cut(self, row: _Whole, chosen: Sequence[int]) -> None:
        """Cut a proposal off: what gives this gate no more at any item misses it as well, so something must."""
        given = {self._choices[index].item: row.gains[index] for index in chosen}
        more = [
            (index, 1)
            for index, choice in enumerate(self._choices)
            if row.gains[index] > given.get(choice.item, 0)
        ]  # fmt: skip
        self._add(1.0, self._library.kHighsInf, more)

    def run(self, seconds: float) -> tuple[tuple[int, ...] | None, bool]:
        """Solve; return what is proposed, and whether the solver says that nothing is less."""
        if seconds <= 0:
            return None, False
        solver, status = self._solver, self._library.HighsModelStatus
        solver.setOptionValue("time_limit", solver.getRunTime() + seconds)
        solver.run()
        ended, values = solver.getModelStatus(), list(solver.getSolution().col_value)
        info = solver.getInfo()
        has_point = info.primal_solution_status == self._library.SolutionStatus.kSolutionStatusFeasible
        if ended not in {status.kOptimal, status.kTimeLimit} or not has_point:
            return None, False
        return tuple(index for index, value in enumerate(values) if value > 0.5), ended == status.kOptimal


def _by_item(choices: Sequence[Choice]) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for index, choice in enumerate(choices):
        found.setdefault(choice.item, []).append(index)
    return list(found.values())
