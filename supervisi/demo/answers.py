"""Answers that tell a believable story: drawn by a fixed seed around a wanted quality."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

from supervisi.scoring.engine import score_sheet
from supervisi.scoring.instrument import Instrument, Item

# Distance of the drawn quality from the wanted one.
_SPREAD = 0.22


def draw_answer(item: Item, quality: float, chance: random.Random) -> Any:
    """Return a raw answer whose value lies around `quality` (0 to 1)."""
    level = min(1.0, max(0.0, quality + chance.uniform(-_SPREAD, _SPREAD)))
    if item.options:
        return min(item.options, key=lambda option: abs(float(option.value) - level)).code
    formula = item.formula
    assert formula is not None  # an item without options has one
    if formula.kind == "index":
        return f"{2.6 + 1.2 * level:.2f}"
    if formula.kind == "decline":
        return {entry.key: 0 for entry in item.inputs} | {
            formula.before: 10, formula.now: 10 - round(10 * level)
        }  # fmt: skip
    below = chance.choice([5, 8, 10, 12, 20])
    values = {entry.key: 0 for entry in item.inputs}
    values[formula.denominators[0]] = below
    values[formula.numerator] = round(below * level)
    return values


def draw_sheet(instrument: Instrument, quality: dict[str, float], seed: str) -> dict[str, Any]:
    """Return answers to every item, by the wanted quality of each area."""
    chance = random.Random(seed)
    return {item.code: draw_answer(item, quality[item.area_key], chance) for item in instrument.items}


def later_sheet(
    instrument: Instrument, earlier: dict[str, Any], quality: dict[str, float], seed: str, *, share: float = 0.16
) -> dict[str, Any]:
    """Return the answers of the next visit: most stay, some rise, a few fall."""
    chance = random.Random(seed)
    answers = dict(earlier)
    for item in instrument.items:
        if chance.random() < share:
            answers[item.code] = draw_answer(item, quality[item.area_key], chance)
    return answers


def tuned_to(instrument: Instrument, answers: dict[str, Any], target: Fraction) -> dict[str, Any]:
    """Return the answers with one share tuned so that the total comes as close to `target` as thousandths allow."""
    best = answers
    gap = abs(score_sheet(instrument, answers).complete["total"] - target)
    for item in instrument.items:
        if item.formula is None or item.formula.kind != "ratio":
            continue
        none = answers | {item.code: _share(item, 0)}
        full = answers | {item.code: _share(item, 1000)}
        low, high = (score_sheet(instrument, sheet).complete["total"] for sheet in (none, full))
        if not low <= target <= high:
            continue
        part = int((target - low) * 1000 / (high - low))
        tuned = answers | {item.code: _share(item, part)}
        distance = abs(score_sheet(instrument, tuned).complete["total"] - target)
        if distance < gap:
            best, gap = tuned, distance
    return best


def _share(item: Item, thousandths: int) -> dict[str, int]:
    formula = item.formula
    assert formula is not None  # callers pass ratios only
    values = {entry.key: 0 for entry in item.inputs}
    return values | {formula.denominators[0]: 1000, formula.numerator: thousandths}
