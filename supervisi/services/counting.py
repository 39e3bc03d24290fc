"""Which sheet counts for a unit, period, instrument and layer."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from supervisi.models import Checklist, ChecklistStatus, Scope
from supervisi.models.checklists import COUNTING_ORDER


def choose_counting(sheets: Iterable[Checklist]) -> Checklist | None:
    """Return the counting sheet: furthest in state, then of the latest visit day, then of the highest id."""
    candidates = [sheet for sheet in sheets if sheet.scope == Scope.FULL and sheet.status in COUNTING_ORDER]

    def rank(sheet: Checklist) -> tuple[int, datetime.date, int]:
        day = sheet.visit.last_day if sheet.visit else datetime.date.min
        return COUNTING_ORDER.index(ChecklistStatus(sheet.status)), day, sheet.pk

    return max(candidates, key=rank, default=None)


def choose_sample(sheets: Iterable[Checklist]) -> Checklist | None:
    """Return the sample sheet that was handed in last, by the day of its visit; None when there is none."""
    samples = [sheet for sheet in sheets if sheet.scope == Scope.SAMPLE and sheet.status in COUNTING_ORDER]

    def rank(sheet: Checklist) -> tuple[datetime.date, int]:
        return sheet.visit.last_day if sheet.visit else datetime.date.min, sheet.pk

    return max(samples, key=rank, default=None)
