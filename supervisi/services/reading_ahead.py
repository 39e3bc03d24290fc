"""The next part read from the database while this one is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

PartT = TypeVar("PartT")
ReadT = TypeVar("ReadT")


def read_ahead(parts: Sequence[PartT], read: Callable[[PartT], ReadT]) -> Iterator[ReadT]:
    """Yield what is read for each part, in order, one part ahead on a connection of its own.

    Within a transaction, which another connection would not see, and on SQLite each part is read when its turn comes.
    """
    if connection.in_atomic_block or connection.vendor != "postgresql":
        yield from map(read, parts)
        return
    if not parts:
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="baca") as reader:
        try:
            waiting = reader.submit(read, parts[0])
            for part in parts[1:]:
                found = waiting.result()
                waiting = reader.submit(read, part)
                yield found
            yield waiting.result()
        finally:
            reader.submit(connections.close_all).result()
