"""Instruments as loaded from supervisi/instruments/*.yaml or published from a draft; immutable once loaded."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class InstrumentQuerySet(models.QuerySet["Instrument"]):
    """Named reads over instruments."""

    def visible_to(self, user: User) -> Self:
        """Instruments are the same for all: whoever has a posting sees them."""
        return self if user.scope.postings else self.none()

    def in_use_on(self, day: datetime.date) -> Self:
        """Keep the version of each code for periods that begin on the day: the newest that holds from then or before.

        Which version a sheet is made on follows from its period's first day, so that a period has one version.
        """
        held = self.model.objects.filter(models.Q(starts_on__isnull=True) | models.Q(starts_on__lte=day))
        newest = held.values("code").annotate(newest=models.Max("pk")).values("newest")
        return self.filter(pk__in=newest)

    def current(self) -> Self:
        """Keep the version of each code that is in use today."""
        return self.in_use_on(timezone.localdate())


class Instrument(models.Model):
    """One version of an instrument. `definition` is the file's content; the engine is built from it."""

    code = models.SlugField("kode", max_length=40)
    version = models.CharField("versi", max_length=40)
    name = models.CharField("nama", max_length=200)
    label = models.CharField("sebutan", max_length=200, help_text="Misalnya: lembar internal, bukan nilai resmi.")
    is_official = models.BooleanField("resmi")
    period_kind = models.CharField("jenis periode", max_length=10)
    unit_kinds = models.JSONField("jenis satuan yang wajib")
    sha256 = models.CharField(max_length=64)
    definition = models.JSONField()
    loaded_at = models.DateTimeField("dimuat", default=timezone.now)
    # Periods that begin on this day or later use the version; of a version that ships, all from its loading on.
    starts_on = models.DateField("berlaku sejak", null=True)

    objects = InstrumentQuerySet.as_manager()

    class Meta:
        verbose_name = "instrumen"
        verbose_name_plural = "instrumen"
        ordering = ["code", "pk"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="instrument_version_once")]

    def __str__(self) -> str:
        return f"{self.code} ({self.version})"

    def holds_on(self, day: datetime.date) -> bool:
        """Tell whether periods that begin on the day may use the version."""
        return self.starts_on is None or self.starts_on <= day


class Node(models.Model):
    """A component, area or sub-component; carries a weight."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="nodes")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    code = models.CharField("kode", max_length=20)
    name = models.CharField("nama", max_length=200)
    weight = models.DecimalField("bobot", max_digits=8, decimal_places=4)
    position = models.PositiveIntegerField("urutan")

    class Meta:
        verbose_name = "simpul instrumen"
        verbose_name_plural = "simpul instrumen"
        ordering = ["instrument", "position"]
        constraints = [models.UniqueConstraint(fields=["instrument", "code"], name="node_code_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Item(models.Model):
    """One question (butir) of an instrument."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="items")
    node = models.ForeignKey(Node, models.CASCADE, related_name="items")
    code = models.CharField("kode", max_length=20)
    question = models.TextField("pertanyaan")
    area_key = models.CharField("area", max_length=10)
    position = models.PositiveIntegerField("urutan")

    class Meta:
        verbose_name = "butir"
        verbose_name_plural = "butir"
        ordering = ["instrument", "position"]
        constraints = [models.UniqueConstraint(fields=["instrument", "code"], name="item_code_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.question}"
