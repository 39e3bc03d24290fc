"""Which items a sample should hold: those that decide a gate, those with much weight, and a draw by a logged seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .answers import AnswerValue
from .engine import item_share, parse_answers, score_values
from .gates import judge
from .instrument import Instrument

GATE, WEIGHT, RANDOM = "gate", "weight", "random"
# Of all items, and of the sample: how many are drawn, how many at most because of gates, then of weight.
SHARE = Fraction(3, 10)
_GATES, _WEIGHTS = Fraction(2, 5), Fraction(1, 4)


@dataclass(frozen=True)
class Drawn:
    """An item of the sample, and why it is in it."""

    item_code: str
    why: str


def propose_sample(instrument: Instrument, claims: Mapping[str, Any], seed: str) -> tuple[Drawn, ...]:
    """Propose the items of a sample, in the order of the sheet.

    Args:
        instrument: the instrument of the sheet.
        claims: the unit's own raw answers; empty where it has none, and then no item decides a gate.
        seed: decides the random part alone: the same seed over the same items draws the same.
    """
    size = -(-len(instrument.items) * SHARE.numerator // SHARE.denominator)
    values = parse_answers(instrument, claims)
    score = score_values(instrument, values)
    worth = {item.code: item_share(instrument, score, item) for item in instrument.items}
    by_worth = sorted(worth, key=lambda code: (-worth[code], instrument.item(code).position))
    deciding = gate_deciders(instrument, values) if claims else set()
    chosen = dict.fromkeys([code for code in by_worth if code in deciding][: int(size * _GATES)], GATE)
    heavy = [code for code in by_worth if code not in chosen][: int(size * _WEIGHTS)]
    chosen |= dict.fromkeys(heavy, WEIGHT)
    rest = [item.code for item in instrument.items if item.code not in chosen]
    chosen |= dict.fromkeys(draw(rest, seed, size - len(chosen)), RANDOM)
    return tuple(Drawn(item.code, chosen[item.code]) for item in instrument.items if item.code in chosen)


def draw(codes: Iterable[str], seed: str, count: int) -> list[str]:
    """Draw codes by a seed: in the order of the SHA-256 of "seed:code", the first ones. Anybody can draw it again."""
    return sorted(codes, key=lambda code: hashlib.sha256(f"{seed}:{code}".encode()).digest())[:count]


def gate_deciders(instrument: Instrument, values: Mapping[str, AnswerValue]) -> set[str]:
    """Return the items any gate turns on: lost entirely a reached gate is missed, or full a missed one is reached."""
    before = _gates(instrument, values)
    found = set()
    for item in instrument.items:
        known = values[item.code]
        if known.value is None:
            continue
        for value in (Fraction(0), Fraction(1)):
            moved = {**values, item.code: replace(known, value=value)}
            if known.value != value and _gates(instrument, moved) != before:
                found.add(item.code)
                break
    return found


def _gates(instrument: Instrument, values: Mapping[str, AnswerValue]) -> list[bool]:
    return [gate.passed for result in judge(instrument, score_values(instrument, values)) for gate in result.gates]
