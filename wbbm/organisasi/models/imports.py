"""An uploaded list that was read but not yet written."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from .people import User

DRAFT_LASTS = datetime.timedelta(hours=24)


class ImportKind(models.TextChoices):
    """What a list holds."""

    UNITS = "units", "Satuan"
    PEOPLE = "people", "Orang"


class ImportDraftQuerySet(models.QuerySet["ImportDraft"]):
    """Named reads over drafts."""

    def visible_to(self, user: User) -> Self:
        """Keep the person's own drafts that have not expired."""
        return self.filter(owner=user, created_at__gt=timezone.now() - DRAFT_LASTS)

    def expired(self, now: datetime.datetime | None = None) -> Self:
        """Keep drafts that nobody can open any more."""
        return self.filter(created_at__lte=(now or timezone.now()) - DRAFT_LASTS)


class ImportDraft(models.Model):
    """The rows of one upload, kept for a day between the preview and the import."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=ImportKind)
    file_name = models.CharField(max_length=120)
    # [[line, {column: text}, {column: fault}], …]
    rows = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)
    # What the import did: {"new": …, "changed": …, "same": …, "people": [ids of new people]}.
    outcome = models.JSONField(default=dict)

    objects = ImportDraftQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas impor"
        verbose_name_plural = "berkas impor"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name
