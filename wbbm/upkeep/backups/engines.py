"""The default database by its engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from django.db import connection

from . import postgres, sqlite
from .snapshot import Snapshot


def settings_here() -> dict[str, Any]:
    """Return the settings of the default database."""
    return connection.settings_dict


def is_sqlite() -> bool:
    """Tell whether the default database is SQLite."""
    return bool(connection.vendor == "sqlite")


def size_here() -> int:
    """Return how large the default database is."""
    return sqlite.size(settings_here()) if is_sqlite() else postgres.size(settings_here())


def snapshot_here(scratch: Path) -> AbstractContextManager[Snapshot]:
    """Return the default database of one moment."""
    return (sqlite if is_sqlite() else postgres).snapshot(settings_here(), scratch)
