"""kill -9 of web, workers and all: what was acknowledged is there, and what was begun is done by somebody else."""

from __future__ import annotations

import signal
import threading
import time

from drills.run import Drill, Run
from drills.stack import wait_until

BACK_WITHIN = 60.0


def kill_web(run: Run) -> None:
    """Kill one process of the web, then its head, then all of it."""
    for victims in (lambda: run.stack.parts("gunicorn")[-1:], lambda: run.stack.parts("gunicorn")[:1],
                    lambda: run.stack.parts("gunicorn")):  # fmt: skip
        run.stack.kill(*victims())
        time.sleep(0.5)
        wait_until(run.stack.answers, BACK_WITHIN, "the web is back")
        run.warm(1.5)
        run.rounds += 1
    wait_until(lambda: len(run.stack.parts("gunicorn")) >= 3, BACK_WITHIN, "both processes of the web are back")
    run.warm(2)


def kill_once(run: Run) -> None:
    """Kill the web, all of it."""
    run.stack.kill(*run.stack.parts("gunicorn"))
    time.sleep(0.5)
    wait_until(run.stack.answers, BACK_WITHIN, "the web is back")
    run.warm(1)
    run.rounds += 1


def kill_all(run: Run) -> None:
    """Kill everything at once, and start it again."""
    for _ in range(2):
        run.stack.kill_all()
        run.stack.launch()
        wait_until(run.stack.answers, BACK_WITHIN, "the portal is back")
        run.warm(1.5)
        run.rounds += 1
    run.stack.wait_healthy()


def kill_worker(run: Run) -> None:
    """Kill both workers under load; then, with nobody saving any more, the one that holds a roll-up."""
    for _ in range(3):
        run.stack.kill(*run.stack.parts("celery"))
        run.warm(1.5)
        run.rounds += 1
    wait_until(lambda: len(run.stack.parts("celery")) == 2, BACK_WITHIN, "both workers are back")
    run.stack.wait_healthy()
    run.after_load(lambda: _kill_in_the_middle(run))


def _kill_in_the_middle(run: Run) -> None:
    """Save on all sheets at once, stop the worker while it holds a roll-up, and kill it there."""
    from supervisi.rollup_key import KIND
    from wbbm.jobs.models import Job

    held = Job.objects.filter(kind=KIND, token__isnull=False)
    wait_until(lambda: not Job.objects.open().filter(kind=KIND).exists(), BACK_WITHIN, "roll-ups done before")
    worker = run.stack.parts("--queues cepat")
    until = time.monotonic() + BACK_WITHIN
    while time.monotonic() < until:
        threads = [threading.Thread(target=_save_one, args=[run, number]) for number in range(run.load.editors)]
        for thread in threads:
            thread.start()
        caught = False
        while not caught and (any(thread.is_alive() for thread in threads) or Job.objects.open().exists()):
            if held.exists():
                # Looked at twice: what it has sent is over by then, what it holds it will not finish.
                run.stack.signal(signal.SIGSTOP, *worker)
                time.sleep(0.1)
                caught = held.exists()
                if not caught:
                    run.stack.signal(signal.SIGCONT, *worker)
        for thread in threads:
            thread.join()
        if caught:
            run.stack.kill(*worker)
            run.rounds += 1
            return
    run.ledger.wrong("the worker was never seen at a roll-up")


def _save_one(run: Run, number: int) -> None:
    sheet = run.world.sheets[number + 1]
    item = next(iter(run.world.items))
    run.load.save(run.world.editors[number], sheet, item, run.world.items[item][run.rounds % 2])


DRILLS = [
    Drill("kill-web", kill_web, "kill -9 pada web: satu proses, induknya, semuanya"),
    Drill("kill-worker", kill_worker, "kill -9 pada kedua pekerja, terakhir di tengah rekapitulasi"),
    Drill("kill-all", kill_all, "kill -9 pada semua proses sekaligus, lalu dijalankan lagi"),
    Drill("kill-all-sqlite", kill_all, "kill -9 pada semua proses, di satu mesin dengan SQLite", engine="sqlite"),
]
# For the suite: the framework at work, in a few seconds.
SMOKE = Drill(
    "smoke", kill_once, "kill -9 pada web, dua pengisi", engine="sqlite", load={"editors": 2, "uploads": False},
    # Other tests run beside it.
    limit_seconds=60,
)  # fmt: skip
