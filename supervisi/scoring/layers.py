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
    return confirm_values(instrument, parse_answers(instrument, claims), parse_answers(instrument, seen))


def confirm_values(
    instrument: Instrument, claimed: Mapping[str, AnswerValue], found: Mapping[str, AnswerValue]
) -> dict[str, Confirmation]:
    """Do what `confirm` does with answers that are read already."""
    upheld, verified = {area.key: 0 for area in instrument.areas}, {area.key: 0 for area in instrument.areas}
    for item in instrument.items:
        claim, value = claimed[item.code], found[item.code]
        if claim.value and value.value is not None:
            verified[item.area_key] += 1
            upheld[item.area_key] += value is claim or value.value >= claim.value
    areas = {key: Confirmation(upheld[key], verified[key]) for key in verified}
    return areas | {TOTAL: Confirmation(sum(upheld.values()), sum(verified.values()))}


def estimate(instrument: Instrument, claims: Mapping[str, Any], seen: Mapping[str, Any]) -> SheetScore | None:
    """Estimate what a whole look would give: what was seen where it was seen, elsewhere the claim × the area's rate.

    An area where nothing was looked at takes the rate of the whole sheet. None when no claim was looked at. An
    estimate only: never shown without that word, and no gate is decided on it.
    """
    return estimate_values(instrument, parse_answers(instrument, claims), parse_answers(instrument, seen))


def estimate_values(
    instrument: Instrument, claimed: Mapping[str, AnswerValue], found: Mapping[str, AnswerValue]
) -> SheetScore | None:
    """Do what `estimate` does with answers that are read already."""
    rates = confirm_values(instrument, claimed, found)
    overall = rates[TOTAL].rate
    if overall is None:
        return None
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
