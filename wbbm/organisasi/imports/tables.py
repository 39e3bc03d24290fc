"""Read an uploaded CSV or XLSX into rows of text, without trusting it."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from wbbm.organisasi.errors import OrganisationError

from .columns import MAX_BYTES, MAX_CELL, MAX_ROWS, Column, heading_key, known_headings

_MAX_COLUMNS = 40
_MAX_UNPACKED = 40 * 1024 * 1024
_MAX_RATIO = 120
_MAX_ENTRIES = 500
# How XLS begins, and an XLSX under a password.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The heading stands in one of the first lines: an export of example data begins with a warning.
_HEADING_WITHIN = 5
# From here on spreadsheets round whole numbers.
_EXACT_BELOW = 10**15
# What an export writes before a cell that a spreadsheet would take for a formula.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


class ImportRefused(OrganisationError):
    """The file can't be read at all; the message says what to do."""


@dataclass(frozen=True)
class RawRow:
    """One row of the file as text; `line` is its number in the file."""

    line: int
    values: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)


def read_table(file: BinaryIO, size: int, columns: tuple[Column, ...]) -> list[RawRow]:
    """Return the filled rows below the heading.

    Raises:
        ImportRefused: too large, neither CSV nor XLSX, damaged, without rows, or without a needed column.
    """
    if size > MAX_BYTES:
        raise ImportRefused(f"Berkas {size // 1_000_000} MB terlalu besar. Batasnya 10 MB.")
    content = file.read(MAX_BYTES + 1)
    if not content.strip():
        raise ImportRefused("Berkas kosong. Isi daftarnya, lalu unggah lagi.")
    if content.startswith(_OLD_OFFICE):
        raise ImportRefused(
            "Berkas ini berformat XLS lama atau terkunci kata sandi. Simpan sebagai XLSX tanpa kata sandi, lalu unggah."
        )
    lines = _xlsx_lines(content) if content.startswith(b"PK\x03\x04") else _csv_lines(content)
    return _rows(lines, columns)


def _rows(lines: Iterator[tuple[int, list[str]]], columns: tuple[Column, ...]) -> list[RawRow]:
    heading = _find_heading(lines, columns)
    rows: list[RawRow] = []
    for number, cells in lines:
        if not any(cells):
            continue
        if len(rows) >= MAX_ROWS:
            raise ImportRefused("Berkas ini lebih dari 2.000 baris. Bagi menjadi beberapa berkas.")
        rows.append(_row(number, cells, heading))
    if not rows:
        raise ImportRefused("Berkas ini hanya berisi judul kolom. Isi paling sedikit satu baris.")
    return rows


def _row(number: int, cells: list[str], heading: dict[int, Column]) -> RawRow:
    values: dict[str, str] = {}
    faults: dict[str, str] = {}
    for place, column in heading.items():
        text = cells[place].strip() if place < len(cells) else ""
        if text[:1] == "'" and text[1:2] in FORMULA_SIGNS:
            text = text[1:].strip()
        if len(text) > MAX_CELL:
            faults[column.key] = f"terlalu panjang. Paling banyak {MAX_CELL} huruf."
        elif text.isdigit() and isinstance(cells[place], _Rounded):
            faults[column.key] = (
                "lebih dari 15 angka dan dibulatkan aplikasi. Ubah selnya menjadi teks, lalu ketik lagi."
            )
        values[column.key] = text[:MAX_CELL]
    return RawRow(number, values, faults)


class _Rounded(str):
    """The text of a number that the spreadsheet could not keep exactly."""


def _find_heading(lines: Iterator[tuple[int, list[str]]], columns: tuple[Column, ...]) -> dict[int, Column]:
    known = known_headings(columns)
    is_empty = True
    for _ in range(_HEADING_WITHIN):
        found = next(lines, None)
        if found is None:
            break
        is_empty = is_empty and not any(text.strip() for text in found[1])
        matched = {place: known.get(heading_key(text)) for place, text in enumerate(found[1]) if text.strip()}
        if sum(column is not None for column in matched.values()) >= 2:
            return _checked_heading(found[1], matched, columns)
    if is_empty:
        raise ImportRefused("Lembar pertama berkas ini kosong. Pindahkan daftarnya ke lembar pertama, lalu unggah.")
    labels = ", ".join(column.label for column in columns)
    raise ImportRefused(f"Judul kolom tidak ditemukan. Baris pertama harus berisi: {labels}.")


def _checked_heading(
    texts: list[str], matched: dict[int, Column | None], columns: tuple[Column, ...]
) -> dict[int, Column]:
    unknown = [texts[place].strip()[:60] for place, column in matched.items() if column is None]
    if unknown:
        raise ImportRefused(
            f"Kolom tidak dikenal: {', '.join(unknown)}. Hapus kolom itu atau pakai judul dari templat."
        )
    heading = {place: column for place, column in matched.items() if column is not None}
    used = [column.key for column in heading.values()]
    twice = sorted({column.label for column in heading.values() if used.count(column.key) > 1})
    if twice:
        raise ImportRefused(f"Kolom {', '.join(twice)} muncul dua kali. Sisakan satu.")
    missing = [column.label for column in columns if column.is_needed and column.key not in used]
    if missing:
        raise ImportRefused(f"Kolom belum ada: {', '.join(missing)}. Tambahkan, lalu unggah lagi.")
    return heading


# --- CSV ----------------------------------------------------------------------------------------------


def _csv_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    if "\0" in text:
        raise ImportRefused("Berkas ini bukan CSV atau XLSX. Simpan ulang dari aplikasi lembar kerja.")
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield reader.line_num, [cell.replace("\0", "") for cell in cells[:_MAX_COLUMNS]]
    except csv.Error as fault:
        raise ImportRefused(
            f"Baris {reader.line_num} tidak dapat dibaca. Periksa tanda kutip, lalu simpan ulang."
        ) from fault


def _delimiter(text: str) -> str:
    """Return the sign that parts the heading best; a line above it may hold others."""
    lines = text.splitlines()[:_HEADING_WITHIN]
    return max(";,\t", key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _decode(content: bytes) -> str:
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportRefused("Huruf dalam berkas ini tidak dikenali. Simpan ulang sebagai CSV UTF-8 atau XLSX.")


# --- XLSX ---------------------------------------------------------------------------------------------


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    _measure(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            cells = sheet.iter_rows(max_row=MAX_ROWS + _HEADING_WITHIN + 200, max_col=_MAX_COLUMNS, values_only=True)
            yield from enumerate((_texts(row) for row in cells), start=1)
        finally:
            book.close()
    except (
        zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, IndexError, ValueError, TypeError,
        AttributeError, OverflowError, EOFError,
    ) as fault:  # fmt: skip
        if isinstance(fault, ImportRefused):
            raise
        raise ImportRefused(
            "Berkas XLSX ini rusak. Buka di aplikasi lembar kerja, simpan ulang, lalu unggah."
        ) from fault


def _measure(content: bytes) -> None:
    """Refuse archives that would unpack to too much, and documents that define entities of their own."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _refuse_other_kinds([entry.filename.lower() for entry in entries])
            unpacked = sum(entry.file_size for entry in entries)
            swollen = any(
                entry.file_size > 1_000_000 and entry.file_size > _MAX_RATIO * max(1, entry.compress_size)
                for entry in entries
            )
            if len(entries) > _MAX_ENTRIES or unpacked > _MAX_UNPACKED or swollen:
                raise ImportRefused("Isi berkas ini terlalu besar bila dibuka. Salin datanya ke berkas baru.")
            if any(entry.flag_bits & 1 for entry in entries):
                raise ImportRefused("Berkas ini terkunci kata sandi. Simpan tanpa kata sandi, lalu unggah lagi.")
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.open(entry).read(2048):
                    raise ImportRefused("Berkas XLSX ini tidak lazim. Salin datanya ke berkas baru.")
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as fault:
        raise ImportRefused("Berkas XLSX ini rusak. Simpan ulang dari aplikasi lembar kerja, lalu unggah.") from fault


def _refuse_other_kinds(names: list[str]) -> None:
    """Refuse macros, and archives that hold something else than a workbook."""
    if any(name.endswith("vbaproject.bin") for name in names):
        raise ImportRefused("Berkas ini berisi makro. Simpan sebagai XLSX biasa tanpa makro, lalu unggah lagi.")
    if not any(name.startswith("xl/") for name in names):
        raise ImportRefused("Berkas ini bukan XLSX. Simpan dari aplikasi lembar kerja sebagai XLSX atau CSV.")


def _texts(row: Iterable[object]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT_BELOW:
        return _Rounded(value)
    return str(value).replace("\0", "")
