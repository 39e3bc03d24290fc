"""Tell the type of an upload by its content, never by its name or by what the browser claims."""

from __future__ import annotations

import zipfile
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
    file.seek(0, 2)
    file.seek(max(0, file.tell() - 2048))
    tail = file.read()
    file.seek(0)
    if b"%%EOF" not in tail:
        raise FileRefused("PDF ini terpotong. Buka di perangkat Anda, simpan ulang, lalu pilih lagi.")


def _recognise_office(file: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            _measure(entries)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as fault:
        raise FileRefused("Berkas ini rusak. Buka di perangkat Anda, simpan ulang, lalu pilih lagi.") from fault
    finally:
        file.seek(0)
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused("Berkas ini memuat makro. Simpan sebagai DOCX atau XLSX biasa, atau sebagai PDF.")
    if "[Content_Types].xml" in names:
        if "word/document.xml" in names:
            return DOCX
        if "xl/workbook.xml" in names:
            return XLSX
    raise FileRefused(_WRONG_TYPE)


def _measure(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise FileRefused("Isi berkas ini terlalu besar bila dibuka. Bagi menjadi beberapa berkas, lalu kirim lagi.")
    if any(entry.flag_bits & 1 for entry in entries):
        raise FileRefused("Berkas ini terkunci kata sandi. Simpan tanpa kata sandi, lalu pilih lagi.")
