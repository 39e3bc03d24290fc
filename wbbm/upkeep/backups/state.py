"""How backups stand: written by those who make and check them, read by whoever shows it."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from wbbm.upkeep.models import BackupKind, BackupState

from . import places


@dataclass(frozen=True)
class Run:
    """When something last went well, and why it last didn't; both may be nothing."""

    at: datetime.datetime | None = None
    name: str = ""
    size: int = 0
    seconds: float = 0.0
    failed_at: datetime.datetime | None = None
    fault: str = ""


@dataclass(frozen=True)
class Disk:
    """A disk that the portal writes to, as this host sees it; bytes."""

    what: str
    path: Path
    free: int
    total: int

    @property
    def share(self) -> float:
        """Which part of it is free."""
        return self.free / self.total if self.total else 0.0

    @property
    def is_low(self) -> bool:
        """Tell whether the admin has to do something."""
        return self.share < places.LOW_SHARE


def runs() -> dict[str, Run]:
    """Read all of it, by kind (one query)."""
    fields = ("at", "name", "size", "seconds", "failed_at", "fault")
    found = {row.kind: Run(**{name: getattr(row, name) for name in fields}) for row in BackupState.objects.all()}
    return {kind: found.get(kind, Run()) for kind in BackupKind.values}


def last_backup() -> Run:
    """Return the newest set, full or of changes."""
    known = runs()
    full, changes = known[BackupKind.FULL], known[BackupKind.CHANGES]
    return changes if changes.at and full.at and changes.at > full.at else full


def last_check() -> Run:
    """Return the last time that a set was proved to be restorable."""
    return runs()[BackupKind.CHECK]


def disk() -> list[Disk]:
    """Return the disks of data, files and backups, each once."""
    places_by_words = {
        "Data": settings.DATA_DIR,
        "Berkas": Path(settings.STORAGE_URL.removeprefix("file://")),
        "Cadangan": Path(settings.BACKUP_DIR),
    }
    found: dict[int, Disk] = {}
    for what, path in places_by_words.items():
        if not path.exists():
            continue
        usage = shutil.disk_usage(path)
        known = found.get(path.stat().st_dev)
        words = f"{known.what}, {what.lower()}" if known else what
        found[path.stat().st_dev] = Disk(words, known.path if known else path, usage.free, usage.total)
    return list(found.values())


def went_well(kind: str, *, name: str, size: int = 0, seconds: float = 0.0) -> None:
    """Remember that something went well now."""
    facts = {"at": timezone.now(), "name": name[:300], "size": size, "seconds": seconds, "failed_at": None, "fault": ""}
    BackupState.objects.update_or_create(kind=kind, defaults=facts)


def went_wrong(kind: str, fault: str) -> None:
    """Remember that something didn't; where not even the database answers, there is nothing to remember it with."""
    try:
        BackupState.objects.update_or_create(kind=kind, defaults={"failed_at": timezone.now(), "fault": fault[:500]})
    except DatabaseError:
        return
