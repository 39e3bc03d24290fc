"""What a database holds, as hashes that are the same on SQLite and PostgreSQL for the same content.

Every row is written in one form, hashed, and the hashes are summed: neither order nor engine shows. Column types come
from the database itself, not from the models, so that a set of an older portal can be proved too.
"""

from __future__ import annotations

import datetime
import decimal
import hashlib
import json
import re
import sqlite3
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_JSON = re.compile(r'JSON_VALID\("(\w+)"\)')
_AT_ONCE = 2000
_MODULUS = 1 << 256
Convert = Callable[[Any], Any]
# What moves by itself while nobody changes anything, and is worth nothing afterwards.
VOLATILE = frozenset({"jobs_job", "django_session", "upkeep_backupstate"})


@dataclass(frozen=True)
class TableFacts:
    """How many rows a table has, and the hash of them all."""

    rows: int
    hash: str


def digest(tables: Mapping[str, TableFacts], *, without: frozenset[str] = frozenset()) -> str:
    """Return one hash of many tables."""
    lines = [f"{name} {facts.rows} {facts.hash}" for name, facts in sorted(tables.items()) if name not in without]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def of_rows(rows: Iterator[Sequence[Any]], converts: Sequence[Convert | None]) -> TableFacts:
    """Hash the rows of a table, in whatever order they come."""
    plain = all(convert is None for convert in converts)
    count = total = 0
    for row in rows:
        values = tuple(row) if plain else tuple(
            value if convert is None or value is None else convert(value)
            for value, convert in zip(row, converts, strict=True)
        )  # fmt: skip
        total += int.from_bytes(hashlib.sha256(repr(values).encode()).digest())
        count += 1
    return TableFacts(count, f"{total % _MODULUS:064x}")


def of_sqlite(database: sqlite3.Connection) -> dict[str, TableFacts]:
    """Hash every table of a SQLite database."""
    tables = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    found = {}
    for name, sql in tables:
        # By name: a table that migrations made anew has its columns in another order.
        columns = sorted((row[1], row[2].lower()) for row in database.execute(f'PRAGMA table_info("{name}")'))
        is_json = set(_JSON.findall(sql))
        converts = [_of_json_text if column in is_json else _SQLITE.get(kind) for column, kind in columns]
        listed = ", ".join(f'"{column}"' for column, _ in columns)
        found[name] = of_rows(iter(database.execute(f'SELECT {listed} FROM "{name}"')), converts)
    return found


def of_postgresql(connection: Any) -> dict[str, TableFacts]:
    """Hash every table of a PostgreSQL database, in the transaction of a psycopg2 connection whose zone is UTC."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables "
            "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in cursor.fetchall():
            tables.setdefault(table, []).append((column, kind))
    found = {}
    for name, unsorted in sorted(tables.items()):
        columns = sorted(unsorted)
        listed = ", ".join(f'"{column}"' for column, _ in columns)
        # A cursor of the server: whole tables don't fit into memory.
        with connection.cursor(name="rows") as rows:
            rows.itersize = _AT_ONCE
            rows.execute(f'SELECT {listed} FROM public."{name}"')
            found[name] = of_rows(iter(rows), [_POSTGRESQL.get(kind) for _, kind in columns])
    return found


def _of_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _of_json_text(value: str) -> str:
    return _of_json(json.loads(value))


def _of_decimal(value: Any) -> str:
    return format(decimal.Decimal(str(value)).normalize(), "f")


def _of_moment(value: datetime.datetime) -> str:
    return str(value.astimezone(datetime.UTC).replace(tzinfo=None))


def _of_uuid(value: Any) -> str:
    return uuid.UUID(str(value)).hex


_SQLITE: dict[str, Convert] = {"decimal": _of_decimal}
_POSTGRESQL: dict[str, Convert] = {
    "boolean": int,
    "bytea": bytes,
    "date": str,
    "inet": str,
    "jsonb": _of_json,
    "numeric": _of_decimal,
    "time without time zone": str,
    "timestamp with time zone": _of_moment,
    "uuid": _of_uuid,
}
