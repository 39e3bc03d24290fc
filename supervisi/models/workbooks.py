"""Uploads of official workbooks, between reading and acceptance."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from .checklists import Checklist

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

# How long an upload can be accepted; afterwards it is uploaded again.
IMPORT_LASTS = datetime.timedelta(days=3)


class WorkbookImportQuerySet(models.QuerySet["WorkbookImport"]):
    """Named reads over uploads."""

    def visible_to(self, user: User) -> Self:
        """Keep the person's own that have not expired."""
        return self.filter(owner_id=user.pk, created_at__gt=timezone.now() - IMPORT_LASTS)

    def expired(self, now: datetime.datetime | None = None) -> Self:
        """Keep those that nobody can open any more."""
        return self.filter(created_at__lte=(now or timezone.now()) - IMPORT_LASTS)

    def with_frame(self) -> Self:
        """Load the sheet along, with what its page needs."""
        return self.select_related(
            "checklist__unit", "checklist__period", "checklist__visit", "checklist__instrument"
        ).defer("checklist__instrument__definition")


class WorkbookImport(models.Model):
    """What was read from one upload. Nothing of it is on the sheet before the person accepts it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="+", verbose_name="lembar")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=120)
    file_sha256 = models.CharField(max_length=64)
    file_size = models.PositiveIntegerField()
    sheet_name = models.CharField(max_length=100)
    # [[code, row, answer, note], …] in the file's order.
    items = models.JSONField()
    # [[row, text, message], …]
    problems = models.JSONField(default=list)
    # Codes of items for which the file has no row.
    missing = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    objects = WorkbookImportQuerySet.as_manager()

    class Meta:
        verbose_name = "impor buku kerja"
        verbose_name_plural = "impor buku kerja"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        """Return the page of the comparison."""
        return reverse("supervisi:workbook-import", args=[self.pk])
