"""What a unit knows about the work at an item: days, who does it, and whether it is possible at all now."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from wbbm.organisasi.models import Posting, Unit

from .instruments import Instrument, Item

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class PlanLock(models.TextChoices):
    """Why an item can't be a step of a plan."""

    IMPOSSIBLE = "impossible", "Tidak mungkin"
    NEEDS_ABOVE = "needs_above", "Perlu satuan atas"
    NOT_BEFORE = "not_before", "Tidak mungkin sebelum"


class PlanEntryQuerySet(models.QuerySet["PlanEntry"]):
    """Named reads over entries."""

    def visible_to(self, user: User) -> Self:
        """Keep the entries of overseen units and of the person's own."""
        scope = user.scope
        return self.filter(scope.overseen_units("unit__path") | scope.own_units("unit__path"))

    def holding_for(self, instrument: Instrument, *units: Unit) -> Self:
        """Keep what holds at the units: their own entries and those of the units above, from the root down."""
        paths = {path for unit in units for path in [*unit.ancestor_paths, unit.path]}
        rows = self.filter(unit__path__in=sorted(paths), item__instrument=instrument)
        return rows.order_by("unit__path", "item__position")


class PlanEntry(models.Model):
    """One item at one unit, for its subtree: the nearest days and owner win, every lock holds."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="plan_entries", verbose_name="satuan")
    item = models.ForeignKey(Item, models.CASCADE, related_name="+", verbose_name="butir")
    # Work that gives the item all its points; null: the usual one.
    half_days = models.PositiveSmallIntegerField("setengah hari kerja", null=True)
    owner_title = models.CharField("pelaksana", max_length=120, blank=True)
    lock = models.CharField("kunci", max_length=12, choices=PlanLock, blank=True)
    not_before = models.DateField("tidak sebelum", null=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    objects = PlanEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "catatan rencana"
        verbose_name_plural = "catatan rencana"
        ordering = ["unit", "item"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "item"], name="plan_entry_once"),
            models.CheckConstraint(
                name="plan_entry_day_iff_not_before",
                condition=Q(lock=PlanLock.NOT_BEFORE, not_before__isnull=False)
                | (~Q(lock=PlanLock.NOT_BEFORE) & Q(not_before__isnull=True)),
            ),
            models.CheckConstraint(
                name="plan_entry_days", condition=Q(half_days__isnull=True) | Q(half_days__gte=1, half_days__lte=500)
            ),
        ]

    def __str__(self) -> str:
        return f"Rencana {self.item_id} di {self.unit_id}"

    def is_locked_on(self, day: datetime.date) -> bool:
        """Tell whether the item can't be done on the day; a lock until a date opens by itself."""
        if self.lock == PlanLock.NOT_BEFORE:
            return self.not_before is not None and day < self.not_before
        return bool(self.lock)
