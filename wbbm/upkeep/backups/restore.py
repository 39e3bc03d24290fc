"""The way back: all is proved before anything is written, and proved again where it lies afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, default_storage
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from wbbm.errors import DomainError
from wbbm.organisasi.clock import moment_text

from . import afterwards, crossing, keys, places, postgres, reading, sqlite
from .errors import BackupFailed, RestoreFailed, TargetRefused
from .making import FILES, _Hashing
from .manifest import BASE, OWN, Manifest
from .reading import Proved

# What may lie in a folder that counts as empty: keys, and what starting the portal makes there.
_HARMLESS = {
    "secret_key",
    "report_key",
    "backup_key",
    "static",
    "antrean",
    "antrean-kendali",
    "cadangan",
    "pembaruan",
    "lost+found",
}
Say = Callable[[str], object]


@dataclass(frozen=True)
class Target:
    """Where a set goes: a folder for scratch, a storage for files, a database."""

    folder: Path
    storage: Storage
    database: dict[str, Any]
    is_sqlite: bool

    @property
    def database_file(self) -> Path:
        """The file of a SQLite database."""
        return self.folder / sqlite.FILE


def check(path: Path, opening: tuple[str, ...]) -> Manifest:
    """Prove a set without changing anything.

    Raises:
        SetRefused: it can't be restored; says why.
    """
    with places.scratch(settings.DATA_DIR) as scratch:
        return reading.prove(path, opening, scratch).manifest


def target_of(into: str) -> Target:
    """Return where `--into` leads: a folder, or the address of a PostgreSQL database.

    A folder takes the files; it takes the database as well, unless DATABASE_URL names a PostgreSQL database.

    Raises:
        TargetRefused: it can't be had.
    """
    own = dict(connections[DEFAULT_DB_ALIAS].settings_dict)
    if into.startswith(("postgres://", "postgresql://")):
        named = own | {"OPTIONS": {}} | environ.Env.db_url_config(into)
        return Target(settings.DATA_DIR, default_storage, named, is_sqlite=False)
    folder = Path(into).absolute()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as fault:
        raise TargetRefused(f"Folder {folder} tidak dapat dipakai: {fault.strerror}.") from fault
    is_here = folder.resolve() == settings.DATA_DIR
    storage = default_storage if is_here else FileSystemStorage(folder / "files", None, 0o600, 0o700)
    if own["ENGINE"].endswith("sqlite3"):
        return Target(folder, storage, own | {"NAME": str(folder / sqlite.FILE)}, is_sqlite=True)
    return Target(folder, storage, own, is_sqlite=False)


def require_empty(target: Target, manifest: Manifest) -> None:
    """Make sure that nothing lies where the set goes, that it is of that engine, and that it fits.

    Raises:
        TargetRefused: it isn't so.
    """
    if target.is_sqlite and manifest.engine != "sqlite":
        text = "Cadangan PostgreSQL hanya dipulihkan ke PostgreSQL: isi DATABASE_URL, atau sebut --into postgres://…"
        raise TargetRefused(f"{text} Tidak ada yang diubah.")
    if manifest.engine == "sqlite" and not target.is_sqlite:
        crossing.require_same_schema(manifest, set(MigrationLoader(None).disk_migrations))
    if target.is_sqlite:
        left = sorted(each.name for each in target.folder.iterdir() if not _is_harmless(each))
        if left:
            raise TargetRefused(f"Folder {target.folder} tidak kosong ({', '.join(left[:3])}). Pakai folder baru.")
    else:
        postgres.require_empty(target.database, manifest.server)
    with contextlib.suppress(FileNotFoundError):
        folders, files = target.storage.listdir("")
        if folders or files:
            raise TargetRefused("Tempat berkas (STORAGE_URL) tidak kosong. Pakai folder baru.")
    wanted = manifest.database["plain_size"] + sum(facts.size for facts in manifest.files.values())
    try:
        places.require_room(target.folder, wanted, "isi cadangan ini")
    except BackupFailed as fault:
        raise TargetRefused(fault.message) from fault


def _is_harmless(place: Path) -> bool:
    if place.name == "files" and place.is_dir():
        return not any(place.iterdir())
    if place.name.startswith(sqlite.FILE):
        return sqlite.is_blank(place.with_name(sqlite.FILE))
    return place.name in _HARMLESS or place.name.startswith((".cadangan-", ".kunci-"))


def restore(path: Path, opening: tuple[str, ...], into: str, say: Say, sheet: keys.Sheet | None = None) -> None:
    """Fill an empty place with a set, prove it there, and end what began before.

    Raises:
        SetRefused, TargetRefused: nothing was changed.
        RestoreFailed: what lies there now is not what the set says, or it is and something in it is wrong.
    """
    with _target_of(into) as target, places.scratch(target.folder) as scratch:
        proved = reading.prove(path, opening, scratch)
        manifest = proved.manifest
        require_empty(target, manifest)
        say(summary(path, manifest))
        _warn_of_keys(manifest, sheet or keys.Sheet({}), say)
        with _undone_when_it_fails(target) as written:
            _fill_files(proved, opening, target, written)
            if target.is_sqlite:
                sqlite.put(scratch / sqlite.FILE, target.database_file)
            elif manifest.engine == "sqlite":
                with _connected(target):
                    crossing.load(scratch / sqlite.FILE)
            else:
                postgres.load(proved.database, target.database, manifest.server)
        os.sync()
    tables = sqlite.tables_in(target.database_file) if target.is_sqlite else postgres.tables_in(target.database)
    wrong = reading.differing(tables, manifest)
    if wrong:
        raise RestoreFailed(f"Isi tabel {', '.join(wrong[:5])} tidak sama dengan cadangannya. Jangan dipakai.")
    rows = sum(facts.rows for facts in tables.values())
    say(f"Isi basis data sama: {len(tables)} tabel, {rows} baris, sidik {manifest.content}")
    say(f"Berkas sama: {len(manifest.files)}")
    with _connected(target):
        finish(path.name, say)


def summary(path: Path, manifest: Manifest) -> str:
    """Say in a line what a set is."""
    files = f"{len(manifest.files)} berkas"
    gone = f", {len(manifest.missing)} berkas sudah hilang atau berubah saat dicadangkan" if manifest.missing else ""
    kind = f"{manifest.kind} di atas {manifest.base}" if manifest.base else manifest.kind
    return f"{path.name}: {kind}, dari {moment_text(manifest.moment)}, {manifest.engine}, {files}{gone}"


def _warn_of_keys(manifest: Manifest, sheet: keys.Sheet, say: Say) -> None:
    """Say which other keys aren't those of the portal that the set was made by."""
    losses = {
        "REPORT_KEY": "laporan warga dan faktor kedua dari masa itu tidak terbuka sampai kuncinya diisi",
        "SECRET_KEY": "tautan yang tercetak dan sidik orang di jejak audit tidak cocok lagi",
    }
    for name, loss in losses.items():
        here = {keys.fingerprint(key) for key in keys.parted(sheet.values.get(name) or getattr(settings, name))}
        if not set(manifest.keys.get(name, [])) <= here:
            say(f"PERHATIAN: {name} di sini lain daripada portal asalnya: {loss}.")


@contextlib.contextmanager
def _target_of(into: str) -> Iterator[Target]:
    """Lend the target; a folder that was made for it goes again when the set is refused."""
    was_there = Path(into).exists()
    try:
        yield target_of(into)
    except DomainError:
        if not was_there:
            with contextlib.suppress(OSError):
                Path(into).rmdir()
        raise


@contextlib.contextmanager
def _undone_when_it_fails(target: Target) -> Iterator[list[str]]:
    """Take away what was written when filling breaks off: the place is empty again for the next try."""
    written: list[str] = []
    try:
        yield written
    except BaseException as fault:
        for name in written:
            with contextlib.suppress(OSError):
                target.storage.delete(name)
        if isinstance(target.storage, FileSystemStorage):
            _remove_empty_folders(Path(target.storage.location))
        if isinstance(fault, OSError):
            text = f"Pemulihan terhenti: {fault.strerror or fault}. Yang sudah ditulis dihapus lagi."
            raise RestoreFailed(text) from fault
        raise


def _remove_empty_folders(place: Path) -> None:
    for folder in sorted((each for each in place.rglob("*") if each.is_dir()), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _fill_files(proved: Proved, opening: tuple[str, ...], target: Target, written: list[str]) -> None:
    """Write the files of the set, and those that lie in the one below it, each held against its hash once more."""
    for place, path in ((OWN, proved.path), (BASE, proved.base)):
        if path is None:
            continue
        wanted = {name: facts for name, facts in proved.manifest.files.items() if facts.place == place}
        with reading.opened(path, opening) as (_, members):
            for member, _, source in members:
                name = member.removeprefix(FILES)
                if not member.startswith(FILES) or name not in wanted:
                    continue
                hashing = _Hashing(source)
                try:
                    written.append(target.storage.save(name, File(hashing, name)))  # type: ignore[arg-type]
                except OSError as fault:
                    text = f"Pemulihan terhenti: {fault.strerror or fault}. Yang sudah ditulis dihapus lagi."
                    raise RestoreFailed(text) from fault
                if written[-1] != name or hashing.sha256.hexdigest() != wanted[name].sha256:
                    raise RestoreFailed(f"Berkas {name} tidak dapat dipulihkan seperti asalnya.")


@contextlib.contextmanager
def _connected(target: Target) -> Iterator[None]:
    """Let the default connection lead to the restored database."""
    alias = DEFAULT_DB_ALIAS
    before, known = connections[alias], connections.settings[alias]
    named = {"ATOMIC_REQUESTS": False, "AUTOCOMMIT": True, "CONN_MAX_AGE": 0, "TIME_ZONE": None}
    # In the settings too: work that reads ahead has threads, and these have connections of their own.
    connections.settings[alias] = known | target.database | named
    connections[alias] = connections.create_connection(alias)
    try:
        yield
    finally:
        connections[alias].close()
        connections.settings[alias], connections[alias] = known, before


def finish(source: str, say: Say) -> None:
    """Bring an older schema up to date, end what began before, prove all of it.

    Raises:
        RestoreFailed: something in it is wrong.
    """
    steps = _steps_behind()
    if steps:
        call_command("migrate", interactive=False, verbosity=0)
        say(f"Tabel dibarui dari versi cadangan: {steps} langkah")
    afterwards.settle(source)
    say("Sesi dan tautan sekali pakai dari sebelumnya diakhiri; surel lama tidak dikirim lagi")
    wrong = []
    for finding in afterwards.prove():
        say(f"{finding.what}: {'utuh' if not finding.faults else f'{len(finding.faults)} temuan'}")
        wrong += finding.faults
    for fault in wrong[:20]:
        say(f"  {fault}")
    if wrong:
        raise RestoreFailed(f"Cadangan dipulihkan, tetapi {len(wrong)} hal di dalamnya tidak benar; lihat di atas.")


def _steps_behind() -> int:
    """Return how many migrations the database doesn't have yet."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def finish_wal(say: Say) -> None:
    """Finish what PostgreSQL brought back from its archive; files came by a way of their own, and are looked for.

    Raises:
        RestoreFailed: older tables, which are their owner's to bring up to date; something in it is wrong, or
            files are not there; the database refuses.
    """
    try:
        if _steps_behind():
            text = "Tabel belum dibarui: jalankan dulu systemctl start portal-prepare, lalu ulangi perintah ini."
            raise RestoreFailed(f"{text} Tidak ada yang diubah.")
        finish("WAL", say)
        gone = afterwards.missing_files()
    except (DatabaseError, InterfaceError) as fault:
        text = f"Basis data tidak menjawab atau menolak ({type(fault).__name__}). Periksa kata sandi perannya,"
        raise RestoreFailed(f"{text} jalankan systemctl start portal-prepare, lalu ulangi perintah ini.") from fault
    for path in gone[:20]:
        say(f"  tidak ada: {path}")
    if gone:
        text = f"{len(gone)} berkas yang disebut basis data tidak ada di penyimpanan."
        raise RestoreFailed(f"{text} Salin lagi dari cadangannya, lalu ulangi perintah ini.")
    say("Berkas: utuh")


def place_keys(sheet: keys.Sheet, into: str) -> list[str]:
    """Put the keys of a sheet where the restored portal looks for those that its environment doesn't give."""
    if into.startswith(("postgres://", "postgresql://")):
        return []
    placed = []
    for name, value in sheet.values.items():
        if os.environ.get(name, "").strip() or not value:
            continue
        place = Path(into) / name.lower()
        if place.exists() and place.read_text() == value:
            continue
        aside = place.with_name(f".kunci-{name.lower()}")
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as sink:
            sink.write(value)
        shutil.move(aside, place)
        placed.append(name)
    return placed
