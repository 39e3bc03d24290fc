"""Where evidence has run out or soon will, on the dashboard of the unit above."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wbbm.organisasi.models import Unit

_MOST = 6


@dataclass(frozen=True)
class StaleEvidence:
    """A unit with how much of its evidence has run out, and how much soon will."""

    unit: Unit
    expired: int
    expiring: int


def stale_evidence(units: Iterable[Unit]) -> tuple[StaleEvidence, ...]:
    """Return the units with such evidence, the worst first; the figures were read with the units."""
    lines = [StaleEvidence(unit, vars(unit)["expired_evidence"], vars(unit)["expiring_evidence"]) for unit in units]
    stale = [line for line in lines if line.expired or line.expiring]
    return tuple(sorted(stale, key=lambda line: (-line.expired, -line.expiring, line.unit.name))[:_MOST])
