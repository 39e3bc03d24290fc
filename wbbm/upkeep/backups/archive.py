"""How PostgreSQL's archive of WAL stands; without it, what came after the last full set is lost with the disk."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# Anybody who may sign in may read it. `now()` would be when the transaction began.
SQL = """
    SELECT current_setting('archive_mode') <> 'off',
        extract(epoch FROM clock_timestamp() - last_archived_time)::float8,
        extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8,
        coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false)
    FROM pg_stat_archiver
"""
# The example of deploy/ closes a segment every two minutes, and the canaries write all the time (seconds).
LONGEST = 600.0


@dataclass(frozen=True)
class Archive:
    """Whether there is one, how long ago it took a segment, how long the server runs; seconds."""

    is_on: bool
    age: float | None
    up: float
    is_failing: bool

    @property
    def is_stalled(self) -> bool:
        """Tell whether it takes nothing any more; a server that has just begun gets the time to."""
        silent = self.up if self.age is None else min(self.age, self.up)
        return self.is_failing or silent > LONGEST


def read_archive() -> Archive | None:
    """Ask the server (one query); None on SQLite, which has no such thing."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(SQL)
        return Archive(*cursor.fetchone())
