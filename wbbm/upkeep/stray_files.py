"""Files in the storage to which no row refers: what a refused upload or a killed process left lying.

Three things must all be so before a file goes: its name is one that the portal gives, no row names it, and it is older
than a day (an upload is written before the row that refers to it).
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator
from contextlib import suppress

from django.core.files.storage import default_storage
from django.db.models import Model, QuerySet

from wbbm.files.models import StoredFile

from .retention import BATCH

STRAY_AFTER = datetime.timedelta(days=1)
# <two digits>/<sha256>.<random>.<ending> (wbbm/files/services.py): folder, and name within it.
_PLACES = [(re.compile(r"[0-9a-f]{2}"), re.compile(r"[0-9a-f]{64}\.[0-9a-f]{16}(?:_\w+)?\.[a-z.]{3,12}"))]

# Where rows name files: model and column.
_columns: list[tuple[type[Model], str]] = [(StoredFile, "path"), (StoredFile, "thumbnail_path")]


def register_column(model: type[Model], column: str, *, folder: str, name: str) -> None:
    """Let files in a folder of the storage belong to the rows of a model; called in an app's ready()."""
    if (model, column) not in _columns:
        _columns.append((model, column))
        _PLACES.append((re.compile(folder), re.compile(name)))


def columns() -> tuple[tuple[type[Model], str], ...]:
    """Return where rows name files."""
    return tuple(_columns)


def referred(paths: list[str]) -> set[str]:
    """Return those of the paths that some row names."""
    found: set[str] = set()
    for model, column in _columns:
        rows: QuerySet = model._default_manager.filter(**{f"{column}__in": paths})
        found.update(rows.values_list(column, flat=True))
    return found


def due(now: datetime.datetime) -> int:
    """Count the files that nobody refers to."""
    return sum(len(some) for some in _batches(now))


def purge(now: datetime.datetime) -> int:
    """Delete some of the files that nobody refers to; return how many."""
    for some in _batches(now):
        gone = 0
        for path in some:
            with suppress(FileNotFoundError):
                default_storage.delete(path)
                gone += 1
        return gone
    return 0


def _batches(now: datetime.datetime) -> Iterator[list[str]]:
    """Yield lists of stray files, none of them empty."""
    old = (path for path in _known_names() if _is_older(path, now - STRAY_AFTER))
    for paths in iter(lambda: list(itertools.islice(old, BATCH)), []):
        taken = referred(paths)
        stray = [path for path in paths if path not in taken]
        if stray:
            yield stray


def _known_names() -> Iterator[str]:
    for folder in sorted(_listed("")[0]):
        shapes = [name for place, name in _PLACES if place.fullmatch(folder)]
        if shapes:
            for name in sorted(_listed(folder)[1]):
                if any(shape.fullmatch(name) for shape in shapes):
                    yield f"{folder}/{name}"


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _is_older(path: str, moment: datetime.datetime) -> bool:
    try:
        return default_storage.get_modified_time(path) < moment
    except FileNotFoundError:
        return False
