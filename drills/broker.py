"""Redis stopped, hung, and back without its memory: it is a bell, so nobody's save may notice."""

from __future__ import annotations

import signal
import time

from drills.run import Drill, Run

AWAY_SECONDS = 6.0


def _require_all_saved(run: Run, since: float) -> None:
    """A request that failed while Redis was away is a violation: nothing but the bell is there."""
    run.require_no_failures(since, "while Redis was away")


def redis_stopped(run: Run) -> None:
    """End Redis, and start it again with what it kept."""
    since = time.monotonic()
    run.stack.redis.stop(signal.SIGKILL)
    run.warm(AWAY_SECONDS)
    run.stack.redis.start()
    run.warm(2)
    _require_all_saved(run, since)
    run.rounds += 1


def redis_hung(run: Run) -> None:
    """Let Redis take connections and answer nothing."""
    since = time.monotonic()
    run.stack.redis.send(signal.SIGSTOP)
    run.warm(AWAY_SECONDS)
    run.stack.redis.send(signal.SIGCONT)
    run.warm(2)
    _require_all_saved(run, since)
    run.rounds += 1


def redis_empty(run: Run) -> None:
    """Kill Redis and start it without its memory; the last saves are made while it is away."""
    since = time.monotonic()
    for _ in range(2):
        run.stack.redis.stop(signal.SIGKILL)
        run.warm(1.5)
        run.stack.redis.forget()
        run.stack.redis.start()
        run.warm(2)
        run.rounds += 1
    _require_all_saved(run, since)
    run.after_load(lambda: _save_while_away(run))


def _save_while_away(run: Run) -> None:
    run.stack.redis.stop(signal.SIGKILL)
    item = next(iter(run.world.items))
    for number, person in enumerate(run.world.editors):
        for letter in run.world.items[item][:2]:
            run.load.save(person, run.world.sheets[number + 1], item, letter)
    run.stack.redis.forget()
    run.stack.redis.start()


DRILLS = [
    Drill("redis-stopped", redis_stopped, "Redis mati 6 detik", limit_seconds=5),
    Drill("redis-hung", redis_hung, "Redis menggantung (SIGSTOP) 6 detik", limit_seconds=5),
    Drill("redis-empty", redis_empty, "Redis mati lalu hidup lagi tanpa isi", limit_seconds=5),
]
