"""Codes by which anybody can ask whether the result on a document is the one."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.models.audit import grouped_hash

from .checklists import Checklist


class VerificationCodeQuerySet(models.QuerySet["VerificationCode"]):
    """Named reads over codes."""

    def valid(self) -> Self:
        """Keep codes of sheets that were not opened again since."""
        return self.filter(superseded_at__isnull=True)

    def of(self, checklist: Checklist) -> Self:
        """Keep the codes of one sheet, the newest first."""
        return self.filter(checklist=checklist).order_by("-pk")


class VerificationCode(models.Model):
    """What a final sheet's documents bear: a code that can't be guessed, and the hash of what was final.

    Made when the sheet becomes final, superseded when it is opened again; never changed otherwise.
    """

    code = models.CharField("kode", max_length=28, unique=True)
    checklist = models.ForeignKey(Checklist, models.PROTECT, related_name="verification_codes", verbose_name="lembar")
    content_hash = models.CharField("sidik isi", max_length=64, db_index=True)
    made_at = models.DateTimeField("dibuat", default=timezone.now)
    superseded_at = models.DateTimeField("digantikan", null=True)

    objects = VerificationCodeQuerySet.as_manager()

    class Meta:
        verbose_name = "kode verifikasi"
        verbose_name_plural = "kode verifikasi"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["checklist"], condition=Q(superseded_at__isnull=True), name="verification_valid_once"
            ),
        ]

    def __str__(self) -> str:
        return self.grouped

    def get_absolute_url(self) -> str:
        """Return the public page that tells whether the code is valid."""
        return reverse("supervisi:verify", args=[self.grouped])

    @property
    def grouped(self) -> str:
        """The code in groups of four, as people read and type it."""
        return "-".join(self.code[place : place + 4] for place in range(0, len(self.code), 4))

    @property
    def grouped_hash(self) -> str:
        """The hash in groups of eight, to be compared by eye."""
        return grouped_hash(self.content_hash)
