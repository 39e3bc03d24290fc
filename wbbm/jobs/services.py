"""Asking for work, claiming it, and saying that it is done."""

from __future__ import annotations

import datetime
import functools
import logging
import threading
import traceback
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.db.models import Case, DateTimeField, F, PositiveIntegerField, Q, Value, When
from django.utils import timezone

from wbbm import logs

from . import deaths, limits, registry
from .doorbell import ring
from .models import MOST_ATTEMPTS, Job, Queue

log = logging.getLogger(__name__)

LEASE_SECONDS = {Queue.FAST: 5.0, Queue.HEAVY: 30.0}
RENEW_SECONDS = {Queue.FAST: None, Queue.HEAVY: 10.0}
# How long one job of a queue may take, unless its kind says otherwise.
LIMIT_SECONDS = {Queue.FAST: 30.0, Queue.HEAVY: 900.0}
# After so many attempts that failed with an error; five of them take a little more than six minutes.
_PAUSES = (1, 10, 60, 300)
# Counted from the claim, for a worker that dies of it says nothing: the job steps back behind the others all the same.
_STEPS_BACK = (0, 10, 30, 60, 300)
# So often the pause between two rings for the same job doubles, from two seconds to about four minutes: a bell that got
# lost is soon rung again, and a worker that is dead or busy for a day doesn't fill the broker with messages.
_DOUBLINGS = 7


class Postponed(Exception):
    """What the job needs isn't there yet, through no fault of its own: tried again later, and not counted."""

    seconds = 300.0


class LeaseLost(Exception):
    """Another worker holds the job now; whatever this one computed must not be written."""


def register(
    kind: str, handler: registry.Handler, *, queue: str = Queue.FAST, limit_seconds: float | None = None
) -> None:
    """Let `handler(claim)` do the jobs of a kind; called in an app's ready()."""
    place = Queue(queue)
    limit = limit_seconds or LIMIT_SECONDS[place]
    registry.add(registry.Kind(kind, handler, place, LEASE_SECONDS[place], RENEW_SECONDS[place], limit))


# --- asking ----------------------------------------------------------------------------------------


def request(kind: str, key: str, payload: dict[str, Any] | None = None) -> None:
    """Want a job done (again); call it as the last statement of the transaction that made it necessary.

    The row is raised with the caller's transaction; the bell rings after its commit and never fails it. A dead job that
    is wanted anew lives again.
    """
    queue = queue_of(kind)
    now = timezone.now()
    is_dead = Q(dead_at__isnull=False)
    changes: dict[str, Any] = {
        "wanted": F("wanted") + 1,
        "wanted_at": now,
        "attempts": Case(When(is_dead, then=Value(0)), default=F("attempts"), output_field=PositiveIntegerField()),
        "available_at": Case(When(is_dead, then=Value(now)), default=F("available_at"), output_field=DateTimeField()),
        "dead_at": None,
    }
    if payload is not None:
        changes["payload"] = payload
    row = Job.objects.filter(kind=kind, key=key)
    if not row.update(**changes):
        fresh = Job(kind=kind, key=key, queue=queue, payload=payload or {}, available_at=now)
        Job.objects.bulk_create([fresh], ignore_conflicts=True)
        row.update(**changes)
    transaction.on_commit(functools.partial(_ring_key, kind, key, queue), robust=True)


def request_many(kind: str, keys: Iterable[str]) -> None:
    """Want several jobs of a kind, in the order of their keys, so that two callers can't block each other."""
    for key in sorted(set(keys)):
        request(kind, key)


def queue_of(kind: str) -> str:
    """Return the queue of a kind; LookupError when no app registered it."""
    known = registry.get(kind)
    if known is None:
        raise LookupError(f"no app registered the job kind {kind!r}")
    return known.queue


def _ring_key(kind: str, key: str, queue: str) -> None:
    """Ring for a job once its row is there."""
    found = Job.objects.filter(kind=kind, key=key).values_list("pk", flat=True).first()
    if found is not None:
        ring(found, queue)


# --- doing -----------------------------------------------------------------------------------------


@dataclass
class Claim:
    """A job in the hands of one worker, for as long as its lease holds."""

    job_id: int
    kind: str
    key: str
    payload: dict[str, Any]
    token: uuid.UUID
    noted: int
    is_complete: bool = field(default=False)

    def complete(self) -> None:
        """Set the job done up to what was noted; call it first inside the transaction that writes the result.

        Raises:
            LeaseLost: the lease ran out and another worker took the job; the transaction must roll back.
        """
        now = timezone.now()
        moved = Job.objects.filter(pk=self.job_id, token=self.token).update(
            done=self.noted, token=None, lease_until=None, attempts=0, last_error="", done_at=now, available_at=now
        )
        if not moved:
            raise LeaseLost(f"{self.kind} {self.key}")
        self.is_complete = True

    def renew(self, seconds: float) -> bool:
        """Hold the lease on; tell whether it was still ours."""
        until = timezone.now() + datetime.timedelta(seconds=seconds)
        return bool(Job.objects.filter(pk=self.job_id, token=self.token).update(lease_until=until))


def claim(job_id: int) -> Claim | None:
    """Take a job by one conditional UPDATE; None when it is done, held, paused or dead."""
    now = timezone.now()
    job = Job.objects.filter(pk=job_id).first()
    kind = registry.get(job.kind) if job else None
    if job is None or kind is None:
        return None
    token = uuid.uuid4()
    until = now + datetime.timedelta(seconds=kind.lease_seconds)
    back = now + datetime.timedelta(seconds=_STEPS_BACK[min(job.attempts, len(_STEPS_BACK) - 1)])
    taken = Job.objects.claimable(now).filter(pk=job_id).update(
        token=token, lease_until=until, attempts=F("attempts") + 1, available_at=back, rings=0
    )  # fmt: skip
    if not taken:
        return None
    # Read after the claim: whatever is raised from here on keeps the job open.
    job.refresh_from_db()
    return Claim(job.pk, job.kind, job.key, job.payload, token, job.wanted)


def run(job_id: int) -> bool:
    """Claim a job and do it; tell whether something was done. Errors are kept on the row and tried again later."""
    held = claim(job_id)
    if held is None:
        return False
    kind = registry.get(held.kind)
    assert kind is not None  # claim() looked
    with logs.about_job(job_id):
        return _do(held, kind)


def _do(held: Claim, kind: registry.Kind) -> bool:
    try:
        with limits.time_limit(kind.limit_seconds), _renewed(held, kind):
            kind.handler(held)
        if not held.is_complete:
            held.complete()
    except LeaseLost:
        log.info("lease lost: %s %s", held.kind, held.key)
    except Postponed as reason:
        _postpone(held, reason)
    except (limits.TimeLimit, MemoryError) as fault:
        _put_back(held, fault, _OVER[type(fault)].format(limit=kind.limit_seconds))
        limits.end_worker()
    except (Exception, SystemExit) as fault:  # noqa: BLE001 (whatever a handler raises, the job must stay open)
        _put_back(held, fault)
    else:
        return True
    return False


_OVER: dict[type[BaseException], str] = {
    limits.TimeLimit: "Lebih lama daripada batas waktunya, {limit:.0f} detik.",
    MemoryError: "Memerlukan memori lebih banyak daripada batas pekerja.",
}


@contextmanager
def _renewed(held: Claim, kind: registry.Kind) -> Iterator[None]:
    """Renew the lease of long work from a thread of its own."""
    if kind.renew_seconds is None:
        yield
        return
    stop = threading.Event()

    def keep() -> None:
        while not stop.wait(kind.renew_seconds):
            if not held.renew(kind.lease_seconds):
                break
        connection.close()

    thread = threading.Thread(target=keep, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _put_back(held: Claim, fault: BaseException, reason: str = "") -> None:
    """Free the job after a failure, with a pause that grows by the number of tries; after the last one it is dead."""
    log.error("job failed: %s %s", held.kind, held.key, exc_info=fault)
    mine = Job.objects.filter(pk=held.job_id, token=held.token)
    said = (reason or "".join(traceback.format_exception_only(fault)))[:2000]
    now = timezone.now()
    freed: dict[str, Any] = {"token": None, "lease_until": None, "last_error": said}
    with transaction.atomic():
        if mine.filter(attempts__gte=MOST_ATTEMPTS).update(dead_at=now, **freed):
            deaths.tell(Job.objects.get(pk=held.job_id))
            return
        tries = mine.values_list("attempts", flat=True).first() or 1
        pause = _PAUSES[min(tries, len(_PAUSES)) - 1]
        mine.update(available_at=now + datetime.timedelta(seconds=pause), **freed)


def _postpone(held: Claim, reason: Postponed) -> None:
    log.info("job postponed: %s %s", held.kind, held.key)
    Job.objects.filter(pk=held.job_id, token=held.token).update(
        token=None,
        lease_until=None,
        attempts=0,
        last_error=str(reason)[:2000],
        available_at=timezone.now() + datetime.timedelta(seconds=reason.seconds),
    )


def run_from_queue(job_id: int) -> None:
    """Do a job that the bell rang for, and what was raised on it meanwhile."""
    close_old_connections()
    try:
        for _ in range(5):
            if not run(job_id):
                break
            if not Job.objects.open().filter(pk=job_id).exists():
                break
    finally:
        close_old_connections()


def waiting(*, longer_than: float, now: datetime.datetime | None = None) -> Iterator[tuple[int, str]]:
    """Yield id and queue of open jobs that nobody holds and whose bell rang (or should have) long enough ago.

    Long enough is `longer_than` seconds at first, and twice as long after each further ring that no claim followed.
    """
    now = now or timezone.now()
    before = now - datetime.timedelta(seconds=longer_than)
    rows = Job.objects.claimable(now).filter(_unheard(longer_than, now), wanted_at__lt=before).order_by("available_at")
    yield from rows.values_list("pk", "queue")[:500]


def _unheard(shortest: float, now: datetime.datetime) -> Q:
    """Return the condition of jobs whose last ring is longer ago than the pause after so many rings."""

    def before(doublings: int) -> datetime.datetime:
        return now - datetime.timedelta(seconds=shortest * 2**doublings)

    found = Q(rung_at__isnull=True) | Q(rung_at__lt=before(_DOUBLINGS))
    for doublings in range(_DOUBLINGS):
        found |= Q(rings__lte=doublings + 1, rung_at__lt=before(doublings))
    return found


def drain(*, kind: str | None = None, queue: str | None = None) -> int:
    """Do every open job of a kind, of a queue, or of all, in this process; return how many were done."""
    count = 0
    narrowed = {name: value for name, value in (("kind", kind), ("queue", queue)) if value is not None}
    while True:
        jobs = Job.objects.claimable(timezone.now()).filter(**narrowed).order_by("wanted_at", "pk")
        batch = list(jobs.values_list("pk", flat=True)[:200])
        done = sum(run(pk) for pk in batch)
        if not done:
            return count
        count += done
