"""What the sweep does every so many seconds; the apps above register theirs in ready()."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError

log = logging.getLogger(__name__)


@dataclass
class Tick:
    """A short piece of work that the sweep does every so many seconds; several hosts may do it at once."""

    seconds: float
    work: Callable[[], object]
    due_at: float = field(default=0.0)


_ticks: list[Tick] = []


def every(seconds: float, work: Callable[[], object]) -> None:
    """Let the sweep call `work` every so many seconds, at its start for the first time."""
    if all(tick.work is not work for tick in _ticks):
        _ticks.append(Tick(seconds, work))


def run_due(now: float | None = None) -> int:
    """Do what is due; return how many. What fails is due again at the next look."""
    moment = time.monotonic() if now is None else now
    done = 0
    for tick in _ticks:
        if tick.due_at > moment:
            continue
        try:
            tick.work()
        except (DatabaseError, OSError) as fault:
            log.warning("ticks go on after: %s", fault)
            continue
        tick.due_at = moment + tick.seconds
        done += 1
    return done
