"""Guards in the database: triggers that refuse what no service would do.

They stand beside the checks in services and hold against plain SQL too. Apps name their guards in ready(); they are
installed after every `migrate` (never by a migration: on SQLite most changes of a field make the table anew, and its
triggers are gone without a word).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from .guard_sql import ALWAYS_REFUSED, PostgreSQL, SQLite, Trigger


@dataclass(frozen=True)
class Kept:
    """Rows whose place nothing may take: their unique keys, and a condition over `t` that tells which they are."""

    keys: tuple[tuple[str, ...], ...]
    condition: str = ""


@dataclass(frozen=True)
class Guard:
    """What is refused on a table.

    `refuse` maps INSERT, UPDATE, DELETE to a condition over NEW and OLD, in SQL that both engines read;
    `kept` are the rows that an INSERT or UPDATE OR REPLACE may not remove (SQLite calls no delete trigger then).
    """

    table: str
    message: str
    refuse: dict[str, str]
    kept: tuple[Kept, ...] = ()
    truncate: bool = True


_sources: list[Callable[[], Iterable[Guard]]] = []


def register_guards(source: Callable[[], Iterable[Guard]]) -> None:
    """Let an app name its guards; called in ready(), asked when they are installed."""
    _sources.append(source)


def append_only(table: str, message: str, *, keys: tuple[tuple[str, ...], ...] = (("id",),)) -> Guard:
    """Return the guard of a table whose rows are only ever added; `keys` are its unique keys."""
    return Guard(table, message, {"UPDATE": ALWAYS_REFUSED, "DELETE": ALWAYS_REFUSED}, kept=(Kept(keys),))


def _dialect(connection: BaseDatabaseWrapper) -> SQLite | PostgreSQL:
    return PostgreSQL(connection) if connection.vendor == "postgresql" else SQLite(connection)


def triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    """Return every trigger that belongs into the database, of tables that are there."""
    tables = set(connection.introspection.table_names())
    dialect = _dialect(connection)
    return [
        trigger
        for source in _sources
        for guard in source()
        if guard.table in tables
        for trigger in dialect.triggers(guard)
    ]


def install_guards(connection: BaseDatabaseWrapper | None = None) -> None:
    """Install every guard anew; safe to call at any time."""
    connection = connection or connections[DEFAULT_DB_ALIAS]
    dialect = _dialect(connection)
    with connection.cursor() as cursor:
        for trigger in triggers(connection):
            dialect.install(cursor, trigger)


def remove_guards(connection: BaseDatabaseWrapper | None = None) -> None:
    """Take every guard away: before a flush in tests, and before SQLite makes tables anew."""
    connection = connection or connections[DEFAULT_DB_ALIAS]
    dialect = _dialect(connection)
    with connection.cursor() as cursor:
        for trigger in triggers(connection):
            dialect.remove(cursor, trigger)


def missing_guards(connection: BaseDatabaseWrapper | None = None) -> list[str]:
    """Name every trigger that is missing, switched off, or not as it was installed."""
    connection = connection or connections[DEFAULT_DB_ALIAS]
    dialect = _dialect(connection)
    with connection.cursor() as cursor:
        standing = dialect.standing(cursor)
    return [trigger.name for trigger in triggers(connection) if standing.get(trigger.name) != trigger.fingerprint]


def lift_before_migration(using: str, plan: list[Any], **kwargs: Any) -> None:
    """Before a migration on SQLite: a table can't be made anew while triggers of others speak of it."""
    if plan and connections[using].vendor == "sqlite":
        remove_guards(connections[using])


def install_after_migration(using: str, **kwargs: Any) -> None:
    """After every `migrate`, and after a flush; where all stand, nothing is locked for it."""
    if missing_guards(connections[using]):
        install_guards(connections[using])
