"""The tree by which a period is rolled up: that of its last day, also after units have been moved."""

from __future__ import annotations

import datetime
from typing import Protocol

from django.db.models import F, Q
from django.utils import timezone

from supervisi.models import Period, PeriodPlace
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit
from wbbm.organisasi.models.units import UnitQuerySet

_BATCH = 1000


class Tree(Protocol):
    """What a roll-up asks of the tree."""

    def rows_below(self, unit: Unit) -> Q:
        """Return the condition that a stored row is of a unit directly below."""

    def units_under(self, unit: Unit) -> UnitQuerySet:
        """Return the unit itself and everything below it."""

    def above(self, unit: Unit) -> list[int]:
        """Return the id of the unit above, as far as the period's unit; none for that one."""


class LiveTree:
    """The tree as it is now: of a period after whose end nothing was moved."""

    def __init__(self, period: Period) -> None:
        self._top = period.unit.path

    def rows_below(self, unit: Unit) -> Q:
        """Return the condition that a stored row is of a unit directly below."""
        return Q(unit__path__startswith=unit.path, unit__depth=unit.depth + 1)

    def units_under(self, unit: Unit) -> UnitQuerySet:
        """Return the unit itself and everything below it."""
        found: UnitQuerySet = Unit.objects.under(unit)
        return found

    def above(self, unit: Unit) -> list[int]:
        """Return the id of the unit above, up to the unit that owns the period and no further."""
        if not unit.is_strictly_under(self._top):
            return []
        return list(Unit.objects.filter(path=unit.parent_path).values_list("pk", flat=True))


class KeptTree:
    """The tree of the period's last day. A unit that was made later has no place in it and stands alone."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._places = PeriodPlace.objects.filter(period=period)

    def rows_below(self, unit: Unit) -> Q:
        """Return the condition that a stored row is of a unit directly below."""
        return Q(unit__in=self._places.filter(above=unit).values("unit"))

    def units_under(self, unit: Unit) -> UnitQuerySet:
        """Return the unit itself and everything below it."""
        place = self._places.filter(unit=unit).first()
        if place is None:
            alone: UnitQuerySet = Unit.objects.filter(pk=unit.pk)
            return alone
        found: UnitQuerySet = Unit.objects.filter(pk__in=self._places.below(place).values("unit"))
        return found

    def above(self, unit: Unit) -> list[int]:
        """Return the id of the unit above, up to the unit that owns the period and no further."""
        if unit.pk == self._period.unit_id:
            return []
        return list(self._places.filter(unit=unit, above__isnull=False).values_list("above", flat=True))


def tree_of(period: Period) -> Tree:
    """Return the tree by which the period is rolled up."""
    return LiveTree(period) if period.tree_kept_at is None else KeptTree(period)


def keep_trees(unit: Unit, new_parent: Unit) -> None:
    """Put the tree of every period by that has ended or is closed, before a unit is moved; within that transaction.

    As every earlier move did the same, the tree of this moment is still that of the period's last day.
    """
    above = [*unit.ancestor_paths, *new_parent.ancestor_paths, new_parent.path]
    periods = Period.objects.filter(unit__path__in=above, tree_kept_at__isnull=True).select_related("unit")
    for period in periods:
        if period.is_open and local_day(period.unit) <= period.last_day:
            continue
        # Two moves at once: the second waits here, and finds the tree put by.
        row = Period.objects.filter(pk=period.pk, tree_kept_at__isnull=True)
        if row.update(kind=F("kind")):
            _keep(period)
            # From here on the database lets no place be added.
            row.update(tree_kept_at=timezone.now())


def _keep(period: Period) -> None:
    units: list[Unit] = list(Unit.objects.under(period.unit).only("pk", "path"))
    ids = {unit.path: unit.pk for unit in units}
    PeriodPlace.objects.bulk_create(
        (PeriodPlace(period=period, unit=unit, above_id=ids.get(unit.parent_path), path=unit.path) for unit in units),
        batch_size=_BATCH,
    )


def forget_tree(period: Period, today: datetime.date) -> bool:
    """Let a period that is open again before its end follow the tree of today; tell whether a tree was put by."""
    if period.tree_kept_at is None or period.last_day < today:
        return False
    PeriodPlace.objects.filter(period=period).delete()
    return bool(Period.objects.filter(pk=period.pk).update(tree_kept_at=None))
