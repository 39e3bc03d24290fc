"""Innovations: what was made better for residents, since when, and how many it helped, month by month."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class InnovationStatus(models.TextChoices):
    """States of an innovation (docs/alur-status.md)."""

    DRAFT = "draft", "Rancangan"
    RUNNING = "running", "Berjalan"
    ENDED = "ended", "Berhenti"


class FigureSource(models.TextChoices):
    """Where the monthly figures come from."""

    NOTED = "noted", "Dicatat operator setiap bulan"
    SIMBA = "simba", "Dihitung dari jadwal SIMBA"


class InnovationQuerySet(models.QuerySet["Innovation"]):
    """Named reads over innovations."""

    def visible_to(self, user: User) -> Self:
        """Keep innovations of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))

    def public(self) -> Self:
        """Keep what residents see: everything but drafts, what runs first."""
        return self.exclude(status=InnovationStatus.DRAFT).order_by("-status", "unit__path", "title", "pk")

    def at_or_below_named(self, text: str) -> Self:
        """Keep those whose title holds the text, and those of units whose name, or that of one above, does."""
        if not text:
            return self
        return self.filter(Q(title__icontains=text) | Q(unit__in=Unit.objects.order_by().below_named(text)))

    def of_units(self, paths: frozenset[str]) -> Self:
        """Keep innovations of the units with these paths."""
        return self.filter(unit__path__in=paths)


class Innovation(models.Model):
    """A renewal of a service by one unit, in the register of innovations."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="innovations", verbose_name="satuan")
    title = models.CharField("nama inovasi", max_length=120)
    summary = models.CharField("ringkasan", max_length=240)
    problem = models.TextField("masalah yang dijawab")
    how_it_works = models.TextField("cara kerja")
    # Codes of the standards (ServiceTemplate) of the services that it improves.
    services = models.JSONField("layanan yang diperbaiki", default=list)
    since = models.DateField("berjalan sejak")
    status = models.CharField(max_length=10, choices=InnovationStatus, default=InnovationStatus.DRAFT, editable=False)
    figure_source = models.CharField(
        "asal angka", max_length=10, choices=FigureSource, default=FigureSource.NOTED, editable=False
    )
    # Which element of which survey it is meant to raise, and the quarters to compare by their first month, if any.
    effect_survey = models.CharField("survei", max_length=10, blank=True)
    effect_element = models.PositiveSmallIntegerField("unsur", null=True, blank=True)
    effect_before = models.DateField("bulan sebelum", null=True, blank=True)
    effect_after = models.DateField("bulan sesudah", null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    changed_at = models.DateTimeField("diubah", default=timezone.now, editable=False)

    objects = InnovationQuerySet.as_manager()

    class Meta:
        verbose_name = "inovasi"
        verbose_name_plural = "inovasi"
        ordering = ["unit", "title", "pk"]
        constraints = [
            # A second click on "Simpan" makes no second one.
            models.UniqueConstraint(fields=["unit", "title"], name="innovation_once"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the public page."""
        return reverse("layanan:innovation", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        """Tell whether residents don't see it yet."""
        return self.status == InnovationStatus.DRAFT

    @property
    def is_running(self) -> bool:
        """Tell whether it is offered now."""
        return self.status == InnovationStatus.RUNNING

    @property
    def counts_itself(self) -> bool:
        """Tell whether its figures come from SIMBA's counters."""
        return self.figure_source == FigureSource.SIMBA


class InnovationFigureQuerySet(models.QuerySet["InnovationFigure"]):
    """Named reads over monthly figures."""

    def visible_to(self, user: User) -> Self:
        """Keep figures of innovations in sight."""
        return self.filter(user.scope.reading_units("innovation__unit__path"))

    def current(self) -> Self:
        """Keep what counts: the last figure of each month."""
        return self.filter(is_current=True).order_by("-month")

    def since(self, month: datetime.date) -> Self:
        """Keep figures of the month and later ones."""
        return self.filter(month__gte=month)


class InnovationFigure(models.Model):
    """How many residents were helped in a month. A correction is a new row with its reason; the old one stays."""

    innovation = models.ForeignKey(Innovation, models.PROTECT, related_name="figures", verbose_name="inovasi")
    # The first day of the month.
    month = models.DateField("bulan")
    helped = models.PositiveIntegerField("warga terbantu")
    note = models.CharField("sumber atau alasan", max_length=240, blank=True)
    is_current = models.BooleanField(default=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="oleh")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField("dicatat", default=timezone.now)

    objects = InnovationFigureQuerySet.as_manager()

    class Meta:
        verbose_name = "angka inovasi"
        verbose_name_plural = "angka inovasi"
        ordering = ["-month", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["innovation", "month"], condition=Q(is_current=True), name="innovation_figure_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%m-%Y}: {self.helped}"


class InnovationFileQuerySet(models.QuerySet["InnovationFile"]):
    """Named reads over files of innovations."""

    def visible_to(self, user: User) -> Self:
        """Keep files of innovations in sight."""
        return self.filter(user.scope.reading_units("innovation__unit__path"))


class InnovationFile(models.Model):
    """A photo or document that proves an innovation."""

    innovation = models.ForeignKey(Innovation, models.PROTECT, related_name="files", verbose_name="inovasi")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name="berkas")
    title = models.CharField("keterangan", max_length=120)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = InnovationFileQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas inovasi"
        verbose_name_plural = "berkas inovasi"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title
