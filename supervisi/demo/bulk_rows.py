"""Rows written by the hundred thousand: by COPY on PostgreSQL, in chunks elsewhere; constraints and guards as ever."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models

_CHUNK = 2000
_NULL = "\\N"


def next_id(model: type[models.Model]) -> int:
    """Return a number above all those in the table."""
    last = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
    return int(last or 0) + 1


def write_rows(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> int:
    """Write rows with their own numbers; JSON comes as text. Return how many."""
    count = itertools.count()
    counted = (row for row, _ in zip(rows, count, strict=False))
    if connection.vendor == "postgresql":
        _copy(model, columns, counted)
    else:
        _insert(model, columns, counted)
    return next(count)


def _copy(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    table, names = connection.ops.quote_name(model._meta.db_table), ", ".join(map(connection.ops.quote_name, columns))
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv, NULL '{_NULL}')", _Lines(rows))


class _Lines(io.TextIOBase):
    """Rows as a file that is read as they are made, so that the database works meanwhile."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self._parts = self._text(rows)
        self._left = ""

    @staticmethod
    def _text(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
        rows = iter(rows)
        while chunk := list(itertools.islice(rows, _CHUNK)):
            buffer = io.StringIO()
            csv.writer(buffer).writerows([_NULL if value is None else value for value in row] for row in chunk)
            yield buffer.getvalue()

    def read(self, size: int | None = -1, /) -> str:
        """Return the next part; psycopg asks for at most so many letters."""
        if not self._left:
            self._left = next(self._parts, "")
        wanted = len(self._left) if size is None or size < 0 else size
        part, self._left = self._left[:wanted], self._left[wanted:]
        return part


def _insert(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    documents = {
        place
        for place, name in enumerate(columns)
        if isinstance(model._meta.get_field(name), models.JSONField)
    }  # fmt: skip
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, _CHUNK)):
        model._default_manager.bulk_create(
            model(
                **{
                    name: json.loads(value) if place in documents else value
                    for place, (name, value) in enumerate(zip(columns, row, strict=True))
                }
            )
            for row in chunk
        )


def renumber(*written: type[models.Model]) -> None:
    """Let the tables number on after the rows that came with numbers."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)
