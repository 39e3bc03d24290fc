"""Many jobs of one kind in one hand: the same lease and the same marks as a single job has, in few statements."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.utils import timezone

from .models import Job
from .services import LeaseLost, queue_of

_BATCH = 500
_LEASE = datetime.timedelta(seconds=60)


@dataclass(frozen=True)
class Claims:
    """Jobs held by one token: id, and what was noted of each, by key."""

    token: uuid.UUID
    noted: dict[str, tuple[int, int]]

    def _held(self) -> QuerySet[Job]:
        return Job.objects.filter(token=self.token)

    def renew(self) -> None:
        """Hold the leases on; whoever can't any more is told when completing."""
        self._held().update(lease_until=timezone.now() + _LEASE)

    def release(self) -> None:
        """Let go of the jobs; they stay open and run again."""
        self._held().update(token=None, lease_until=None, attempts=0)

    def complete(self) -> None:
        """Set the jobs done up to what was noted; call it first inside the transaction that writes the results.

        Raises:
            LeaseLost: another worker took one of them meanwhile; the transaction must roll back.
        """
        moved = self._held().update(token=None, lease_until=None, attempts=0, last_error="", done_at=timezone.now())
        if moved != len(self.noted):
            raise LeaseLost(f"{len(self.noted) - moved} of {len(self.noted)} jobs")
        # Nobody else writes these rows until the transaction ends.
        Job.objects.bulk_update([Job(pk=pk, done=done) for pk, done in self.noted.values()], ["done"], _BATCH)


def claim_many(kind: str, keys: Sequence[str]) -> Claims:
    """Want the jobs of the keys done, and take those that nobody holds by a running lease."""
    now, token, queue = timezone.now(), uuid.uuid4(), queue_of(kind)
    noted: dict[str, tuple[int, int]] = {}
    for start in range(0, len(keys), _BATCH):
        part = sorted(keys[start : start + _BATCH])
        fresh = (Job(kind=kind, key=key, queue=queue, available_at=now) for key in part)
        Job.objects.bulk_create(fresh, ignore_conflicts=True)
        rows = Job.objects.filter(kind=kind, key__in=part)
        rows.free(now).update(
            wanted=F("wanted") + 1, wanted_at=now, available_at=now, token=token, lease_until=now + _LEASE,
            attempts=1, dead_at=None, rings=0,
        )  # fmt: skip
        # Read after the claim: whatever is raised from here on keeps the job open.
        noted |= {key: (pk, wanted) for key, pk, wanted in rows.filter(token=token).values_list("key", "pk", "wanted")}
    return Claims(token, noted)
