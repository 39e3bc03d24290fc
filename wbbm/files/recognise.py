"""Tell the type of an upload by its content, never by its name or by what the browser claims."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from typing import BinaryIO

from .errors import FileRefused
from .limits import MAX_ENTRIES, MAX_UNPACKED_BYTES

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
HEIC = "image/heic"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

EXTENSIONS = {PDF: "pdf", JPEG: "jpg", PNG: "png", DOCX: "docx", XLSX: "xlsx"}

_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_WRONG_TYPE = "Ditolak: bukan PDF atau foto. Yang diterima: PDF, JPEG, PNG, DOCX, XLSX."
_BROKEN = "Berkas ini rusak. Buka di perangkat Anda, simpan ulang, lalu pilih lagi."
# Programs inside a document, by the types it declares and by the places where they lie.
_ACTIVE_PARTS = ("macroEnabled", "vbaProject", "ms-office.activeX", "ms-excel.macrosheet")
_ACTIVE_NAMES = ("vbaproject.bin", "/activex/", "/macrosheets/")
_BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
    OSError,
    struct.error,
)
_BLOCK = 256 * 1024
_MOST_DECLARED = 1024 * 1024


def recognise(file: BinaryIO) -> str:
    """Return the content type of the file.

    Raises:
        FileRefused: the content is none of the accepted types, is empty, locked or a zip bomb.
    """
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    if not head:
        raise FileRefused("Berkas kosong. Periksa berkasnya, lalu pilih lagi.")
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return HEIC
    if head.startswith(b"%PDF-"):
        _refuse_cut_pdf(file)
        return PDF
    if head.startswith(b"PK\x03\x04"):
        return _recognise_office(file)
    raise FileRefused(_WRONG_TYPE)


def _refuse_cut_pdf(file: BinaryIO) -> None:
    """A PDF holds objects and ends with its mark; a page with a PDF's first line does not."""
    file.seek(0)
    content = file.read()
    file.seek(0)
    if b" obj" not in content or b"%%EOF" not in content[-2048:]:
        raise FileRefused("PDF ini terpotong atau rusak. Buka di perangkat Anda, simpan ulang, lalu pilih lagi.")


def _recognise_office(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _measure(entries)
            _unpack(archive, entries)
            parts = _declared_parts(archive)
    except _BROKEN_ARCHIVE as fault:
        raise FileRefused(_BROKEN) from fault
    finally:
        file.seek(0)
    names = [entry.filename.lower() for entry in entries]
    if any(sign in parts for sign in _ACTIVE_PARTS) or any(sign in name for name in names for sign in _ACTIVE_NAMES):
        raise FileRefused("Berkas ini memuat makro. Simpan sebagai DOCX atau XLSX biasa, atau sebagai PDF.")
    for content_type in (DOCX, XLSX):
        # The main part has the document's own type with "main" at its end, wherever it lies in the archive.
        if f"{content_type}.main+xml" in parts:
            return content_type
    raise FileRefused(_WRONG_TYPE)


def _measure(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise FileRefused("Isi berkas ini terlalu besar bila dibuka. Bagi menjadi beberapa berkas, lalu kirim lagi.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise FileRefused("Berkas ini terkunci kata sandi. Simpan tanpa kata sandi, lalu pilih lagi.")
    if any(".." in entry.filename.split("/") or entry.filename.startswith("/") for entry in entries):
        raise FileRefused(_BROKEN)


def _unpack(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Read every entry once: sizes that lie don't agree with the checksums. What is read was measured before."""
    for entry in entries:
        with archive.open(entry) as part:
            while part.read(_BLOCK):
                pass


def _declared_parts(archive: zipfile.ZipFile) -> str:
    """Return the list of the document's parts and their types."""
    try:
        with archive.open("[Content_Types].xml") as listed:
            return listed.read(_MOST_DECLARED).decode("utf-8-sig")
    except KeyError:
        return ""
