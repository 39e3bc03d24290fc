"""What a weakness costs: by how much a sheet's score would rise if one item were answered better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answers import parse_answer
from .engine import score_sheet
from .instrument import TOTAL, Formula, Instrument, Item
from .rounding import to_units


def better_options(item: Item, raw: Any) -> tuple[str, ...]:
    """Return the options worth more than the answer, the nearest first; none for items of numbers."""
    value = parse_answer(item, raw).value or 0
    better = [option for option in item.options if option.value > value]
    return tuple(option.code for option in sorted(better, key=lambda option: option.value))


def raised(item: Item, raw: Any, option: str = "") -> Any:
    """Return the answer with the option in its place, or numbers that give all of the item's points.

    Without an option: the next better one. None when nothing can be raised: the item has no answer that tells what is
    better, or it has all points already.
    """
    if item.formula is None:
        better = better_options(item, raw)
        if option:
            return option if option in better else None
        return better[0] if better and raw is not None else None
    value = parse_answer(item, raw).value
    return _all_points(item.formula, raw) if value is not None and value < 1 else None


def _all_points(formula: Formula, raw: Any) -> Any:
    if formula.kind == "index":
        return str(formula.maximum)
    inputs = {key: int(number) for key, number in raw.items()}
    if formula.kind == "decline":
        return inputs | {formula.now: 0}
    total = sum(inputs[key] for key in formula.denominators)
    others = dict.fromkeys(formula.denominators, 0) if formula.numerator in formula.denominators else {}
    return inputs | others | {formula.numerator: total}


def points_at_stake(instrument: Instrument, answers: Mapping[str, Any], code: str, option: str = "") -> int | None:
    """Return by how much the sheet's complete score, as it is stored (10⁻¹⁰), rises when the item is raised.

    None when nothing can be raised (see `raised`).
    """
    better = raised(instrument.item(code), answers.get(code), option)
    if better is None:
        return None
    after = score_sheet(instrument, {**answers, code: better}).complete[TOTAL]
    return to_units(after) - to_units(score_sheet(instrument, answers).complete[TOTAL])
