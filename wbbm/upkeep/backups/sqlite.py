"""A snapshot of SQLite while writers go on, and its way back."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect as open_database
from typing import Any

from .content import TableFacts, of_sqlite
from .errors import BackupFailed
from .snapshot import Snapshot, read_facts

MEMBER = "basis-data.sqlite3.gz"
FILE = "portal.sqlite3"
_WAIT_SECONDS = 20.0
# The first step of compression gives nearly all that there is to gain, at a third of the time.
_LEVEL = 1


def size(settings: dict[str, Any]) -> int:
    """Return how large the database is."""
    main = Path(settings["NAME"])
    return sum(place.stat().st_size for place in (main, Path(f"{main}-wal")) if place.exists())


@contextmanager
def snapshot(settings: dict[str, Any], scratch: Path) -> Iterator[Snapshot]:
    """Copy the database as it is at one moment; readers and writers go on meanwhile.

    Raises:
        BackupFailed: it can't be read.
    """
    copy, packed = scratch / FILE, scratch / MEMBER
    try:
        source = open_database(f"file:{settings['NAME']}?mode=rw", uri=True, timeout=_WAIT_SECONDS)
        with closing(source), closing(open_database(copy)) as target:
            source.execute("SELECT 1 FROM sqlite_master").fetchone()
            # All pages in one step: in WAL mode that holds no writer back, and no writer makes it begin anew.
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
            tables = of_sqlite(target)
            facts = read_facts(lambda sql: target.execute(sql).fetchall())
    except sqlite3.Error as fault:
        raise BackupFailed(f"Basis data tidak dapat disalin: {fault}.") from fault
    with copy.open("rb") as plain, gzip.open(packed, "wb", compresslevel=_LEVEL) as sink:
        shutil.copyfileobj(plain, sink, 1 << 20)
    plain_size = copy.stat().st_size
    copy.unlink()
    yield Snapshot("sqlite", sqlite3.sqlite_version, MEMBER, packed, plain_size, tables, *facts)


def unpack(packed: Path, place: Path) -> None:
    """Write the database file of a set.

    Raises:
        OSError, EOFError: it isn't one.
    """
    with gzip.open(packed, "rb") as source, place.open("xb") as sink:
        place.chmod(0o600)
        shutil.copyfileobj(source, sink, 1 << 20)


def is_blank(place: Path) -> bool:
    """Tell whether a file is a database without any table, as a command leaves that only looked for one."""
    try:
        with closing(open_database(f"file:{place}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    except sqlite3.Error:
        return False


def put(database: Path, place: Path) -> None:
    """Give a database file its place, where at most a blank one lies."""
    for beside in ("-wal", "-shm"):
        Path(f"{place}{beside}").unlink(missing_ok=True)
    database.rename(place)


def tables_in(place: Path) -> dict[str, TableFacts]:
    """Check the pages of a database file and hash its tables.

    Raises:
        sqlite3.Error: it is no whole database.
    """
    with closing(open_database(f"file:{place}?mode=ro", uri=True)) as database:
        answer = database.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != ("ok",):
            raise sqlite3.DatabaseError(str(answer))
        return of_sqlite(database)
