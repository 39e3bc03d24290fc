"""Keys of backups: they never lie in a set, and a set names its key only by a fingerprint."""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from .errors import BackupFailed, SetRefused

NAMES = ("BACKUP_KEY", "SECRET_KEY", "REPORT_KEY")
_SHORTEST = 32


def fingerprint(key: str) -> str:
    """Return what a key is known by; nobody finds the key from it."""
    return hmac.new(key.encode(), b"wbbm.backup.fingerprint", hashlib.sha256).hexdigest()[:16]


def parted(given: str) -> tuple[str, ...]:
    """Return the keys of a setting, the one that writes first."""
    return tuple(key.strip() for key in given.split(",") if key.strip())


def writing_key() -> str:
    """Return the key that new sets are written with.

    Raises:
        BackupFailed: there is none, or it could be guessed.
    """
    given = parted(settings.BACKUP_KEY)
    if not given:
        raise BackupFailed("BACKUP_KEY belum diisi: buat kuncinya dan simpan di luar server; lihat docs/operasi.md.")
    if len(given[0]) < _SHORTEST:
        raise BackupFailed(f"BACKUP_KEY terlalu pendek: sedikitnya {_SHORTEST} tanda; lihat docs/operasi.md.")
    return given[0]


def derived(key: str, salt: bytes) -> bytes:
    """Return the key that one set alone is encrypted with."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"wbbm.backup.set").derive(key.encode())


# --- the sheet that is kept elsewhere ------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """The keys as they were written down for the day on which the machine is gone."""

    values: dict[str, str]

    @property
    def backup_keys(self) -> tuple[str, ...]:
        """The keys that open sets."""
        return parted(self.values.get("BACKUP_KEY", ""))


def current() -> Sheet:
    """Return the keys of this portal."""
    return Sheet({name: getattr(settings, name) for name in NAMES})


def write_sheet(place: Path) -> None:
    """Write the keys into a new file that nobody else reads.

    Raises:
        BackupFailed: the file is there already, or can't be written.
    """
    writing_key()
    lines = [
        "# Kunci portal Zona Integritas. Cetak atau simpan di brankas, terpisah dari cadangannya.",
        "# Siapa memegang berkas ini dan cadangannya dapat membaca semuanya, juga laporan warga.",
        *(f"{name}={value}" for name, value in current().values.items()),
        f"# Sidik BACKUP_KEY: {fingerprint(parted(settings.BACKUP_KEY)[0])}",
    ]
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as fault:
        raise BackupFailed(f"{place} sudah ada; pakai nama lain supaya kunci lama tidak tertimpa.") from fault
    except OSError as fault:
        raise BackupFailed(f"{place} tidak dapat ditulis: {fault.strerror}.") from fault
    with os.fdopen(handle, "w") as sheet:
        sheet.write("\n".join(lines) + "\n")
        sheet.flush()
        os.fsync(sheet.fileno())


def read_sheet(place: Path) -> Sheet:
    """Read a sheet of keys.

    Raises:
        SetRefused: it can't be read, or holds no BACKUP_KEY.
    """
    try:
        text = place.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        raise SetRefused(f"Berkas kunci {place} tidak dapat dibaca.") from fault
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    values = {name.strip(): value.strip() for name, value in pairs if name.strip() in NAMES}
    if not values.get("BACKUP_KEY"):
        raise SetRefused(f"Berkas kunci {place} tidak memuat BACKUP_KEY.")
    return Sheet(values)
