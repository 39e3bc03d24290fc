"""The second factor: a person's key for codes, printed recovery codes, and resets by two people."""

from __future__ import annotations

import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

# How long a reset waits for its second person.
RESET_WAITS = datetime.timedelta(hours=72)


class SecondFactor(models.Model):
    """The key from which a person's phone makes codes; a new one is a new row, to which sessions are tied."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="second_factor")
    # Readable only with REPORT_KEY, which is not in the database (wbbm/organisasi/sealing.py).
    sealed_secret = models.BinaryField()
    confirmed_at = models.DateTimeField("terpasang", default=timezone.now)
    # Who saw the person with it: without that nobody reads reports by this factor (services/factor_approvals.py).
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    # The time step of the last code taken: neither it nor an older one is taken again.
    last_step = models.BigIntegerField()
    failures = models.PositiveIntegerField(default=0)
    # No try is taken before; every try moves it first (services/factors.py).
    next_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "faktor kedua"
        verbose_name_plural = "faktor kedua"

    def __str__(self) -> str:
        return f"Faktor kedua {self.user_id}"


class RecoveryCode(models.Model):
    """A printed code that stands in for the phone once. Only its keyed hash is kept."""

    factor = models.ForeignKey(SecondFactor, models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "kode pemulihan"
        verbose_name_plural = "kode pemulihan"
        constraints = [models.UniqueConstraint(fields=["factor", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"Kode pemulihan {self.pk}"


class FactorResetQuerySet(models.QuerySet["FactorReset"]):
    """Named reads over resets."""

    def waiting(self, now: datetime.datetime) -> Self:
        """Keep those that a second person may still confirm."""
        return self.filter(confirmed_at__isnull=True, ended_at__isnull=True, asked_at__gt=now - RESET_WAITS)

    def unsettled(self) -> Self:
        """Keep those that were neither confirmed nor ended, also when their time is over."""
        return self.filter(confirmed_at__isnull=True, ended_at__isnull=True)

    def done_since(self, moment: datetime.datetime) -> Self:
        """Keep those that were carried out since the moment."""
        return self.filter(confirmed_at__gte=moment)

    def of(self, person: models.Model) -> Self:
        """Keep those about a person."""
        return self.filter(person_id=person.pk)


class FactorReset(models.Model):
    """A lost phone: one admin asks with a reason, another one confirms; then the second factor is gone."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="factor_resets")
    reason = models.TextField("alasan")
    # Null where whoever runs the server did it.
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    # Taken back, refused, or overtaken by time.
    ended_at = models.DateTimeField(null=True)

    objects = FactorResetQuerySet.as_manager()

    class Meta:
        verbose_name = "reset faktor kedua"
        verbose_name_plural = "reset faktor kedua"
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(confirmed_at__isnull=True, ended_at__isnull=True),
                name="factor_reset_one_open",
            ),
            models.CheckConstraint(
                name="factor_reset_two_people",
                condition=models.Q(asked_by__isnull=True)
                | models.Q(confirmed_by__isnull=True)
                | ~models.Q(asked_by=models.F("confirmed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"Reset untuk {self.person_id}"
