"""Layers side by side: what was claimed against what was seen, exact (docs/penilaian.md, "Lapisan").

`claims` and `seen` are raw answers by item code, as `score_sheet` takes them; what is missing is unanswered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .answers import AnswerValue
from .engine import SheetScore, item_share, parse_answers, score_values
from .instrument import TOTAL, Instrument


@dataclass(frozen=True)
class Confirmation:
    """How many of the claims that somebody looked at were upheld."""

    upheld: int
    verified: int

    @property
    def rate(self) -> Fraction | None:
        """Share of claims upheld; None when none was looked at."""
        return Fraction(self.upheld, self.verified) if self.verified else None


def confirm(instrument: Instrument, claims: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Confirmation]:
    """Count the claims upheld, by area key and in `total`.

    A claim is an answer worth more than nothing; it is upheld when what was seen is worth as much or more. Items that
    can't be judged on either sheet are left out.
    """
    claimed, found = parse_answers(instrument, claims), parse_answers(instrument, seen)
    upheld: dict[str, list[bool]] = {key: [] for key in (*(area.key for area in instrument.areas), TOTAL)}
    for item in instrument.items:
        claim, value = claimed[item.code].value, found[item.code].value
        if claim and value is not None:
            upheld[item.area_key].append(value >= claim)
            upheld[TOTAL].append(value >= claim)
    return {key: Confirmation(sum(entries), len(entries)) for key, entries in upheld.items()}


def estimate(instrument: Instrument, claims: Mapping[str, Any], seen: Mapping[str, Any]) -> SheetScore | None:
    """Estimate what a whole look would give: what was seen where it was seen, elsewhere the claim × the area's rate.

    An area where nothing was looked at takes the rate of the whole sheet. None when no claim was looked at. An
    estimate only: never shown without that word, and no gate is decided on it.
    """
    rates = confirm(instrument, claims, seen)
    overall = rates[TOTAL].rate
    if overall is None:
        return None
    claimed, found = parse_answers(instrument, claims), parse_answers(instrument, seen)
    values = {}
    for item in instrument.items:
        rate = rates[item.area_key].rate
        discounted = _discounted(claimed[item.code], overall if rate is None else rate)
        values[item.code] = found[item.code] if found[item.code].is_answered else discounted
    return score_values(instrument, values)


def _discounted(claim: AnswerValue, rate: Fraction) -> AnswerValue:
    return claim if claim.value is None else AnswerValue(claim.raw, claim.value * rate, True)


def moved_points(instrument: Instrument, base: SheetScore, other: SheetScore) -> dict[str, Fraction]:
    """Return the points by which each item stands higher on the other sheet; items without a value on both left out."""
    moved = {}
    for item in instrument.items:
        before, after = base.item_values[item.code], other.item_values[item.code]
        if before is not None and after is not None:
            moved[item.code] = (after - before) * item_share(instrument, other, item)
    return moved
