"""The job table."""

from __future__ import annotations

import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

# So often a job is claimed before it is dead. Counted at the claim: a worker that dies of its job counts as well.
MOST_ATTEMPTS = 5


class Queue(models.TextChoices):
    """Two queues, two workers: short work never waits behind long work."""

    FAST = "cepat", "Cepat"
    HEAVY = "berat", "Berat"


class JobQuerySet(models.QuerySet["Job"]):
    """Named reads over jobs."""

    def open(self) -> Self:
        """Keep jobs that somebody still wants done."""
        return self.filter(done__lt=F("wanted"))

    def free(self, now: datetime.datetime) -> Self:
        """Keep jobs that nobody holds by a running lease."""
        return self.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))

    def claimable(self, now: datetime.datetime) -> Self:
        """Keep open jobs that are free, whose pause after a failure is over, and that were not tried often enough."""
        return self.open().free(now).filter(available_at__lte=now, dead_at__isnull=True, attempts__lt=MOST_ATTEMPTS)

    def dead(self) -> Self:
        """Keep jobs that nobody tries any more."""
        return self.filter(dead_at__isnull=False)

    def worn_out(self, now: datetime.datetime) -> Self:
        """Keep jobs that had all their attempts and are in nobody's hands, and that nobody has buried yet."""
        return self.open().free(now).filter(attempts__gte=MOST_ATTEMPTS, dead_at__isnull=True)


class Job(models.Model):
    """One piece of work by its key. It is open while `done` is below `wanted`.

    Whoever changes something raises `wanted` in the same transaction; a worker notes `wanted` when it claims and sets
    `done` to what it noted, so that a change made meanwhile keeps the job open.
    """

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    queue = models.CharField(max_length=10, choices=Queue)
    payload = models.JSONField(default=dict)
    wanted = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    available_at = models.DateTimeField(default=timezone.now)
    # When it was last wanted, and when the doorbell last rang for it.
    wanted_at = models.DateTimeField(default=timezone.now)
    rung_at = models.DateTimeField(null=True)
    # How often the sweep rang since the job was last claimed: the pause between two rings grows with it.
    rings = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    # When it died: `last_error` says of what.
    dead_at = models.DateTimeField(null=True)

    # What `open` means, for the conditions of counts.
    OPEN = Q(done__lt=F("wanted"))

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "pekerjaan"
        verbose_name_plural = "pekerjaan"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="job_key_once")]
        indexes = [
            models.Index(fields=["available_at"], condition=Q(done__lt=F("wanted")), name="job_open"),
            models.Index(fields=["dead_at"], condition=Q(dead_at__isnull=False), name="job_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
