"""The sweep: a loop of its own that rings again for what was left behind."""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, close_old_connections
from django.db.models import F
from django.utils import timezone

from . import canary, clock, deaths, doorbell, ticks
from .models import Job
from .services import waiting

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0


def sweep_once() -> int:
    """Ring for every open job that waits too long or whose lease ran out, bury what died; return how many rang."""
    doorbell.end_silence()
    deaths.bury_worn_out()
    rang = 0
    for job_id, queue in list(waiting(longer_than=EVERY_SECONDS)):
        if not doorbell.ring(job_id, queue):
            break
        Job.objects.filter(pk=job_id).update(rung_at=timezone.now(), rings=F("rings") + 1)
        rang += 1
    return rang


def sweep_forever(stop: threading.Event) -> None:
    """Sweep every two seconds, send canaries every ten, do what is due; through failures of database and broker."""
    ticks.every(clock.EVERY_SECONDS, clock.tick)
    ticks.every(clock.EVERY_SECONDS, clock.call_back)
    next_canary = 0.0
    while not stop.is_set():
        try:
            close_old_connections()
            if time.monotonic() >= next_canary:
                canary.send_canaries()
                next_canary = time.monotonic() + canary.EVERY_SECONDS
            ticks.run_due()
            sweep_once()
        except (DatabaseError, OSError) as fault:
            log.warning("sweep goes on after: %s", fault)
        stop.wait(EVERY_SECONDS)
