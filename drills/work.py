"""Work: each job's bell rung fifty times for four workers."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import ExitStack

import redis

from drills.run import Drill, Run
from drills.stack import Stack, wait_until

JOBS, BELLS = 20, 50
WITHIN = 60.0


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
        queue = redis.Redis.from_url(run.stack.environment["REDIS_URL"])
        wait_until(lambda: queue.llen("cepat") == 0, WITHIN, "all bells heard")  # noqa: B023
        run.warm(1)
        counted = Counter(kinds.marks(run.stack.folder, kinds.COUNT))
        wrong = {key: times for key, times in counted.items() if times != turn}
        run.require(not wrong and len(counted) == JOBS, f"after round {turn} done so often: {list(wrong.items())[:3]}")


DRILLS = [
    Drill("duplicate-delivery", duplicate_delivery, "Satu pekerjaan dibunyikan 50 kali kepada empat pekerja",
          prepare=four_workers),
]  # fmt: skip
