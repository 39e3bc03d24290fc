"""Periods: a year or a quarter that belongs to a unit and holds for its subtree."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

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
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="ditutup oleh",
    )
    # From here on its stored results never change: everything that was handed in before the closing is counted.
    settled_at = models.DateTimeField("dibekukan", null=True, editable=False)
    # Taking the closing back needs two people; the database lets it go by these only (supervisi/guards.py).
    undo_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    undo_asked_at = models.DateTimeField(null=True, editable=False)
    undo_reason = models.TextField(blank=True, editable=False)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+")
    undone_at = models.DateTimeField(null=True, editable=False)
    # When the tree of its last day was put by (PeriodPlace): before the first unit that was moved later.
    tree_kept_at = models.DateTimeField(null=True, editable=False)

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

    def get_absolute_url(self) -> str:
        """Return the period's page."""
        return reverse("supervisi:period-detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        """Tell whether sheets of the period may still be written."""
        return self.closed_at is None

    @property
    def is_settled(self) -> bool:
        """Tell whether the stored results of the period are frozen."""
        return self.settled_at is not None


class PeriodPlaceQuerySet(models.QuerySet["PeriodPlace"]):
    """Named reads over the trees of periods."""

    def visible_to(self, user: User) -> Self:
        """Keep the places of units that the person sees today."""
        return self.filter(user.scope.reading_units("unit__path"))

    def below(self, place: PeriodPlace) -> Self:
        """Keep the place itself and everything that stood below it then."""
        return self.filter(period=place.period_id, path__startswith=place.path)


class PeriodPlace(models.Model):
    """Where a unit stood on the last day of a period: kept when units are moved after that day."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="places")
    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    above = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="+")
    # The path of then; a unit that was made later may have it now.
    path = models.CharField(max_length=255)

    objects = PeriodPlaceQuerySet.as_manager()

    class Meta:
        verbose_name = "tempat satuan pada periode"
        verbose_name_plural = "tempat satuan pada periode"
        constraints = [models.UniqueConstraint(fields=["period", "unit"], name="period_place_once")]
        indexes = [
            models.Index(fields=["period", "above"], name="period_place_above"),
            models.Index(fields=["period", "path"], name="period_place_path"),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} pada {self.period_id}"
