"""Canaries: a job through each real queue, by which /healthz knows that the workers work."""

from __future__ import annotations

import datetime

from django.db.models import F
from django.utils import timezone

from .models import Job, Queue
from .services import Claim, register, request

EVERY_SECONDS = 10.0
BACK_WITHIN_SECONDS = 30.0


def _kind(queue: str) -> str:
    return f"canary-{queue}"


KINDS = tuple(_kind(queue) for queue in Queue.values)


def register_canaries() -> None:
    """Register one kind for each queue."""
    for queue in Queue.values:
        register(_kind(queue), _come_back, queue=queue)


def _come_back(claim: Claim) -> None:
    claim.complete()


def send_canaries() -> None:
    """Send one canary through each queue; the sweep does it every ten seconds."""
    for queue in Queue.values:
        request(_kind(queue), "canary")


def missing_queues(now: datetime.datetime | None = None) -> list[str]:
    """Return the queues whose last canary has not come back within 30 s."""
    now = now or timezone.now()
    since = now - datetime.timedelta(seconds=BACK_WITHIN_SECONDS)
    alive = set(
        Job.objects.filter(kind__in=KINDS, done_at__gte=since, done__gt=0)
        .exclude(done__lt=F("wanted"), wanted_at__lt=since)
        .values_list("queue", flat=True)
    )
    return [queue for queue in Queue.values if queue not in alive]
