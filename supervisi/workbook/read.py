"""Find an LKE in somebody's workbook: sheet, header and rows by text and outline, never by a fixed cell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from supervisi.scoring.instrument import Instrument

from .match import FoundItem, Problem, Row, match
from .package import EMPTY, Grid, Package, WorkbookRefused

# What the sheet is called; others are looked through when none of these is there.
_NAMES = ("jawaban", "lke zi")
_HEADER_WITHIN = 10
_MARKER = re.compile(r"([A-Za-z]{1,5}|[0-9]{1,2})\s*[.)]?\s*|[-–]\s*")
_NOTE_WORDS = ("catatan", "keterangan", "penjelasan")
_EVIDENCE_WORDS = ("daftar bukti", "bukti dukung")
SCALES = {
    "ya/tidak": "yes_no", "a/b/c": "abc", "a/b/c/d": "abcd", "a/b/c/d/e": "abcde", "%": "percent",
    "jumlah": "input", "nilai(0-4)": "index",
}  # fmt: skip
SLIPS = {"ya", "tidak", "a", "b", "c", "d", "e"}


@dataclass(frozen=True)
class Columns:
    """Where things stand: columns counted from 1; `note` is None when the file has none for the side."""

    header_row: int
    outline: range
    scale: int
    answer: int
    note: int | None
    evidence: int | None
    value: int | None


@dataclass(frozen=True)
class Reading:
    """What was found: items with their answers, and what can't be matched."""

    sheet: str
    items: tuple[FoundItem, ...]
    problems: tuple[Problem, ...]
    # Items of the instrument for which the file has no row.
    missing: tuple[str, ...]
    columns: Columns


def read_workbook(package: Package, instrument: Instrument, side: str) -> Reading:
    """Read the answers of a side (`Unit` or `TPI`).

    Raises:
        WorkbookRefused: no sheet holds an LKE of this instrument, or the side's column is missing.
    """
    best: Reading | None = None
    lacks_side = False
    for name, part in _in_order(package.sheets):
        grid = package.grid(part)
        header = _find_header(grid)
        if header is None:
            continue
        columns = _columns(grid, header, side)
        if columns is None:
            lacks_side = True
            continue
        items, problems = match(instrument, list(_rows(grid, columns)))
        known = {item.code for item in items}
        missing = tuple(item.code for item in instrument.items if item.code not in known)
        found = Reading(name, tuple(items), tuple(problems), missing, columns)
        if best is None or len(found.items) > len(best.items):
            best = found
        if not missing:
            break
    if best is not None and best.items:
        return best
    if lacks_side:
        raise WorkbookRefused(f"Kolom Jawaban {side} tidak ditemukan. Pakai buku kerja yang mempunyai kolom itu.")
    raise WorkbookRefused(
        "Lembar jawaban LKE tidak ditemukan. Judul kolomnya harus memuat Penilaian, Pilihan Jawaban dan Jawaban."
    )


def _in_order(sheets: dict[str, str]) -> Iterator[tuple[str, str]]:
    yield from sorted(sheets.items(), key=lambda entry: _plain(entry[0]) not in _NAMES)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _heads(grid: Grid, row: int) -> dict[int, str]:
    return {place[1]: _plain(cell.text) for place, cell in grid.items() if place[0] == row and cell.text.strip()}


def _find_header(grid: Grid) -> int | None:
    for row in range(1, _HEADER_WITHIN + 1):
        words = set(_heads(grid, row).values())
        if {"penilaian", "pilihan jawaban"} <= words:
            return row
    return None


def _columns(grid: Grid, header: int, side: str) -> Columns | None:
    heads = _heads(grid, header)
    place = {word: column for column, word in sorted(heads.items(), reverse=True)}
    wanted = {"jawaban", "jawaban unit"} if side == "Unit" else {f"jawaban {side.casefold()}"}
    answers = [column for column, word in sorted(heads.items()) if word in wanted]
    if not answers:
        return None
    first = place["penilaian"]
    after = min(column for column in heads if column > first)
    answer = answers[0]
    following = [column for column, word in heads.items() if column > answer and word.startswith("jawaban")]
    last = min(following, default=max(heads) + 1)
    own = {column: word for column, word in sorted(heads.items()) if answer < column < last}
    note = next((column for column, word in own.items() if word.startswith(_NOTE_WORDS)), None)
    evidence = next((column for column, word in own.items() if word.startswith(_EVIDENCE_WORDS)), None)
    value = next((column for column, word in own.items() if word == "nilai"), None)
    return Columns(header, range(first, after), place["pilihan jawaban"], answer, note, evidence, value)


def _rows(grid: Grid, columns: Columns) -> Iterator[Row]:
    last = max((row for row, _ in grid), default=0)
    for number in range(columns.header_row + 1, last + 1):
        cells = [(column, grid[number, column].text.strip()) for column in columns.outline if (number, column) in grid]
        cells = [(column, text) for column, text in cells if text]
        scale = _scale(grid.get((number, columns.scale), EMPTY).text)
        if not cells:
            continue
        is_marked = len(cells) > 1 and _MARKER.fullmatch(cells[0][1]) is not None
        marker = cells[0][1].strip(" .)–-").strip() if is_marked else ""
        yield Row(
            number=number,
            column=cells[0][0],
            marker=marker if marker or not is_marked else "-",
            text=" ".join(text for _, text in cells[is_marked:]),
            scale=scale,
            answer=grid.get((number, columns.answer), EMPTY),
            note=grid.get((number, columns.note), EMPTY) if columns.note is not None else EMPTY,
            own=grid.get((number, columns.value), EMPTY) if columns.value is not None else EMPTY,
        )


def _scale(text: str) -> str:
    word = re.sub(r"\s+", "", text).casefold()
    if word in SLIPS:
        return "slip"
    return SCALES.get(word, "")
