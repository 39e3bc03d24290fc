"""PostgreSQL restarted and all its connections killed: refused meanwhile, nothing lost, back by itself."""

from __future__ import annotations

import time
from contextlib import closing

import psycopg2

from drills.run import Drill, Run
from drills.stack import wait_until

BACK_WITHIN = 15.0
# A request that was let in before the connections were killed may fail with its connection.
GRACE_SECONDS = 0.3


def postgres_restarted(run: Run) -> None:
    """Restart PostgreSQL, as an update does and as a crash does."""
    for mode in ("fast", "immediate", "immediate"):
        run.stack.postgres.stop(mode)
        time.sleep(0.5)
        run.stack.postgres.start()
        since = time.monotonic()
        # Nobody restarts the portal for that; how long PostgreSQL itself takes is not ours.
        wait_until(lambda since=since: run.ledger.successes(since) > 0, BACK_WITHIN, "saves go on")
        # So that the next crash meets writes of these seconds.
        run.warm(3)
        run.rounds += 1
    run.warm(2)


def connections_killed(run: Run) -> None:
    """Kill every connection of the portal; only what is on its way may fail."""
    for _ in range(5):
        with closing(psycopg2.connect(run.stack.postgres.url)) as link, link.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        since = time.monotonic() + GRACE_SECONDS
        run.warm(2)
        run.require_no_failures(since, "after the connections were killed")
        run.rounds += 1


DRILLS = [
    Drill(
        "postgres-restarted",
        postgres_restarted,
        "PostgreSQL dihentikan tertib sekali dan mati mendadak dua kali",
        limit_seconds=30,
    ),
    Drill("connections-killed", connections_killed, "Semua sambungan basis data diputus (pg_terminate_backend)"),
]
