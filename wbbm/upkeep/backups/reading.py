"""Reading a set: nothing of it is believed before all of it has been proved."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import hashlib
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.utils import timezone

from . import places, postgres, sqlite
from .content import TableFacts
from .crypt import Header, Opener, damaged, read_header
from .errors import SetRefused
from .keys import fingerprint
from .making import FILES
from .manifest import BASE, MEMBER, OWN, Manifest, read_manifest, require_known_schema

_PIECE = 1 << 20
_LARGEST_MANIFEST = 1 << 30


@dataclass(frozen=True)
class Proved:
    """A set that is whole: what it says of itself, and its database, laid out in a folder of ours."""

    path: Path
    manifest: Manifest
    database: Path
    # Of a set of changes: the full set that it stands on.
    base: Path | None


def newest_in(folder: Path, keys: tuple[str, ...]) -> Path:
    """Return the newest set in a folder that one of these keys opens; where none does, the newest of another portal.

    One that a clock which was ahead dated later than now comes after all others.

    Raises:
        SetRefused: there is none, or none that we may read.
    """
    ours = {fingerprint(key) for key in keys}
    limit = timezone.now() + places.AHEAD
    found, closed = [], False
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(places.ENDING))
    except OSError:
        paths, closed = [], True
    for path in paths:
        try:
            with path.open("rb") as source:
                header = read_header(source)
            made_at = datetime.datetime.fromisoformat(header.made_at)
            found.append((header.key in ours, made_at < limit, made_at, path))
        except PermissionError:
            closed = True
        except (SetRefused, OSError, ValueError, TypeError):
            continue
    if closed and not found:
        text = f"Isi {folder} tidak boleh dibaca pengguna ini."
        raise SetRefused(f"{text} Jalankan: chown -R portal:portal {folder}. Tidak ada yang diubah.")
    if not found:
        raise SetRefused(f"Di folder {folder} tidak ada cadangan portal.")
    return max(found)[-1]


def prove(path: Path, keys: tuple[str, ...], scratch: Path) -> Proved:
    """Read a set to its end, and the one below it; nothing but the scratch folder is written.

    Raises:
        SetRefused: damaged, truncated, of another key, of a newer portal, or without the set it stands on.
    """
    manifest, hashes, database = _read_through(path, keys, scratch)
    require_known_schema(manifest)
    base = None
    if manifest.base:
        base = path.with_name(Path(manifest.base).name)
        if not base.is_file():
            raise SetRefused(f"Cadangan ini berdiri di atas {manifest.base}, yang tidak ada di folder yang sama.")
        below, base_hashes, _ = _read_through(base, keys, None)
        if below.base:
            raise damaged("dasarnya bukan cadangan penuh")
        hashes = {BASE: base_hashes[OWN], OWN: hashes[OWN]}
    for name, facts in manifest.files.items():
        require_hash(hashes.get(facts.place, {}).get(name, ""), facts.sha256, name)
    _prove_database(manifest, database, scratch)
    return Proved(path, manifest, database, base)


def require_hash(found: str, wanted: str, what: str) -> None:
    """Make sure that something is what the manifest says.

    Raises:
        SetRefused: it isn't.
    """
    if found != wanted:
        raise damaged(f"isi {what} tidak sama dengan manifesnya")


Hashes = dict[str, dict[str, str]]


def _read_through(path: Path, keys: tuple[str, ...], scratch: Path | None) -> tuple[Manifest, Hashes, Path]:
    """Decrypt all of a set; hash its files and lay its database into the scratch folder."""
    hashes: dict[str, str] = {}
    manifest: Manifest | None = None
    database = Path()
    with opened(path, keys) as (header, members):
        for name, size, source in members:
            if name == MEMBER:
                manifest = read_manifest(source.read(min(size, _LARGEST_MANIFEST)))
            elif name.startswith(FILES):
                hashes[name.removeprefix(FILES)] = _hash(source)
            else:
                place = (scratch / Path(name).name) if scratch is not None else None
                hashes[name] = _hash(source, place)
                database = place or database
    if manifest is None or manifest.id != header.id or manifest.base != header.base:
        raise damaged("manifesnya tidak ada")
    require_hash(hashes.pop(manifest.database["name"], ""), manifest.database["sha256"], "basis datanya")
    return manifest, {OWN: hashes}, database


Member = tuple[str, int, IO[bytes]]


@contextmanager
def opened(path: Path, keys: tuple[str, ...]) -> Iterator[tuple[Header, Iterator[Member]]]:
    """Open a set: its header, and its members one after the other; read to the end, its end is proved too.

    Raises:
        SetRefused: it is no set, of another key, damaged or truncated.
    """
    try:
        with path.open("rb") as source:
            opener = Opener(source, keys)
            yield opener.header, _members(opener)
    except tarfile.TarError as fault:
        raise damaged("susunannya tidak terbaca") from fault
    except OSError as fault:
        raise SetRefused(f"Cadangan {path} tidak dapat dibaca: {fault.strerror or fault}.") from fault


def _members(opener: Opener) -> Iterator[Member]:
    with tarfile.open(fileobj=opener, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is None:
                raise damaged("susunannya tidak terbaca")
            yield member.name, member.size, content
    while opener.read(_PIECE):
        pass


def open_new(place: Path) -> IO[bytes]:
    """Open a file of ours that isn't there yet."""
    return place.open("xb")


def _hash(source: IO[bytes], place: Path | None = None) -> str:
    """Hash a stream, and write it to a new file where one is given."""
    sha256 = hashlib.sha256()
    sink = None
    if place is not None:
        with _room_for(place):
            sink = open_new(place)
    try:
        while piece := source.read(_PIECE):
            sha256.update(piece)
            if sink is not None:
                with _room_for(place):
                    sink.write(piece)
    finally:
        if sink is not None:
            with _room_for(place):
                sink.close()
    return sha256.hexdigest()


@contextlib.contextmanager
def _room_for(place: Path | None) -> Iterator[None]:
    """Say of a disk that takes no more that it is that disk, and not that the set is damaged."""
    try:
        yield
    except OSError as fault:
        folder = place.parent.parent if place is not None else ""
        text = f"Salinan sementara di {folder} tidak dapat ditulis: {fault.strerror or fault}. Tidak ada yang diubah."
        raise SetRefused(text) from fault


@contextlib.contextmanager
def _legible() -> Iterator[None]:
    """Say of a database that can't be read that the set is damaged."""
    try:
        yield
    except (sqlite3.Error, gzip.BadGzipFile, EOFError, zlib.error, ValueError) as fault:
        raise damaged("basis datanya tidak terbaca") from fault


def _prove_database(manifest: Manifest, database: Path, scratch: Path) -> None:
    """Make sure that the database can be read and holds what the manifest says."""
    if manifest.engine != "sqlite":
        postgres.check(database, manifest.server)
        return
    plain = scratch / sqlite.FILE
    with _room_for(plain), _legible():
        sqlite.unpack(database, plain)
    with _legible():
        require_equal(sqlite.tables_in(plain), manifest)
    database.unlink()


def differing(tables: dict[str, TableFacts], manifest: Manifest) -> list[str]:
    """Return the tables whose content is not what the manifest says."""
    names = sorted(set(tables) | set(manifest.tables))
    return [name for name in names if tables.get(name) != manifest.tables.get(name)]


def require_equal(tables: dict[str, TableFacts], manifest: Manifest) -> None:
    """Make sure that tables hold what the manifest says.

    Raises:
        SetRefused: they don't.
    """
    wrong = differing(tables, manifest)
    if wrong:
        raise damaged(f"isi tabel {', '.join(wrong[:5])} tidak sama dengan manifesnya")
