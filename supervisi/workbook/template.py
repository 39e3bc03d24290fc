"""Fill in somebody's own workbook: only the cells that must change, in its own XML; the rest byte for byte."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

from supervisi.scoring.engine import parse_answers
from supervisi.scoring.instrument import Instrument

from .cells import CELL_LIMIT, harmless
from .package import EMPTY, Grid, Package, WorkbookRefused, coordinates
from .read import Reading, read_workbook

Value = str | float | None
_ATTRIBUTE = re.compile(rb"""\s+([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")
# What a spreadsheet would read as one sign that was written out.
_LIKE_ESCAPE = re.compile("_(x[0-9A-Fa-f]{4}_)")
# The schema has `calcPr` behind these.
_BEFORE_CALC = ("sheets", "functionGroups", "externalReferences", "definedNames")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Filled:
    """A filled-in workbook, and the codes of items that it could not be given."""

    content: bytes
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Span:
    """Where a cell stands in the XML: from its first byte to behind its last."""

    start: int
    end: int
    # The first tag as it is written.
    tag: bytes


def fill_template(
    package: Package,
    instrument: Instrument,
    side: str,
    answers: Mapping[str, Any],
    notes: Mapping[str, str],
    evidence: Mapping[str, tuple[str, ...]],
) -> Filled:
    """Return the workbook with the sheet's answers, notes and titles of evidence.

    Raises:
        WorkbookRefused: no sheet of the workbook holds an LKE of the instrument.
    """
    reading = read_workbook(package, instrument, side)
    part = package.sheets[reading.sheet]
    grid = package.grid(part)
    raw = {code: value.raw for code, value in parse_answers(instrument, answers).items()}
    wanted = _wanted(reading, instrument, raw, notes, evidence)
    locked = {place for place in wanted if grid.get(place, EMPTY).is_formula}
    answer = reading.columns.answer
    changes = {
        place: value
        for place, value in wanted.items()
        if place not in locked and not _is_there(grid, place, value, is_answer=place[1] == answer)
    }
    known = {item.code for item in reading.items}
    rows = {item.row: item.code for item in reading.items} | {
        row: item.code for item in reading.items for row in item.inputs.values()
    }
    held = {rows[row] for row, column in locked if column == answer}
    left_out = tuple(item.code for item in instrument.items if item.code in held or item.code not in known)
    if not changes:
        return Filled(package.content, left_out)
    parts = {
        part: _with_cells(package.part(part), changes),
        "xl/workbook.xml": _calculated(package.part("xl/workbook.xml")),
    }
    return Filled(_with_parts(package.content, parts), left_out)


def _wanted(
    reading: Reading,
    instrument: Instrument,
    answers: Mapping[str, Any],
    notes: Mapping[str, str],
    evidence: Mapping[str, tuple[str, ...]],
) -> dict[tuple[int, int], Value]:
    """Return what each cell shall hold. An answer that the sheet lacks empties its cell; a note stays as it is."""
    columns = reading.columns
    wanted: dict[tuple[int, int], Value] = {}
    for found in reading.items:
        item, answer = instrument.item(found.code), answers[found.code]
        if item.inputs:
            for key, row in found.inputs.items():
                given = answer.get(key) if isinstance(answer, Mapping) else None
                wanted[row, columns.answer] = None if given is None else float(given)
        else:
            is_index = answer is not None and not item.options
            wanted[found.row, columns.answer] = float(answer) if is_index else answer
        if columns.note is not None and notes.get(found.code):
            wanted[found.row, columns.note] = _text(notes[found.code])
        if columns.evidence is not None and evidence.get(found.code):
            wanted[found.row, columns.evidence] = _text("\n".join(evidence[found.code]))
    return wanted


def _text(text: str) -> str:
    return harmless(_UNWRITABLE.sub("", text)[:CELL_LIMIT])


def _is_there(grid: Grid, place: tuple[int, int], value: Value, *, is_answer: bool) -> bool:
    """Tell whether the cell holds the value already; a letter in any case is the same answer."""
    present = grid.get(place, EMPTY).value
    if is_answer and isinstance(present, str) and isinstance(value, str):
        return present.strip().casefold() == value.casefold()
    return present == value


# --- the sheet's XML -----------------------------------------------------------------------------------


def _with_cells(xml: bytes, changes: Mapping[tuple[int, int], Value]) -> bytes:
    """Return the sheet with some cells changed; every other byte stays."""
    places = _Places(xml)
    edits: list[tuple[int, int, bytes]] = []
    for place, value in sorted(changes.items()):
        span = places.cells.get(place)
        if span is not None:
            edits.append((span.start, span.end, _cell(span.tag, value, places.prefix)))
        elif value is not None:
            row, column = place
            if row not in places.row_ends:
                raise WorkbookRefused("Berkas ini terpotong atau rusak. Buka di Excel, simpan ulang, lalu coba lagi.")
            later = [cell.start for (at, other), cell in places.cells.items() if at == row and other > column]
            at = min(later, default=places.row_ends[row])
            tag = b"<" + places.prefix + b'c r="' + _reference(place) + b'">'
            edits.append((at, at, _cell(tag, value, places.prefix)))
    parts, last = [], 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        parts += [xml[last:start], new]
        last = end
    return b"".join([*parts, xml[last:]])


class _Places:
    """Where every cell stands by its bytes, and where each row ends."""

    def __init__(self, xml: bytes) -> None:
        self.cells: dict[tuple[int, int], _Span] = {}
        self.row_ends: dict[int, int] = {}
        # Prefix of the sheet's names, with its colon; mostly empty.
        self.prefix = b""
        self._xml, self._row = xml, 0
        self._open: tuple[tuple[int, int], int, bytes] | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.Parse(xml, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self.prefix = name.encode()[: -len("row")]
        elif local == "c" and "r" in attributes:
            begin = self._parser.CurrentByteIndex
            self._open = coordinates(attributes["r"]), begin, self._xml[begin : _tag_end(self._xml, begin)]

    def _end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "c" and self._open is not None:
            place, begin, tag = self._open
            is_closed = tag.endswith(b"/>")
            stop = begin + len(tag) if is_closed else _tag_end(self._xml, self._parser.CurrentByteIndex)
            self.cells[place] = _Span(begin, stop, tag)
            self._open = None
        elif local == "row":
            self.row_ends[self._row] = self._parser.CurrentByteIndex


def _tag_end(xml: bytes, start: int) -> int:
    """Return where a tag ends that begins here; a quoted `>` doesn't end it."""
    quote = 0
    for place in range(start, len(xml)):
        sign = xml[place]
        if quote:
            quote = 0 if sign == quote else quote
        elif sign in b"\"'":
            quote = sign
        elif sign == ord(">"):
            return place + 1
    return len(xml)


def _cell(tag: bytes, value: Value, prefix: bytes) -> bytes:
    """Write a cell with its own attributes (style and place), and a value of its own."""
    name = b"<" + prefix + b"c"
    kept = b"".join(found[0] for found in _ATTRIBUTE.finditer(tag) if found[1] != b"t")
    if value is None:
        return name + kept + b"/>"
    if isinstance(value, float):
        inner = b"<%sv>%s</%sv>" % (prefix, f"{value:.17g}".encode(), prefix)
    else:
        kept += b' t="inlineStr"'
        text = escape(_LIKE_ESCAPE.sub(r"_x005F_\1", value)).replace("\r", "").encode()
        inner = b'<%sis><%st xml:space="preserve">%s</%st></%sis>' % (prefix, prefix, text, prefix, prefix)
    return name + kept + b">" + inner + b"</" + prefix + b"c>"


def _reference(place: tuple[int, int]) -> bytes:
    row, column = place
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row}".encode()


# --- the package ---------------------------------------------------------------------------------------


def _calculated(xml: bytes) -> bytes:
    """Return the workbook's part so that programs compute every formula anew when they open it."""
    found = re.search(rb"<((?:\w+:)?)calcPr\b[^>]*>", xml)
    if found is not None:
        if re.search(rb"""\bfullCalcOnLoad\s*=\s*["'](1|true)["']""", found[0]):
            return xml
        tag = re.sub(rb"""\s+fullCalcOnLoad\s*=\s*("[^"]*"|'[^']*')""", b"", found[0])
        tag = tag.replace(b"calcPr", b'calcPr fullCalcOnLoad="1"', 1)
        return xml[: found.start()] + tag + xml[found.end() :]
    place, prefix = 0, b""
    for name in _BEFORE_CALC:
        for last in re.finditer(rb"</((?:\w+:)?)%s\s*>" % name.encode(), xml):
            place, prefix = last.end(), last[1]
    return xml[:place] + b"<" + prefix + b'calcPr fullCalcOnLoad="1"/>' + xml[place:] if place else xml


def _with_parts(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            kept = zipfile.ZipInfo(entry.filename, entry.date_time)
            kept.compress_type, kept.external_attr, kept.create_system = (
                entry.compress_type, entry.external_attr, entry.create_system,
            )  # fmt: skip
            new.writestr(kept, parts.get(entry.filename, old.read(entry)))
    return out.getvalue()
