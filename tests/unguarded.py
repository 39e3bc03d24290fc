"""Damage that only somebody with the database's own tools can do, for tests of what finds or mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from wbbm.organisasi import guards


@contextmanager
def unguarded(*, without_references: bool = False) -> Iterator[None]:
    """Take the guards away for a while; `without_references` lets rows go that others refer to."""
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if is_postgres:
            # PostgreSQL changes no trigger of a table whose references are still to be checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        guards.remove_guards()
        if without_references:
            words = "SET session_replication_role = replica" if is_postgres else "PRAGMA defer_foreign_keys = ON"
            cursor.execute(words)
    yield
    with connection.cursor() as cursor:
        if is_postgres:
            cursor.execute("SET session_replication_role = origin")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        guards.install_guards()
        if is_postgres:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
