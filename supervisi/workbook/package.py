"""Open an XLSX package without trusting it, and read the cells of one sheet."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree  # expat, and only after `_refuse_entities`

MAX_BYTES = 10 * 1024 * 1024
_MAX_XML = 40 * 1024 * 1024
_MAX_UNPACKED = 120 * 1024 * 1024
_MAX_ENTRIES = 1_000
MAX_ROW, _MAX_COLUMN = 5_000, 100
_MAX_TEXT = 40_000
# How XLS begins, and an XLSX under a password; the second names its stream like this.
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MACROS = ("vbaproject.bin", "macrosheets/", "activex/")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, KeyError,
    ElementTree.ParseError, RuntimeError,
)  # fmt: skip
_WORKBOOK = "xl/workbook.xml"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


class WorkbookRefused(ValueError):
    """The file can't be used; `message` says in Indonesian what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Cell:
    """What a cell holds: a text, a number or nothing; of a formula the value that was stored with it."""

    value: str | float | None
    is_formula: bool = False

    @property
    def text(self) -> str:
        """Return the cell as a person reads it."""
        if isinstance(self.value, float):
            return f"{self.value:.15g}"
        return self.value or ""


EMPTY = Cell(None)
Grid = dict[tuple[int, int], Cell]


class Package:
    """An XLSX file that was found harmless."""

    def __init__(self, content: bytes) -> None:
        """Check the file.

        Raises:
            WorkbookRefused: too large, locked, truncated, with macros, no XLSX, or a zip bomb.
        """
        self.content = content
        _refuse_unfit(content)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                _refuse_contents(archive)
                if archive.testzip() is not None:
                    raise zipfile.BadZipFile
        except _BROKEN as fault:
            raise _broken(fault) from fault

    def part(self, name: str) -> bytes:
        """Return a part of the package."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            return archive.read(name)

    @cached_property
    def sheets(self) -> dict[str, str]:
        """Names of the sheets in order, with the parts that hold them.

        Raises:
            WorkbookRefused: the package is damaged.
        """
        try:
            targets = {
                entry.get("Id"): posixpath.normpath(posixpath.join("xl", entry.get("Target", "")))
                for entry in ElementTree.fromstring(self.part("xl/_rels/workbook.xml.rels"))  # noqa: S314
            }
            book = ElementTree.fromstring(self.part(_WORKBOOK))  # noqa: S314
            found = {}
            for entry in book.iter():
                if _local(entry.tag) == "sheet":
                    link = next(value for key, value in entry.attrib.items() if _local(key) == "id")
                    # A target may be given from the root.
                    found[entry.get("name", "")] = targets[link].removeprefix("/").replace("xl/xl/", "xl/")
            return found
        except (*_BROKEN, StopIteration) as fault:
            raise _broken(fault) from fault

    @cached_property
    def _strings(self) -> list[str]:
        name = "xl/sharedStrings.xml"
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            if name not in archive.namelist():
                return []
        return [_text_of(entry) for entry in ElementTree.fromstring(self.part(name))]  # noqa: S314

    def grid(self, part: str) -> Grid:
        """Return the filled cells of a sheet by (row, column), counted from 1.

        Raises:
            WorkbookRefused: the sheet is damaged.
        """
        grid: Grid = {}
        try:
            for _, element in ElementTree.iterparse(io.BytesIO(self.part(part))):  # noqa: S314
                if _local(element.tag) != "row":
                    continue
                for entry in element:
                    place = coordinates(entry.get("r", ""))
                    cell = self._cell(entry)
                    # A formula is one also where no value was stored with it.
                    is_filled = cell.value is not None or cell.is_formula
                    if place[0] <= MAX_ROW and place[1] <= _MAX_COLUMN and is_filled:
                        grid[place] = cell
                element.clear()
        except (*_BROKEN, IndexError) as fault:
            raise _broken(fault) from fault
        return grid

    def _cell(self, entry: ElementTree.Element) -> Cell:
        kind = entry.get("t", "n")
        parts = {_local(part.tag): part for part in entry}
        is_formula = "f" in parts
        if kind == "inlineStr":
            return Cell(_text_of(parts["is"]) or None if "is" in parts else None, is_formula)
        raw = (parts["v"].text or "") if "v" in parts else ""
        if not raw or kind == "e":
            return Cell(None, is_formula)
        if kind == "s":
            return Cell(self._strings[int(raw)] or None, is_formula)
        if kind == "n":
            return Cell(float(raw), is_formula)
        return Cell(_unescaped(raw)[:_MAX_TEXT] or None, is_formula)


def too_large(size: int) -> str:
    """Return what a person is told whose file has this many bytes."""
    return f"Berkas {-(-size // (1024 * 1024))} MB terlalu besar. Batasnya 10 MB; hapus gambarnya, lalu coba lagi."


def coordinates(reference: str) -> tuple[int, int]:
    """Return row and column of a reference like `K17`.

    Raises:
        ValueError: it is none.
    """
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(reference)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


def _refuse_unfit(content: bytes) -> None:
    if not content:
        raise WorkbookRefused("Berkas kosong. Pilih buku kerja yang terisi.")
    if len(content) > MAX_BYTES:
        raise WorkbookRefused(too_large(len(content)))
    if content.startswith(_OLD_OFFICE):
        if _ENCRYPTED in content:
            raise WorkbookRefused("Berkas ini terkunci kata sandi. Simpan tanpa kata sandi, lalu coba lagi.")
        raise WorkbookRefused("Berkas ini berformat Excel lama (XLS). Simpan sebagai XLSX, lalu coba lagi.")
    if not content.startswith(b"PK\x03\x04"):
        raise WorkbookRefused("Berkas ini bukan Excel. Pilih buku kerja dengan akhiran .xlsx.")


def _refuse_contents(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if any(mark in name.lower() for name in names for mark in _MACROS):
        raise WorkbookRefused("Berkas ini berisi makro. Simpan sebagai XLSX tanpa makro, lalu coba lagi.")
    if _WORKBOOK not in names:
        raise WorkbookRefused("Berkas ini bukan Excel. Pilih buku kerja dengan akhiran .xlsx.")
    texts = [entry for entry in entries if entry.filename.endswith((".xml", ".rels"))]
    if (
        len(entries) > _MAX_ENTRIES
        or sum(entry.file_size for entry in entries) > _MAX_UNPACKED
        or any(entry.file_size > _MAX_XML for entry in texts)
    ):
        raise WorkbookRefused(
            "Isi berkas ini terlalu besar bila dibuka. Salin datanya ke templat baru, lalu coba lagi."
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise WorkbookRefused("Berkas ini terkunci kata sandi. Simpan tanpa kata sandi, lalu coba lagi.")
    for entry in texts:
        with archive.open(entry) as part:
            head = part.read(4096)
        # No spreadsheet writes either, and both are how a small file becomes a large one.
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head or head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise WorkbookRefused("Berkas ini tidak lazim. Salin datanya ke templat baru, lalu coba lagi.")


def _broken(fault: BaseException) -> WorkbookRefused:
    if isinstance(fault, WorkbookRefused):
        return fault
    return WorkbookRefused("Berkas ini terpotong atau rusak. Buka di Excel, simpan ulang, lalu coba lagi.")


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def _text_of(element: ElementTree.Element) -> str:
    """Return the text of a string, without the readings that East Asian texts carry along."""
    parts = []
    for child in element:
        name = _local(child.tag)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [run.text or "" for run in child if _local(run.tag) == "t"]
    return _unescaped("".join(parts))[:_MAX_TEXT]


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\r\n", "\n").replace("\r", "\n")
