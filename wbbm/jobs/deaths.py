"""Dead jobs: after five attempts nobody tries a job again until a person does, or until it is wanted anew."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable

from django.db import transaction
from django.utils import timezone

from .doorbell import ring
from .models import MOST_ATTEMPTS, Job

log = logging.getLogger(__name__)

Listener = Callable[[Job], None]
_listeners: list[Listener] = []
_SILENT_DEATH = f"Pekerja berhenti di tengah pekerjaan ini {MOST_ATTEMPTS} kali: mati, kehabisan memori, terlalu lama."


def on_death(listener: Listener) -> None:
    """Let `listener(job)` be called in the transaction in which a job dies; called in an app's ready()."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(job: Job) -> None:
    """Tell all listeners; one that fails holds back neither the others nor the burial."""
    log.error("job is dead: %s %s", job.kind, job.pk)
    for listener in _listeners:
        try:
            with transaction.atomic():
                listener(job)
        except Exception:
            log.exception("nobody was told of dead job %s", job.pk)


def bury_worn_out() -> int:
    """Bury the jobs whose workers died or hung at each attempt; return how many. The sweep does it."""
    now = timezone.now()
    buried = 0
    for job in list(Job.objects.worn_out(now)[:100]):
        before = f" Sebelumnya: {job.last_error}" if job.last_error else ""
        with transaction.atomic():
            row = Job.objects.worn_out(now).filter(pk=job.pk)
            if row.update(dead_at=now, token=None, lease_until=None, last_error=(_SILENT_DEATH + before)[:2000]):
                tell(job)
                buried += 1
    return buried


def revive(jobs: Iterable[int]) -> int:
    """Let dead jobs be tried again, five times anew; return how many were dead."""
    now = timezone.now()
    count = 0
    for job in Job.objects.dead().filter(pk__in=list(jobs)).order_by("pk"):
        row = Job.objects.dead().filter(pk=job.pk)
        if row.update(dead_at=None, attempts=0, available_at=now, wanted_at=now, rung_at=None, rings=0):
            count += 1
            transaction.on_commit(functools.partial(ring, job.pk, job.queue), robust=True)
    return count
