"""What a set says of itself; it lies inside, at its end, encrypted like the rest."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.migrations.loader import MigrationLoader

from .content import TableFacts, digest
from .crypt import damaged
from .errors import SetRefused

MEMBER = "manifes.json"
FORMAT = 1
OWN, BASE = "own", "base"


@dataclass(frozen=True)
class FileFacts:
    """A file of the storage: its size and hash, and whether it lies in this set or in the one below."""

    size: int
    sha256: str
    place: str = OWN


@dataclass(frozen=True)
class Manifest:
    """Everything that a restored portal is held against."""

    id: str
    kind: str
    base: str
    made_at: str
    portal: str
    engine: str
    server: str
    is_demo: bool
    database: dict[str, Any]
    migrations: list[list[str]]
    tables: dict[str, TableFacts]
    files: dict[str, FileFacts]
    head: list[Any]
    # Of other keys of the portal: what they are known by, so that wrong ones are noticed.
    keys: dict[str, list[str]]
    # Files that the database speaks of and the storage didn't have, or had otherwise, when the set was made.
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT

    @property
    def content(self) -> str:
        """One hash of all that the database holds."""
        return digest(self.tables)

    @property
    def moment(self) -> datetime.datetime:
        """When the set was made."""
        return datetime.datetime.fromisoformat(self.made_at)

    def packed(self) -> bytes:
        """Return it as it lies in the set."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode()


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        SetRefused: it is of a newer form, or none.
    """
    try:
        facts = json.loads(data)
        if facts["format"] > FORMAT:
            raise SetRefused(NEWER.format(what=f"bentuk {facts['format']}"))
        facts["tables"] = {name: TableFacts(**each) for name, each in facts["tables"].items()}
        facts["files"] = {name: FileFacts(**each) for name, each in facts["files"].items()}
        return Manifest(**facts)
    except (ValueError, KeyError, TypeError) as fault:
        raise damaged("manifesnya tidak terbaca") from fault


NEWER = "Cadangan ini dari portal yang lebih baru ({what}). Pasang versi portal itu dulu. Tidak ada yang diubah."


def require_known_schema(manifest: Manifest) -> None:
    """Make sure that this code knows every migration of the set.

    Raises:
        SetRefused: it doesn't: the set is of a newer portal.
    """
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    unknown = [f"{app}.{name}" for app, name in manifest.migrations if (app, name) not in known]
    if unknown:
        raise SetRefused(NEWER.format(what=f"{manifest.portal}, {unknown[-1]}"))
