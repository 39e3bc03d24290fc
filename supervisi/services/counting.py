"""Which sheet counts for a unit, period, instrument and layer."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from supervisi.models import ChecklistStatus, Scope
from supervisi.models.checklists import COUNTING_ORDER


class _Sheet(Protocol):
    """What decides: a row of the database, or as much of it as was read."""

    @property
    def pk(self) -> Any: ...

    @property
    def layer(self) -> str: ...

    @property
    def scope(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def visit(self) -> Any: ...


SheetT = TypeVar("SheetT", bound=_Sheet)


def choose_counting(sheets: Iterable[SheetT]) -> SheetT | None:
    """Return the counting sheet: furthest in state, then of the latest visit day, then of the highest id."""
    candidates = [sheet for sheet in sheets if sheet.scope == Scope.FULL and sheet.status in COUNTING_ORDER]

    def rank(sheet: SheetT) -> tuple[int, datetime.date, int]:
        day = sheet.visit.last_day if sheet.visit else datetime.date.min
        return COUNTING_ORDER.index(ChecklistStatus(sheet.status)), day, sheet.pk

    return max(candidates, key=rank, default=None)


def choose_sample(sheets: Iterable[SheetT]) -> SheetT | None:
    """Return the sample sheet that was handed in last, by the day of its visit; None when there is none."""
    samples = [sheet for sheet in sheets if sheet.scope == Scope.SAMPLE and sheet.status in COUNTING_ORDER]

    def rank(sheet: SheetT) -> tuple[datetime.date, int]:
        return sheet.visit.last_day if sheet.visit else datetime.date.min, sheet.pk

    return max(samples, key=rank, default=None)
