"""What the portal remembers of its own upkeep."""

from __future__ import annotations

from django.db import models


class BackupKind(models.TextChoices):
    """What is remembered, one row for each."""

    FULL = "full", "Cadangan penuh"
    CHANGES = "changes", "Cadangan perubahan"
    CHECK = "check", "Uji pemulihan"
    KEYS = "keys", "Lembar kunci"


class BackupState(models.Model):
    """When something about backups last went well, and since when it doesn't."""

    kind = models.CharField(max_length=10, choices=BackupKind, unique=True)
    # The last time that it went well, which set, how large, and how long it took.
    at = models.DateTimeField(null=True)
    name = models.CharField(max_length=300, blank=True)
    size = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    # The last time that it didn't, unless it went well again since.
    failed_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "keadaan cadangan"
        verbose_name_plural = "keadaan cadangan"

    def __str__(self) -> str:
        return self.get_kind_display()
