"""The columns of the two lists that can be imported and exported."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wbbm.organisasi.models import ImportKind

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 2000
MAX_CELL = 500
LIMITS_TEXT = "CSV atau XLSX; paling besar 10 MB dan 2.000 baris."


@dataclass(frozen=True)
class Column:
    """One column: its key in the code, its heading in the file, and what it takes."""

    key: str
    label: str
    help_text: str
    is_needed: bool = False
    example: str = ""
    aliases: tuple[str, ...] = ()


UNIT_COLUMNS = (
    Column("code", "Kode", "Huruf kecil, angka, tanda hubung.", True, "polsek-contoh"),
    Column("name", "Nama", "Nama satuan.", True, "Polsek Contoh"),
    Column("kind", "Jenis", "mabes, polda, polres, polsek atau satfung.", True, "polsek"),
    Column(
        "parent", "Kode induk", "Kode satuan di atasnya; wajib untuk satuan baru.", False, "polres-contoh", ("induk",)
    ),
    Column("latitude", "Lintang", "Derajat, misalnya -6,9534.", False, "-6,9534"),
    Column("longitude", "Bujur", "Derajat, misalnya 111,8922.", False, "111,8922"),
    Column("own_time_zone", "Zona waktu", "WIB, WITA atau WIT; kosong: mengikuti satuan di atasnya."),
    Column("active_from", "Aktif sejak", "Tanggal, misalnya 1 Oktober 2026 atau 01/10/2026."),
    Column("active_to", "Aktif sampai", "Tanggal; kosong bila masih aktif."),
)
PEOPLE_COLUMNS = (
    Column(
        "username", "Nama pengguna", "Huruf kecil, angka, titik; kosong: dipakai NRP/NIP.", False, "operator.contoh",
        ("username",),
    ),
    Column("nrp", "NRP/NIP", "8 sampai 18 angka.", False, "91050417", ("nrp", "nip")),
    Column("name", "Nama", "Nama orang.", True, "Nama Lengkap"),
    Column("rank", "Pangkat", "Misalnya Aipda.", False, "Aipda"),
    Column("email", "Surel", "Boleh kosong.", False, "", ("email",)),
    Column("unit", "Kode satuan", "Kode satuan tempat bertugas.", True, "polsek-contoh", ("satuan",)),
    Column(
        "role", "Peran", "admin, supervisor, pimpinan satuan, operator, auditor atau petugas integritas.", False,
        "operator",
    ),
    Column("title", "Jabatan", "Wajib bila peran diisi.", False, "Kasium"),
    Column("posting_kind", "Sifat", "definitif, plt atau plh; kosong: definitif.", False, "definitif"),
    Column("starts_on", "Mulai", "Tanggal; wajib bila peran diisi.", False, "01/10/2026", ("berlaku_dari",)),
    Column("ends_on", "Sampai", "Hari terakhir; kosong bila masih berjalan.", False, "", ("berlaku_sampai",)),
)  # fmt: skip
COLUMNS: dict[str, tuple[Column, ...]] = {ImportKind.UNITS: UNIT_COLUMNS, ImportKind.PEOPLE: PEOPLE_COLUMNS}


def heading_key(text: str) -> str:
    """Return a heading without case, blanks and signs."""
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")


def known_headings(columns: tuple[Column, ...]) -> dict[str, Column]:
    """Return every spelling of a heading that is taken, with its column."""
    found: dict[str, Column] = {}
    for column in columns:
        for spelling in (column.label, column.key, *column.aliases):
            found.setdefault(heading_key(spelling), column)
    return found
