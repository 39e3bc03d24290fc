"""What both engines tell of a database at one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.migrations.recorder import MigrationRecorder

from .content import TableFacts


@dataclass(frozen=True)
class FileRow:
    """A file that the database speaks of: its place in the storage, size and hash; a thumbnail has neither."""

    path: str
    size: int | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The database of one moment, in one file, and what is in it."""

    engine: str
    server: str
    member: str
    file: Path
    plain_size: int
    tables: dict[str, TableFacts]
    migrations: list[list[str]]
    files: list[FileRow]
    # Number and hash of the last seal of the audit trail.
    head: tuple[int, str]
    is_demo: bool


Ask = Callable[[str], Sequence[Sequence[Any]]]
Facts = tuple[list[list[str]], list[FileRow], tuple[int, str], bool]


def read_facts(ask: Ask) -> Facts:
    """Read migrations, files, the head of the audit trail, and whether these are example data.

    The files of the storage that no StoredFile names are copies for a day (long lists): no set keeps them.
    """
    migrations = [list(row) for row in ask(f"SELECT app, name FROM {_table(MigrationRecorder.Migration)} ORDER BY id")]
    rows = ask(f"SELECT path, size, sha256, thumbnail_path FROM {_table('files.StoredFile')} ORDER BY id")
    files: dict[str, FileRow] = {}
    for path, size, sha256, thumbnail in rows:
        files[path] = FileRow(path, size, sha256)
        if thumbnail:
            files.setdefault(thumbnail, FileRow(thumbnail))
    seals = ask(f"SELECT number, hash FROM {_table('organisasi.AuditSeal')} ORDER BY number DESC LIMIT 1")
    demo = ask(f"SELECT 1 FROM {_table('organisasi.User')} WHERE is_demo LIMIT 1")
    head = (int(seals[0][0]), str(seals[0][1])) if seals else (0, "")
    return migrations, list(files.values()), head, bool(demo)


def _table(model: Any) -> str:
    found = apps.get_model(model) if isinstance(model, str) else model
    return f'"{found._meta.db_table}"'
