"""Files of long lists, made by a worker for whoever asked."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

# How long a file can be downloaded; the purge deletes it afterwards.
FILE_LASTS = datetime.timedelta(hours=24)


class ListFileStatus(models.TextChoices):
    """States of a file."""

    REQUESTED = "requested", "Sedang dibuat"
    READY = "ready", "Siap diunduh"
    FAILED = "failed", "Gagal dibuat"


class ListFileQuerySet(models.QuerySet["ListFile"]):
    """Named reads over files of lists."""

    def visible_to(self, user: User) -> Self:
        """Keep what the person asked for himself, while it lasts and his postings are those it was made by."""
        held = posting_mark(user)
        fresh = Q(requested_at__gt=timezone.now() - FILE_LASTS)
        return self.filter(fresh, person_id=user.pk, posting_mark=held)

    def at_work(self) -> Self:
        """Keep what waits for the worker or is in its hands."""
        return self.filter(status=ListFileStatus.REQUESTED)

    def ready(self) -> Self:
        """Keep what can be downloaded."""
        return self.filter(status=ListFileStatus.READY)

    def expired(self, now: datetime.datetime) -> Self:
        """Keep what nobody can download any more."""
        return self.filter(requested_at__lte=now - FILE_LASTS)


def posting_mark(user: User) -> str:
    """Return a mark of a person's running postings: with others, another list is in his sight."""
    held = ",".join(sorted(f"{posting.role}@{posting.unit.path}" for posting in user.scope.postings))
    return hashlib.sha256(held.encode()).hexdigest()


class ListFile(models.Model):
    """One list as a file: which one, how it was narrowed, and where the file lies once it is made."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting_mark = models.CharField(max_length=500)
    name = models.CharField(max_length=40)
    suffix = models.CharField(max_length=4)
    asked = models.JSONField(default=dict)
    # The same list asked for twice is one file.
    asked_mark = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=ListFileStatus, default=ListFileStatus.REQUESTED)
    attempts = models.PositiveSmallIntegerField(default=0)
    rows = models.PositiveIntegerField(null=True)
    path = models.CharField(max_length=200, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    made_at = models.DateTimeField(null=True)

    objects = ListFileQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas daftar"
        verbose_name_plural = "berkas daftar"
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "asked_mark"],
                condition=Q(status=ListFileStatus.REQUESTED),
                name="list_file_once_at_work",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}.{self.suffix}"

    def get_absolute_url(self) -> str:
        """Return where it is downloaded."""
        return reverse("supervisi:list-download", args=[self.pk])

    @property
    def is_at_work(self) -> bool:
        """Tell whether the worker has it, or will."""
        return self.status == ListFileStatus.REQUESTED

    @property
    def is_ready(self) -> bool:
        """Tell whether it can be downloaded."""
        return self.status == ListFileStatus.READY

    @property
    def has_failed(self) -> bool:
        """Tell whether it could not be made."""
        return self.status == ListFileStatus.FAILED

    @property
    def lasts_until(self) -> datetime.datetime:
        """Until when it can be downloaded."""
        return self.requested_at + FILE_LASTS
