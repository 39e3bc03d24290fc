"""Findings (temuan): the record; their follow-up comes with a later issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from wbbm.organisasi.models import Unit

from .checklists import Checklist
from .instruments import Item
from .visits import Visit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class Severity(models.TextChoices):
    """How serious a finding is."""

    SEVERE = "severe", "Berat"
    MODERATE = "moderate", "Sedang"
    MINOR = "minor", "Ringan"


class FindingStatus(models.TextChoices):
    """States of a finding; answering and closing come with the follow-up."""

    OPEN = "open", "Terbuka"
    CLOSED = "closed", "Ditutup"


class FindingQuerySet(models.QuerySet["Finding"]):
    """Named reads over findings."""

    def visible_to(self, user: User) -> Self:
        """Keep findings of overseen units; the unit itself sees them once they are handed over."""
        scope = user.scope
        own = scope.own_units("unit__path") & models.Q(handed_over_at__isnull=False)
        return self.filter(scope.overseen_units("unit__path") | own)

    def open(self) -> Self:
        """Keep findings that nobody has closed."""
        return self.filter(status=FindingStatus.OPEN)

    def severe(self) -> Self:
        """Keep severe findings: they hold a verdict back once they are handed over."""
        return self.filter(severity=Severity.SEVERE)


class Finding(models.Model):
    """A weakness found at a unit; its owner is an office, so that it survives rotation."""

    number = models.CharField("nomor", max_length=60, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="findings", verbose_name="satuan")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="findings")
    checklist = models.ForeignKey(Checklist, models.PROTECT, null=True, related_name="findings")
    item = models.ForeignKey(Item, models.PROTECT, null=True, related_name="+", verbose_name="butir")
    option_code = models.CharField("pilihan saat dicatat", max_length=10, blank=True)
    severity = models.CharField("tingkat", max_length=10, choices=Severity)
    status = models.CharField(max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    observation = models.TextField("yang ditemukan")
    recommendation = models.TextField("rekomendasi", blank=True)
    owner_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan pemilik")
    owner_title = models.CharField("jabatan pemilik", max_length=120)
    due_on = models.DateField("tenggat", null=True, blank=True)
    handed_over_at = models.DateTimeField("disampaikan", null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = "temuan"
        verbose_name_plural = "temuan"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def is_severe(self) -> bool:
        """Tell whether the finding holds a verdict back."""
        return self.severity == Severity.SEVERE
