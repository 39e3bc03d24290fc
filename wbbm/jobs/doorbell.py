"""Ringing: a message that wakes a worker. It may get lost, and it never fails whoever rings."""

from __future__ import annotations

import logging
import time

from kombu.exceptions import OperationalError

from wbbm.celery import app

log = logging.getLogger(__name__)

# After a failure nobody rings for a while, so that requests don't wait for a dead broker one by one.
SILENCE_SECONDS = 10.0
_silent_until = 0.0


def ring(job_id: int, queue: str) -> bool:
    """Send the job's id to its queue; tell whether the broker took it."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return False
    try:
        app.send_task("jobs.run", args=[job_id], queue=queue, retry=False, ignore_result=True)
    except (OperationalError, OSError) as fault:
        _silent_until = time.monotonic() + SILENCE_SECONDS
        log.warning("broker does not answer, no ring for %.0f s: %s", SILENCE_SECONDS, fault)
        return False
    return True


def end_silence() -> None:
    """Ring again from now on (the sweep tries anew; tests)."""
    global _silent_until
    _silent_until = 0.0
