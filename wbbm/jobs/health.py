"""The question of /healthz, asked so that a database that hangs can't hold the answer back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import Error, connection

from .canary import missing_queues

T = TypeVar("T")
ANSWER_WITHIN_SECONDS = 0.7
# One question at a time: where the database hangs, one thread waits for it, not one for each request.
_asking = threading.Lock()


class DatabaseSilent(Exception):
    """The database refused, or didn't answer in time."""


def silent_queues(within: float = ANSWER_WITHIN_SECONDS) -> list[str]:
    """Return the queues whose canary didn't come back.

    Raises:
        DatabaseSilent: see ask().
    """
    return ask(missing_queues, within)


def ask(question: Callable[[], T], within: float = ANSWER_WITHIN_SECONDS) -> T:
    """Return the answer to a question about the database, asked in a thread and on a connection of its own.

    Raises:
        DatabaseSilent: no answer within so many seconds, or an error instead of one.
    """
    until = time.monotonic() + within
    if not _asking.acquire(timeout=within):
        raise DatabaseSilent
    found: list[T] = []
    asker = threading.Thread(target=_ask, args=[question, found], name="healthz", daemon=True)
    asker.start()
    asker.join(timeout=max(0.0, until - time.monotonic()))
    if not found:
        raise DatabaseSilent
    return found[0]


def _ask(question: Callable[[], Any], found: list[Any]) -> None:
    try:
        found.append(question())
    except Error:
        pass  # nothing found is the answer
    finally:
        connection.close()
        _asking.release()
