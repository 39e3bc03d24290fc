"""Days off: what a working day is at a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .units import Unit

if TYPE_CHECKING:
    from .people import User


class HolidayQuerySet(models.QuerySet["Holiday"]):
    """Named reads over days off."""

    def visible_to(self, user: User) -> Self:
        """Keep the days off that hold at a unit in sight, and those of everybody."""
        return self.filter(Q(unit__isnull=True) | user.scope.reading_units("unit__path"))

    def holding_at(self, unit: Unit) -> Self:
        """Keep the days off that hold at the unit."""
        return self.filter(Q(unit__isnull=True) | Q(unit__path__in=[*unit.ancestor_paths, unit.path]))

    def in_force(self) -> Self:
        """Keep what was not taken back."""
        return self.filter(is_active=True)


class Holiday(models.Model):
    """A day off (hari libur): everywhere, or at a unit and everything below it."""

    day = models.DateField("tanggal")
    name = models.CharField("nama", max_length=120)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="holidays", verbose_name="satuan",
        help_text="Berlaku untuk satuan ini dan semua di bawahnya.",
    )  # fmt: skip
    is_active = models.BooleanField(
        "berlaku", default=True, help_text="Hilangkan centang bila hari ini ternyata tetap hari kerja."
    )

    objects = HolidayQuerySet.as_manager()

    class Meta:
        verbose_name = "hari libur"
        verbose_name_plural = "hari libur"
        ordering = ["day", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "unit"],
                name="holiday_once",
                violation_error_message="Hari libur satuan ini pada tanggal itu sudah ada.",
            ),
            models.UniqueConstraint(fields=["day"], condition=Q(unit__isnull=True), name="holiday_once_everywhere"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.day:%d-%m-%Y}"


class HolidayYearQuerySet(models.QuerySet["HolidayYear"]):
    """Named reads over confirmed years."""

    def visible_to(self, user: User) -> Self:
        """Keep the years of units in sight."""
        return self.filter(user.scope.reading_units("unit__path"))

    def confirmed_at(self, unit: Unit, year: int) -> HolidayYear | None:
        """Return the confirmation that holds at the unit, if there is one."""
        paths = [*unit.ancestor_paths, unit.path]
        return self.filter(year=year, unit__path__in=paths).select_related("unit").first()


class HolidayYear(models.Model):
    """A year whose list of days off an admin called complete (ditetapkan), for a unit and everything below it."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    year = models.PositiveSmallIntegerField("tahun")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField("ditetapkan", default=timezone.now)

    objects = HolidayYearQuerySet.as_manager()

    class Meta:
        verbose_name = "tahun hari libur"
        verbose_name_plural = "tahun hari libur"
        ordering = ["-year", "pk"]
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="holiday_year_once")]

    def __str__(self) -> str:
        return f"{self.year}, {self.unit}"
