"""Periods: a year or a quarter that belongs to a unit and holds for its subtree."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from wbbm.organisasi.access import nothing
from wbbm.organisasi.models import Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class PeriodKind(models.TextChoices):
    """An instrument names the kind of period that it is filled in for."""

    YEAR = "year", "Tahun"
    QUARTER = "quarter", "Triwulan"


class PeriodQuerySet(models.QuerySet["Period"]):
    """Named reads over periods."""

    def visible_to(self, user: User) -> Self:
        """Keep the periods that hold for a unit the person sees, or that belong to one."""
        condition = user.scope.reading_units("unit__path")
        holding: set[str] = set()
        for posting in user.scope.postings:
            holding.update([*posting.unit.ancestor_paths, posting.unit.path])
        return self.filter(condition | (Q(unit__path__in=sorted(holding)) if holding else nothing()))

    def holding_for(self, unit: Unit) -> Self:
        """Keep the periods of the unit and of those above it."""
        return self.filter(unit__path__in=[*unit.ancestor_paths, unit.path])

    def around(self, day: datetime.date) -> Self:
        """Keep the periods that contain the day."""
        return self.filter(first_day__lte=day, last_day__gte=day)

    def open(self) -> Self:
        """Keep the periods that are not closed."""
        return self.filter(closed_at__isnull=True)


class Period(models.Model):
    """A year or quarter of supervision. Of one kind none overlap along a line of the tree (services/periods.py)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="periods", verbose_name="satuan")
    name = models.CharField("nama", max_length=60)
    kind = models.CharField("jenis", max_length=10, choices=PeriodKind)
    first_day = models.DateField("hari pertama")
    last_day = models.DateField("hari terakhir")
    closed_at = models.DateTimeField("ditutup", null=True, blank=True, editable=False)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = "periode"
        verbose_name_plural = "periode"
        ordering = ["-first_day", "kind"]
        constraints = [
            models.CheckConstraint(
                name="period_range",
                condition=Q(last_day__gte=F("first_day")),
                violation_error_message="Hari terakhir tidak boleh sebelum hari pertama.",
            ),
            models.UniqueConstraint(fields=["unit", "kind", "first_day"], name="period_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Tell whether sheets of the period may still be written."""
        return self.closed_at is None
