"""What residents see of a unit's commitment: the predicate, how many signed, the day of declaration. No names.

Violations and assessments are never here (docs/keputusan/0017-gratifikasi-dan-komitmen.md).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from layanan.models import Declaration
from layanan.pages.panel import Panel
from layanan.pledge_coverage import FEWEST_PEOPLE, coverage_within
from wbbm.organisasi.models import HeldPredicate, Unit


@dataclass(frozen=True)
class PublicCommitment:
    """The commitment of a unit, as the public sees it."""

    predicates: tuple[HeldPredicate, ...]
    year: int
    # None where fewer people than FEWEST_PEOPLE have a posting, or nobody signed yet.
    percent: int | None
    declaration: Declaration | None


def read_panel(unit: Unit, day: datetime.date) -> Panel | None:
    """Read the panel of a unit (four queries); None where there is nothing to show."""
    held = tuple(HeldPredicate.objects.in_force(day).filter(unit=unit).order_by("-year", "-pk"))
    coverage = coverage_within(unit, day.year, day)
    declaration = Declaration.objects.filter(unit=unit).first()
    is_shown = coverage.people >= FEWEST_PEOPLE and coverage.signed > 0
    if not held and not is_shown and declaration is None:
        return None
    content = PublicCommitment(held, day.year, coverage.percent if is_shown else None, declaration)
    return Panel("layanan/_commitment_panel.html", content)
