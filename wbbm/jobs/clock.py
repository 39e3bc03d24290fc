"""The clock: what is done once a day, at an hour of each time zone. Apps register theirs in ready()."""

from __future__ import annotations

import datetime
import logging
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from .models import Job, Queue
from .services import Claim, register

log = logging.getLogger(__name__)

EVERY_SECONDS = 20.0
_KEEP_DAYS = 30
# No pause and no lease is longer: a later moment was noted by a clock that was ahead.
AHEAD = datetime.timedelta(hours=1)

Daily = Callable[[str, datetime.date], None]


@dataclass(frozen=True)
class Window:
    """Between which hours of the zone's day something may be done, and in which zones."""

    begins: datetime.time
    ends: datetime.time
    zones: tuple[str, ...]

    def holds(self, zone: str, day: datetime.date, now: datetime.datetime) -> bool:
        """Tell whether the moment lies within the window of the zone's day."""
        local = now.astimezone(zoneinfo.ZoneInfo(zone))
        return local.date() == day and self.begins <= local.time() < self.ends


_windows: dict[str, tuple[Window, Queue]] = {}


def register_daily(
    kind: str, do: Daily, *, window: Window, queue: str = Queue.HEAVY, limit_seconds: float = 3600.0
) -> None:
    """Let `do(zone, day)` be done once in each window; called in an app's ready().

    It is a job of the kind: what fails is tried again, at most as often as any job, and must be safe to do twice. What
    can only wait for others to come back raises services.Postponed and is tried again until the window ends.
    """

    def handle(claim: Claim) -> None:
        zone, day = claim.key.split(" ")
        if not window.holds(zone, datetime.date.fromisoformat(day), timezone.now()):
            log.warning("window is over: %s %s", kind, claim.key)
            return
        do(zone, datetime.date.fromisoformat(day))

    _windows[kind] = (window, Queue(queue))
    register(kind, handle, queue=queue, limit_seconds=limit_seconds)


def tick(now: datetime.datetime | None = None) -> int:
    """Want whatever's window has begun; return how many jobs that made.

    The row of the job table is the claim: of several hosts that look at the clock at once, one makes it.
    """
    now = now or timezone.now()
    return sum(_want(kind, zone, now) for kind, (window, _) in _windows.items() for zone in window.zones)


def _want(kind: str, zone: str, now: datetime.datetime) -> bool:
    window, queue = _windows[kind]
    day = now.astimezone(zoneinfo.ZoneInfo(zone)).date()
    key = f"{zone} {day.isoformat()}"
    if not window.holds(zone, day, now) or Job.objects.filter(kind=kind, key=key).exists():
        return False
    Job.objects.bulk_create(
        [Job(kind=kind, key=key, queue=queue, wanted=1, wanted_at=now, available_at=now)], ignore_conflicts=True
    )
    old = now - datetime.timedelta(days=_KEEP_DAYS)
    Job.objects.filter(kind=kind).filter(Q(done_at__lt=old) | Q(dead_at__lt=old)).delete()
    return True


def call_back(now: datetime.datetime | None = None) -> int:
    """Let no job wait for a moment that a clock which was ahead has noted; return how many did.

    A laptop whose clock was wrong for a while would otherwise compute nothing and back up nothing until that day.
    """
    now = now or timezone.now()
    here = {"available_at": now, "wanted_at": now, "lease_until": now, "rung_at": None}
    return sum(
        Job.objects.open().filter(**{f"{name}__gt": now + AHEAD}).update(**{name: value})
        for name, value in here.items()
    )
