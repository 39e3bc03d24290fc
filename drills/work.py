"""Work: each job's bell rung fifty times for four workers, and jobs that no worker should have."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import ExitStack

import redis
from django.db.models import Q
from django.utils import timezone

from drills.run import Drill, Run
from drills.stack import Stack, wait_until

JOBS, BELLS = 20, 50
WITHIN = 60.0
POISON_WITHIN, WAITED_AT_MOST = 240.0, 40.0


def own_kinds(stack: Stack, undo: ExitStack) -> None:
    """Let the workers know the drills' kinds of jobs."""
    stack.command = ["-m", "drills.serving"]


def four_workers(stack: Stack, undo: ExitStack) -> None:
    """The same, with three more workers of the fast queue."""
    own_kinds(stack, undo)
    stack.environment["DRILL_WORKERS"] = "3"


def duplicate_delivery(run: Run) -> None:
    """Ring the bell of each of twenty jobs fifty times, from four sides at once; twice."""
    from drills import kinds
    from wbbm.jobs import doorbell
    from wbbm.jobs.models import Job
    from wbbm.jobs.services import request

    kinds.register()
    for turn in range(1, 3):
        # The sweep rings as well; it is one more.
        for number in range(JOBS):
            request(kinds.COUNT, str(number))
        jobs = list(Job.objects.filter(kind=kinds.COUNT).values_list("pk", "queue"))
        bells = jobs * BELLS
        random.shuffle(bells)
        threads = [
            threading.Thread(target=lambda part: [doorbell.ring(*bell) for bell in part], args=[bells[place::4]])
            for place in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        run.rounds += len(bells)
        wait_until(lambda: not Job.objects.open().filter(kind=kinds.COUNT).exists(), WITHIN, "counted")
        counted = _count_until_quiet(run, turn)
        wrong = {key: times for key, times in counted.items() if times != turn}
        run.require(not wrong and len(counted) == JOBS, f"after round {turn} done so often: {list(wrong.items())[:3]}")


def _count_until_quiet(run: Run, turn: int) -> Counter[str]:
    """Wait until all bells are heard, or a job was done once too often; return how often each was done."""
    from drills import kinds

    queue = redis.Redis.from_url(run.stack.environment["REDIS_URL"])
    counted: Counter[str] = Counter()

    def is_told() -> bool:
        counted.clear()
        counted.update(kinds.marks(run.stack.folder, kinds.COUNT))
        return queue.llen("cepat") == 0 or max(counted.values(), default=0) > turn

    wait_until(is_told, WITHIN, "all bells heard", every=0.5)
    run.warm(1)
    is_told()
    return counted


def tight_memory(stack: Stack, undo: ExitStack) -> None:
    """Let the workers know the poisons, and have so little memory that the machine doesn't feel the greedy one."""
    own_kinds(stack, undo)
    stack.environment["WORKER_MEMORY_MB"] = "400"


def poison(run: Run) -> None:
    """Put in jobs that raise, never end, end their worker or eat its memory; other work goes on until they are dead."""
    from drills import kinds
    from supervisi.rollup_key import KIND
    from wbbm.jobs.models import MOST_ATTEMPTS, Job
    from wbbm.jobs.services import request

    kinds.register()
    for kind in kinds.POISONS:
        request(kind, "racun")
    poisons = Job.objects.filter(kind__in=kinds.POISONS)
    rollups = Job.objects.open().filter(kind=KIND, done_at__isnull=False)
    began, longest, until = timezone.now(), 0.0, time.monotonic() + POISON_WITHIN
    while poisons.filter(dead_at__isnull=True).exists() and longest < WAITED_AT_MOST and time.monotonic() < until:
        now = timezone.now()
        # Every sheet is saved on about once a second: an open one has waited since it was done last.
        for done_at in rollups.values_list("done_at", flat=True):
            longest = max(longest, (now - max(done_at, began)).total_seconds())
        # Their pauses grow to minutes: time is put forward for them, and for nobody else.
        poisons.filter(Q(token__isnull=True) | Q(lease_until__lt=now)).update(available_at=now)
        time.sleep(0.3)
    for job in poisons:
        tries = len(kinds.marks(run.stack.folder, job.kind))
        is_buried = job.dead_at is not None and bool(job.last_error)
        run.require(is_buried, f"{job.kind} is not dead after {job.attempts} attempts")
        run.require(tries == MOST_ATTEMPTS, f"{job.kind} was begun {tries} times")
        run.rounds += tries
    run.require(longest < WAITED_AT_MOST, f"a roll-up waited {longest:.0f} s behind the poisons")
    if not run.ledger.violations:
        run.stack.wait_healthy()


DRILLS = [
    Drill("poison", poison, "Pekerjaan beracun: galat, berputar, mematikan pekerjanya, menghabiskan memori",
          prepare=tight_memory, limit_seconds=20),
    Drill("duplicate-delivery", duplicate_delivery, "Satu pekerjaan dibunyikan 50 kali kepada empat pekerja",
          prepare=four_workers),
]  # fmt: skip
