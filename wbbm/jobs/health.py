"""The question of /healthz, asked so that a database that hangs can't hold the answer back."""

from __future__ import annotations

import threading
import time

from django.db import Error, connection

from .canary import missing_queues

ANSWER_WITHIN_SECONDS = 0.7
# One question at a time: where the database hangs, one thread waits for it, not one for each request.
_asking = threading.Lock()


class DatabaseSilent(Exception):
    """The database refused, or didn't answer in time."""


def silent_queues(within: float = ANSWER_WITHIN_SECONDS) -> list[str]:
    """Return the queues whose canary didn't come back; asked in a thread and on a connection of its own.

    Raises:
        DatabaseSilent: no answer within so many seconds, or an error instead of one.
    """
    until = time.monotonic() + within
    if not _asking.acquire(timeout=within):
        raise DatabaseSilent
    found: list[list[str]] = []
    asker = threading.Thread(target=_ask, args=[found], name="healthz", daemon=True)
    asker.start()
    asker.join(timeout=max(0.0, until - time.monotonic()))
    if not found:
        raise DatabaseSilent
    return found[0]


def _ask(found: list[list[str]]) -> None:
    try:
        found.append(missing_queues())
    except Error:
        pass  # nothing found is the answer
    finally:
        connection.close()
        _asking.release()
