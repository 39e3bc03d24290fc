"""What slows guessing down: wrong passwords per person, and requests for a link by mail."""

from __future__ import annotations

import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone


class SignInPace(models.Model):
    """Wrong passwords for one name typed, from any address, and when the next try is taken.

    Addresses that failed often already have a turn of their own (`worn_next_at`), so that they can't use up the turns
    of an address that hardly failed.
    """

    username = models.CharField(max_length=150, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()
    next_at = models.DateTimeField()
    worn_next_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "laju percobaan masuk"
        verbose_name_plural = "laju percobaan masuk"

    def __str__(self) -> str:
        return self.username


class ResetRequestQuerySet(models.QuerySet["ResetRequest"]):
    """Named reads over requests."""

    def since(self, moment: datetime.datetime) -> Self:
        """Keep requests from the moment on."""
        return self.filter(at__gte=moment)

    def waiting(self) -> Self:
        """Keep requests whose mail has not gone out, oldest first."""
        return self.filter(person__isnull=False, mailed_at__isnull=True).order_by("at", "pk")


class ResetRequest(models.Model):
    """Somebody asked for a link by mail; kept for an hour to limit how often. What was typed is kept as a hash."""

    name_hash = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    # Null where nobody has the name, or where it was asked for too often.
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    mailed_at = models.DateTimeField(null=True)

    objects = ResetRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "permintaan kata sandi baru"
        verbose_name_plural = "permintaan kata sandi baru"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
