"""Proving scores after a restore."""

from __future__ import annotations

from supervisi.rollup_key import KIND
from supervisi.services.recompute import recompute
from wbbm.jobs import services as jobs


def wrong_scores() -> list[str]:
    """Compute everything anew and name what is stored otherwise; what waited for its computing gets it first."""
    jobs.drain(kind=KIND)
    return [str(difference) for difference in recompute(is_dry_run=True)]
