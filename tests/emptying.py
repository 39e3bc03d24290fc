"""Emptying of the test database after a test with real transactions.

Django's `flush` truncates each of a hundred tables and then writes every content type and permission anew: a second
on PostgreSQL, after each such test. Here only the tables that hold something are emptied.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from wbbm.organisasi import guards

# What `migrate` writes and no test changes.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def empty_database(*_: Any) -> None:
    """Empty every table; the guards that refuse that are taken away meanwhile, and all stand afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # As TRUNCATE does: whatever others have begun is over, and what follows waits.
            cursor.execute(f"LOCK TABLE {', '.join(_tables())} IN ACCESS EXCLUSIVE MODE")
            # Foreign keys aren't looked at: all that refers to a row goes with it.
            cursor.execute("SET LOCAL session_replication_role = replica")
        filled = _filled(cursor)
        dialect = guards._dialect(connection)
        for trigger in guards.triggers(connection):
            if trigger.event == "DELETE" and trigger.table in filled:
                dialect.remove(cursor, trigger)
        for name in sorted(filled):
            cursor.execute(f"DELETE FROM {name}")
        missing = set(guards.missing_guards(connection))
        for trigger in guards.triggers(connection):
            if trigger.name in missing:
                dialect.install(cursor, trigger)


def _tables() -> list[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - KEPT)


def _filled(cursor: Any) -> set[str]:
    cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in _tables()))
    return {name for (name,) in cursor.fetchall()}
