"""How the jobs are doing: what waits, for how long, what is dead, and when the sweep last went round."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from .canary import KINDS as CANARIES
from .models import Job, Queue


@dataclass(frozen=True)
class QueueState:
    """One queue at one moment; ages in seconds."""

    waiting: int = 0
    oldest: float = 0.0
    dead: int = 0
    # Since its canary came back; None when it never did.
    heard: float | None = None


@dataclass(frozen=True)
class JobsState:
    """All queues, and the sweep."""

    queues: dict[str, QueueState] = field(default_factory=dict)
    # Since the sweep last sent canaries; None when it never did.
    swept: float | None = None

    @property
    def dead(self) -> int:
        """Dead jobs of all queues."""
        return sum(queue.dead for queue in self.queues.values())


def read_state(now: datetime.datetime | None = None) -> JobsState:
    """Read the state of the jobs (one query). What pauses until its time has come does not wait."""
    now = now or timezone.now()
    is_canary = Q(kind__in=CANARIES)
    waits = Q(dead_at__isnull=True, available_at__lte=now) & ~is_canary & Job.OPEN
    rows = Job.objects.filter(Job.OPEN | is_canary | Q(dead_at__isnull=False)).values("queue").order_by("queue")
    found = rows.annotate(
        waiting=Count("pk", filter=waits),
        oldest=Min("wanted_at", filter=waits),
        dead=Count("pk", filter=Q(dead_at__isnull=False)),
        heard=Max("done_at", filter=is_canary),
        swept=Max("wanted_at", filter=is_canary),
    )
    queues = {queue: QueueState() for queue in Queue.values}
    swept: list[datetime.datetime] = []
    for row in found:
        queues[row["queue"]] = QueueState(
            row["waiting"], _age(row["oldest"], now) or 0.0, row["dead"], _age(row["heard"], now)
        )
        swept += [row["swept"]] if row["swept"] else []
    return JobsState(queues, _age(max(swept, default=None), now))


def _age(moment: datetime.datetime | None, now: datetime.datetime) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
