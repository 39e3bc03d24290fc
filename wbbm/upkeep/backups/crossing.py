"""A set of SQLite into PostgreSQL: a laptop's portal that grows onto a server.

The tables are made by this portal's own migrations and filled row by row in one transaction; that all came over is then
proved by the hashes, which are the same on both engines.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import connect as open_database
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, Error, connections
from psycopg2.extras import execute_values

from wbbm.organisasi.guards import install_guards, remove_guards

from .errors import RestoreFailed, SetRefused
from .manifest import Manifest

_AT_ONCE = 1000
_BEHIND = "Cadangan SQLite ini dari versi portal lain; pulihkan dan barui dulu di SQLite. Tidak ada yang diubah."


def require_same_schema(manifest: Manifest, known: set[tuple[str, str]]) -> None:
    """Make sure that the set's tables are those that this portal makes.

    Raises:
        SetRefused: they are of an older one.
    """
    if {(app, name) for app, name in manifest.migrations} != known:
        raise SetRefused(_BEHIND)


def load(database: Path) -> None:
    """Fill the empty PostgreSQL database that the default connection leads to.

    Raises:
        RestoreFailed: it could not be filled, and is empty again.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        call_command("migrate", interactive=False, verbosity=0)
        remove_guards(connection)
        with closing(open_database(f"file:{database}?mode=ro", uri=True)) as source, connection.cursor() as cursor:
            _fill(source, cursor)
            models = apps.get_models(include_auto_created=True)
            for sql in connection.ops.sequence_reset_sql(no_style(), models):
                cursor.execute(sql)
            cursor.execute("ANALYZE")
        install_guards(connection)
    except (Error, sqlite3.Error, ValueError) as fault:
        with connection.cursor() as cursor:
            # Not the schema: it bears the rights of the web's role.
            for table in _columns(cursor):
                cursor.execute(f"DROP TABLE {_quoted(table)} CASCADE")
        text = f"Isi SQLite tidak dapat dipindahkan: {' '.join(str(fault).split())[:300]}"
        raise RestoreFailed(text) from fault


def _fill(source: sqlite3.Connection, cursor: Any) -> None:
    """Replace what migrations put into the tables by what the set holds; references are looked at in the end."""
    tables = _columns(cursor)
    listed = ", ".join(_quoted(table) for table in tables)
    cursor.execute("BEGIN")
    try:
        cursor.execute(f"TRUNCATE {listed}")
        for table, columns in tables.items():
            names = ", ".join(_quoted(name) for name, _ in columns)
            rows = source.execute(f"SELECT {names} FROM {_quoted(table)}")
            kinds = [kind for _, kind in columns]
            insert = f"INSERT INTO {_quoted(table)} ({names}) VALUES %s"
            # Every value is written as text that the column's own type reads, but for what SQLite keeps otherwise.
            for batch in _batches(rows, kinds):
                execute_values(cursor.cursor, insert, batch, page_size=_AT_ONCE)
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise


def _columns(cursor: Any) -> dict[str, list[tuple[str, str]]]:
    cursor.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, 2"
    )
    tables: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in cursor.fetchall():
        tables.setdefault(table, []).append((column, kind))
    return tables


def _batches(rows: sqlite3.Cursor, kinds: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
    while found := rows.fetchmany(_AT_ONCE):
        yield [tuple(_value(value, kind) for value, kind in zip(row, kinds, strict=True)) for row in found]


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    return str(value) if kind == "numeric" else value


def _quoted(name: str) -> str:
    return f'"{name}"'
