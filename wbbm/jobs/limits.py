"""Limits of one job: time and memory. Work that never returns, or eats the machine, ends; the job table remembers it.

A solo worker has no hard time limit of its own. Python's alarm comes first and names the reason; should the work sit in
C code that never looks at it, a thread of faulthandler ends the process a little later, whatever holds Python.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from celery.signals import worker_init
from django.conf import settings

from wbbm.celery import is_worker

log = logging.getLogger(__name__)

# What the work gets, after the alarm, to come to an end by itself.
GRACE_SECONDS = 10.0
_EXIT_CODE = 70


class TimeLimit(BaseException):
    """The job took longer than its kind may. No `except Exception` of the work catches it."""


def _over(number: int, frame: FrameType | None) -> None:
    raise TimeLimit


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let the block take so many seconds; only in a worker, which is started again when it ends.

    Raises:
        TimeLimit: in the block, once the time is over.
    """
    if not is_worker() or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, _over)
    faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True, file=2)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


def end_worker() -> None:
    """End this worker at once: broken-off work may have left anything behind. Its supervisor starts a new one."""
    if is_worker():
        log.error("the worker ends itself after a job that went over its limits")
        sys.stderr.flush()
        os._exit(_EXIT_CODE)


@worker_init.connect
def cap_memory(**_: Any) -> None:
    """Let a worker have WORKER_MEMORY_MB of memory of its own; asking for more raises MemoryError."""
    most: int = settings.WORKER_MEMORY_MB * 1024 * 1024
    if most:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        within = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (within, hard))
