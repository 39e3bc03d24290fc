"""A full disk: said plainly, nothing half, and all goes on once there is room again. A small tmpfs, so root only."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2

from drills.run import Drill, Run
from drills.stack import Stack, fill, small_disk, wait_until

FULL_SECONDS = 5.0
BACK_WITHIN = 20.0


def _small(stack: Stack) -> Path:
    return stack.folder / "kecil"


def small_store(stack: Stack, undo: ExitStack) -> None:
    """Let the evidence lie on a small disk."""
    undo.enter_context(small_disk(_small(stack), 96))
    stack.environment["STORAGE_URL"] = f"file://{_small(stack)}/files"


def small_data(stack: Stack, undo: ExitStack) -> None:
    """Let all of DATA_DIR lie on a small disk: SQLite, its log, the folder of the bell."""
    undo.enter_context(small_disk(_small(stack), 64))
    data = _small(stack) / "data"
    shutil.copytree(stack.data, data, symlinks=True)
    stack.environment["DATA_DIR"] = str(data)


def small_tablespace(stack: Stack, undo: ExitStack) -> None:
    """Let the tables lie on a small disk, and the log of PostgreSQL on the large one."""
    undo.enter_context(small_disk(_small(stack), 128))
    # What lies below belongs to whoever runs PostgreSQL, and this folder's parents let him through.
    shutil.chown(_small(stack), stack.postgres.folder.owner())
    stack.folder.chmod(0o755)
    name = stack.environment["DATABASE_URL"].rpartition("/")[2]
    undo.callback(_drop, stack, name)
    _execute(
        stack, f"CREATE TABLESPACE kecil LOCATION '{_small(stack)}'", f'ALTER DATABASE "{name}" SET TABLESPACE kecil'
    )


def _drop(stack: Stack, name: str) -> None:
    _execute(stack, f'DROP DATABASE "{name}" WITH (FORCE)', "DROP TABLESPACE kecil")


def _execute(stack: Stack, *statements: str) -> None:
    with closing(psycopg2.connect(stack.postgres.url)) as link:
        link.autocommit = True
        for statement in statements:
            link.cursor().execute(statement)


def full_for_uploads(run: Run) -> None:
    """Fill the disk of the evidence: photos are refused and sent again, answers go on."""
    since = time.monotonic()
    ballast = fill(_small(run.stack))
    run.warm(FULL_SECONDS)
    refused = run.ledger.failures(since, kind="upload")
    run.require(any(each.status == 507 for each in refused), "no upload met the full disk")
    run.require(not run.ledger.failures(since, kind="save"), "answers failed while the disk of the evidence was full")
    ballast.unlink()
    again = time.monotonic()
    wait_until(lambda: run.ledger.successes(again, "upload") > 0, BACK_WITHIN, "uploads go on")
    run.rounds += 1
    run.after_load(lambda: _require_nothing_half(run, Path(run.stack.environment["STORAGE_URL"][7:])))


def _require_nothing_half(run: Run, place: Path) -> None:
    """Each file is whole and belongs to a row."""
    from wbbm.files.models import StoredFile

    known = {path for pair in StoredFile.objects.values_list("path", "thumbnail_path") for path in pair}
    for file in (file for file in place.rglob("*") if file.is_file()):
        name = str(file.relative_to(place))
        is_whole = ".kecil." in name or hashlib.sha256(file.read_bytes()).hexdigest() == file.name.partition(".")[0]
        run.require(name in known and is_whole, f"left behind: {name}, {file.stat().st_size} bytes")


def full_for_saves(run: Run) -> None:
    """Fill the disk of the database: saves are refused and sent again."""
    for _ in range(2):
        if run.stack.postgres is None:
            _empty_log(run.stack.data / "portal.sqlite3")
        ballast = fill(_small(run.stack))
        since = time.monotonic()
        _wait_for_a_refusal(run, since)
        ballast.unlink()
        again = time.monotonic()
        wait_until(lambda again=again: run.ledger.successes(again) > 2, BACK_WITHIN, "saves go on")
        run.warm(2)
        run.rounds += 1
    run.stack.wait_healthy()


def _wait_for_a_refusal(run: Run, since: float) -> None:
    """Let the disk be full for a while, and until a save has met it."""
    until = time.monotonic() + BACK_WITHIN
    run.warm(FULL_SECONDS)
    while not run.ledger.failures(since, kind="save") and time.monotonic() < until:
        time.sleep(0.2)
    run.require(bool(run.ledger.failures(since, kind="save")), "no save was refused while the disk was full")


def _empty_log(database: Path) -> None:
    """Give the write-ahead log's space back, so that the next save needs some."""
    with closing(sqlite3.connect(database, timeout=5)) as link:
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")


DRILLS = [
    Drill("disk-upload", full_for_uploads, "Cakram bukti penuh", needs="root", prepare=small_store),
    Drill(
        "disk-save", full_for_saves, "Cakram tabel PostgreSQL penuh", needs="root", prepare=small_tablespace,
        limit_seconds=30, load={"uploads": False},
    ),
    Drill(
        "disk-save-sqlite", full_for_saves, "Cakram SQLite penuh (basis data dan antrean)", engine="sqlite",
        needs="root", prepare=small_data, limit_seconds=30, load={"uploads": False},
    ),
]  # fmt: skip
