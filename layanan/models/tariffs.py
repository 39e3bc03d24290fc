"""Tariffs: what a service costs, since when, until when, and by which rule."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q

from layanan.money import rupiah
from wbbm.organisasi.models import Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

# Far above any fee of PP 76/2020.
MOST_RUPIAH = 100_000_000


class TariffQuerySet(models.QuerySet["Tariff"]):
    """Named reads over tariffs."""

    def visible_to(self, user: User) -> Self:
        """Keep the national tariffs, and those of units that the person sees."""
        return self.filter(Q(unit__isnull=True) | user.scope.reading_units("unit__path"))

    def holding_at(self, unit: Unit | None, day: datetime.date) -> Self:
        """Keep what holds at the unit on the day or later; of one key the one that decides comes last."""
        paths = [*unit.ancestor_paths, unit.path] if unit is not None else []
        found = self.filter(
            Q(unit__isnull=True) | Q(unit__path__in=paths), Q(valid_until__isnull=True) | Q(valid_until__gte=day)
        )
        return found.order_by(
            "position", "key", F("valid_from").asc(nulls_first=True), F("unit__path").asc(nulls_first=True)
        )


class Tariff(models.Model):
    """What one thing costs (tarif): everywhere, or at a unit and everything below it. A new one is a new row."""

    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="satuan")
    key = models.SlugField("kode", max_length=60)
    service = models.SlugField("layanan", max_length=40)
    name = models.CharField("nama", max_length=120)
    # Other words by which people look for it.
    words = models.CharField("kata lain", max_length=200, blank=True)
    amount = models.PositiveIntegerField("jumlah (rupiah)")
    is_free = models.BooleanField("gratis", default=False)
    legal_basis = models.CharField("dasar hukum", max_length=200)
    note = models.CharField("keterangan", max_length=200, blank=True)
    # Read in one source only: shown with the advice to ask at the desk.
    is_unsure = models.BooleanField("perlu konfirmasi", default=False)
    # Empty: since its legal basis came into force.
    valid_from = models.DateField("berlaku sejak", null=True, blank=True)
    valid_until = models.DateField("berlaku sampai", null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = TariffQuerySet.as_manager()

    class Meta:
        verbose_name = "tarif"
        verbose_name_plural = "tarif"
        ordering = ["position", "key"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "key", "valid_from"], name="tariff_once_a_day"),
            models.UniqueConstraint(
                fields=["key", "valid_from"], condition=Q(unit__isnull=True), name="tariff_once_a_day_everywhere"
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=Q(unit__isnull=True, valid_from__isnull=True),
                name="tariff_once_from_the_start",
            ),
            models.CheckConstraint(name="tariff_range", condition=Q(valid_until__isnull=True)
                                   | Q(valid_from__isnull=True) | Q(valid_until__gte=F("valid_from"))),
            models.CheckConstraint(
                name="tariff_free_is_nothing",
                condition=Q(is_free=True, amount=0) | Q(is_free=False, amount__gt=0),
            ),
            models.CheckConstraint(
                name="tariff_of_a_unit_begins", condition=Q(unit__isnull=True) | Q(valid_from__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name}: {self.price}"

    @property
    def price(self) -> str:
        """What it costs, as people read it."""
        return "GRATIS" if self.is_free else rupiah(self.amount)

    def has_begun(self, day: datetime.date) -> bool:
        """Tell whether it holds on the day already."""
        return self.valid_from is None or self.valid_from <= day
