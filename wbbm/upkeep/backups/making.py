"""Making a set: the database first, then every file that it speaks of, then what the set says of itself.

Files get a place of their own when they come and never change, and what a row refers to is there before the row is
(wbbm.files.services), so whatever the snapshot of the database names can be copied after it.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from wbbm.version import VERSION

from . import engines, keys, places, postgres
from .content import VOLATILE, digest
from .crypt import Header, Sealer
from .errors import BackupFailed
from .manifest import BASE, FORMAT, MEMBER, FileFacts, Manifest
from .snapshot import FileRow, Snapshot

log = logging.getLogger(__name__)

FILES = "berkas/"
_NOTE = "cadangan-dasar.json"


@dataclass(frozen=True)
class Made:
    """A set that was made."""

    path: Path
    size: int
    manifest: Manifest


def make_full(folder: Path) -> Made:
    """Make a set that stands by itself.

    Raises:
        BackupFailed: see there; nothing half lies in the folder.
    """
    made = _make(folder, places.FULL, _Base())
    if folder == Path(settings.BACKUP_DIR):
        _note(made)
    return made


def make_changes(folder: Path) -> Made | None:
    """Make a set of what changed since the last full one, of the database all and of the files the new ones.

    Nothing when nothing changed since the last automatic set; a full set when there is none to stand on. Elsewhere than
    in the folder of the automatic sets it is always made.

    Raises:
        BackupFailed: see there.
    """
    base = _read_note(folder)
    if base is None:
        return make_full(folder)
    if folder != Path(settings.BACKUP_DIR):
        # What the automatic sets hold already, this folder may lack; and the other way round.
        return _make(folder, places.CHANGES, replace(base, content=""))
    made = _make(folder, places.CHANGES, base)
    if made is not None:
        _note(made, base)
    return made


# --- what the next set of changes stands on -------------------------------------------------------------------


@dataclass(frozen=True)
class _Base:
    name: str = ""
    files: Any = None
    # Of the database when the last set was made.
    content: str = ""

    def has(self, row: FileRow) -> FileFacts | None:
        facts = (self.files or {}).get(row.path)
        return FileFacts(facts[0], facts[1], BASE) if facts else None


def _note(made: Made, base: _Base | None = None) -> None:
    """Remember what the full set holds, and what the database held in the last set."""
    files = {path: [facts.size, facts.sha256] for path, facts in made.manifest.files.items()}
    note = {
        "name": base.name if base else made.path.name,
        "files": base.files if base else files,
        "content": digest(made.manifest.tables, without=VOLATILE),
    }
    with places.written_whole(settings.DATA_DIR / _NOTE) as sink:
        sink.write(json.dumps(note).encode())


def _read_note(folder: Path) -> _Base | None:
    """Return what the next set of changes stands on; None when that isn't there any more."""
    try:
        base = _Base(**json.loads((settings.DATA_DIR / _NOTE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return base if base.name and (folder / base.name).is_file() else None


# --- writing --------------------------------------------------------------------------------------------------


def _make(folder: Path, kind: str, base: _Base) -> Any:
    try:
        return _make_set(folder, kind, base)
    except postgres.Fault as fault:
        raise BackupFailed(f"Basis data berhenti menjawab: {' '.join(str(fault).split())[:200]}") from fault


def _make_set(folder: Path, kind: str, base: _Base) -> Any:
    key = keys.writing_key()
    places.clear_asides(folder)
    at = timezone.now()
    places.require_room(settings.DATA_DIR, 2 * engines.size_here(), "salinan sementara basis data")
    with places.scratch(settings.DATA_DIR) as scratch, engines.snapshot_here(scratch) as snapshot:
        if kind == places.CHANGES and digest(snapshot.tables, without=VOLATILE) == base.content:
            return None
        header = Header(places.new_id(), kind, at.isoformat(), keys.fingerprint(key), base.name)
        own = [row for row in snapshot.files if base.has(row) is None]
        room = snapshot.file.stat().st_size + sum(row.size or 0 for row in own)
        places.require_room(folder, room, "cadangan ini")
        path = folder / places.new_name(kind, header.id, at)
        with places.written_whole(path) as sink:
            sealer = Sealer(sink, header, key)
            with tarfile.open(fileobj=sealer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                manifest = _fill(archive, header, snapshot, base)
            sealer.finish()
        return Made(path, path.stat().st_size, manifest)


def _fill(archive: tarfile.TarFile, header: Header, snapshot: Snapshot, base: _Base) -> Manifest:
    with snapshot.file.open("rb") as source:
        size = snapshot.file.stat().st_size
        database = {
            "name": snapshot.member, "size": size, "plain_size": snapshot.plain_size,
            "sha256": _add(archive, snapshot.member, source, size),
        }  # fmt: skip
    files, missing = _add_files(archive, snapshot.files, base)
    manifest = Manifest(
        id=header.id, kind=header.kind, base=header.base, made_at=header.made_at, portal=VERSION,
        engine=snapshot.engine, server=snapshot.server, is_demo=snapshot.is_demo, database=database,
        migrations=snapshot.migrations, tables=snapshot.tables, files=files, head=list(snapshot.head),
        keys={name: [keys.fingerprint(key) for key in keys.parted(getattr(settings, name))] for name in keys.NAMES},
        missing=missing, format=FORMAT,
    )  # fmt: skip
    data = manifest.packed()
    _add(archive, MEMBER, io.BytesIO(data), len(data))
    return manifest


def _add_files(
    archive: tarfile.TarFile, rows: Iterable[FileRow], base: _Base
) -> tuple[dict[str, FileFacts], list[str]]:
    files: dict[str, FileFacts] = {}
    missing: list[str] = []
    for row in rows:
        known = base.has(row)
        if known is not None:
            files[row.path] = known
            continue
        try:
            # None is larger than an upload may be. Read before its place in the set begins: one that a dying disk no
            # longer gives must not keep all others out.
            with default_storage.open(row.path) as source:
                data = source.read()
        except OSError:
            if row.sha256:  # a small picture is made again when somebody opens it
                missing.append(row.path)
            continue
        sha256 = _add(archive, FILES + row.path, io.BytesIO(data), len(data))
        files[row.path] = FileFacts(len(data), sha256)
        if row.sha256 and row.sha256 != sha256:
            # The disk changed it. The set keeps what there is, and says so.
            missing.append(row.path)
    if missing:
        log.error("Cadangan: %s berkas hilang dari penyimpanan atau berubah", len(missing))
    return files, missing


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.sha256 = hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        data: bytes = self._source.read(count)
        self.sha256.update(data)
        return data


def _add(archive: tarfile.TarFile, name: str, source: IO[bytes] | Any, size: int) -> str:
    """Put a stream of known length into the set; return its hash."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    hashing = _Hashing(source)
    archive.addfile(member, hashing)
    return hashing.sha256.hexdigest()
