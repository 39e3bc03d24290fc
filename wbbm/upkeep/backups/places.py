"""Where sets lie, what they are called, and whether there is room."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils import timezone

from . import keys
from .crypt import Header, read_header
from .errors import BackupFailed, SetRefused

FULL, CHANGES = "penuh", "perubahan"
ENDING = ".cadangan"
_NAME = re.compile(rf"wbbm-\d{{8}}-\d{{6}}-({FULL}|{CHANGES})-[0-9a-f]{{8}}\{ENDING}")
_ASIDE = re.compile(rf"\.wbbm-.*\{ENDING}\.tulis")
_SCRATCH = ".cadangan-"
_ROOM = 16 * 1024 * 1024
LOW_SHARE = 0.15
# A moment so much later than now was noted by a clock that was ahead.
AHEAD = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Found:
    """A set of this portal that lies in a folder."""

    path: Path
    header: Header

    @property
    def made_at(self) -> datetime.datetime:
        """When it was made."""
        return datetime.datetime.fromisoformat(self.header.made_at)


def usual_folder() -> Path:
    """Return the folder of the automatic sets; the default one is made.

    Raises:
        BackupFailed: the one that was set isn't there, as when its disk isn't mounted.
    """
    folder = Path(settings.BACKUP_DIR)
    if folder == settings.DATA_DIR / "cadangan":
        folder.mkdir(mode=0o700, exist_ok=True)
    elif not folder.is_dir():
        raise BackupFailed(f"BACKUP_DIR {folder} tidak ada. Pasang cakramnya, atau buat foldernya.")
    return folder


def given_folder(folder: Path) -> Path:
    """Return a folder that somebody named, made if only its last part is missing.

    Raises:
        BackupFailed: it can't be had.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as fault:
        raise BackupFailed(f"Folder {folder} tidak dapat dibuat: {fault.strerror}.") from fault
    return folder


def is_same_disk() -> bool:
    """Tell whether the automatic sets lie on the disk that they are to outlive."""
    folder = Path(settings.BACKUP_DIR)
    if not folder.is_dir():
        return folder == settings.DATA_DIR / "cadangan"
    return folder.stat().st_dev == settings.DATA_DIR.stat().st_dev


def sets_in(folder: Path) -> list[Found]:
    """Return this portal's sets in a folder, the newest first; whatever else lies there is not ours."""
    ours = {keys.fingerprint(key) for key in keys.parted(settings.BACKUP_KEY)}
    found = []
    for path in folder.iterdir():
        if not _NAME.fullmatch(path.name) or not path.is_file():
            continue
        with contextlib.suppress(SetRefused, OSError, ValueError):
            with path.open("rb") as source:
                header = read_header(source)
            each = Found(path, header)
            if header.key in ours and each.made_at:
                found.append(each)
    return sorted(found, key=lambda each: (each.made_at, each.path.name), reverse=True)


def new_name(kind: str, set_id: str, at: datetime.datetime) -> str:
    """Return the name of a new set."""
    return f"wbbm-{timezone.localtime(at):%Y%m%d-%H%M%S}-{kind}-{set_id}{ENDING}"


@contextlib.contextmanager
def written_whole(place: Path) -> Iterator[IO[bytes]]:
    """Write a file aside and give it its name only when all of it is on the disk.

    Raises:
        BackupFailed: the disk is full or gone; nothing is left.
    """
    aside = place.with_name(f".{place.name}.tulis")
    try:
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as sink:
                yield sink
                sink.flush()
                os.fsync(sink.fileno())
            aside.rename(place)
        finally:
            aside.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a stick's file system may know no such thing
            folder = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as fault:
        text = f"Cadangan tidak dapat ditulis ke {place.parent}: {fault.strerror or fault}."
        raise BackupFailed(f"{text} Tidak ada yang setengah jadi.") from fault


def clear_asides(folder: Path) -> None:
    """Remove what a killed process left half written more than a day ago, here and where it had its scratch."""
    before = timezone.now().timestamp() - 86_400
    for path in [*folder.iterdir(), *settings.DATA_DIR.glob(f"{_SCRATCH}*")]:
        with contextlib.suppress(OSError):
            if path.stat().st_mtime >= before:
                continue
            if _ASIDE.fullmatch(path.name):
                path.unlink()
            elif path.name.startswith(_SCRATCH) and path.is_dir():
                shutil.rmtree(path)


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Lend a folder that nobody else reads, on the disk where the database may lie in the open."""
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as place:
        yield Path(place)


def require_room(folder: Path, wanted: int, what: str) -> None:
    """Make sure that so many bytes fit.

    Raises:
        BackupFailed: they don't.
    """
    free = shutil.disk_usage(folder).free
    if free < wanted + _ROOM:
        raise BackupFailed(
            f"Cakram {folder} tidak cukup untuk {what}: perlu {megabytes(wanted + _ROOM)}, tersisa {megabytes(free)}. "
            "Tambah ruang atau pakai folder lain (--to, BACKUP_DIR)."
        )


def megabytes(size: int) -> str:
    """Write a size as people read it."""
    return f"{-(-size // 1_000_000)} MB"


def new_id() -> str:
    """Return the number of a new set."""
    return secrets.token_hex(4)
