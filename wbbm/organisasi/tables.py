"""A list as a file: one declared table of columns, written row by row as CSV or XLSX."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

import xlsxwriter
from django.conf import settings

from .imports.tables import FORMULA_SIGNS

DEMO_LINE = "DATA CONTOH, bukan keadaan sebenarnya"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_DATE, _MOMENT = "dd/mm/yyyy", "dd/mm/yyyy hh:mm"
# What Excel takes in one cell.
_MOST_SIGNS = 32_767
_WIDEST = 60

# A moment is a local one, without its zone.
Cell = str | int | Decimal | datetime.date | datetime.datetime | None


@dataclass(frozen=True)
class Table:
    """A list: its headings, its rows as they come, and how many there are."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]
    count: int


def table_of(name: str, columns: tuple[str, ...], rows: Iterable[Sequence[Cell]]) -> Table:
    """Make a table of rows that are all there."""
    known = tuple(rows)
    return Table(name, columns, known, len(known))


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def figure(text: str) -> Decimal | None:
    """Read a figure as a page shows it: 75,40, −0,58, 62%, 0,6667…; None where there is none."""
    plain = text.replace("\N{MINUS SIGN}", "-").rstrip("%…").replace(".", "").replace(",", ".").strip()
    return Decimal(plain) if plain else None


def write_table(table: Table, suffix: str, out: IO[bytes]) -> None:
    """Write the table to a file that is open for writing; never all rows in memory at once."""
    (_write_csv if suffix == "csv" else _write_xlsx)(table, out)


def table_bytes(table: Table, suffix: str) -> bytes:
    """Return a short table as a file."""
    out = io.BytesIO()
    write_table(table, suffix, out)
    return out.getvalue()


def _write_csv(table: Table, out: IO[bytes]) -> None:
    """Write a CSV that opens in an Indonesian spreadsheet: semicolons, decimal commas, UTF-8 with its mark."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, delimiter=";")
    if settings.IS_DEMO:
        writer.writerow([DEMO_LINE])
    writer.writerow([harmless(column) for column in table.columns])
    writer.writerows([_as_text(cell) for cell in row] for row in table.rows)
    text.flush()
    # The caller's file stays open.
    text.detach()


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",")
    if isinstance(cell, datetime.datetime):
        return f"{cell:%d/%m/%Y %H:%M}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, datetime.date) else str(cell)


def _write_xlsx(table: Table, out: IO[bytes]) -> None:
    """Write a workbook of one sheet: texts as texts, numbers as numbers, days as days, no formula."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    _Sheet(book, table.columns).write(table.rows)
    book.close()


class _Sheet:
    """The one sheet of a list."""

    def __init__(self, book: xlsxwriter.Workbook, columns: tuple[str, ...]) -> None:
        self._book, self._columns = book, columns
        self._sheet = book.add_worksheet("Daftar")
        self._formats: dict[str, xlsxwriter.format.Format] = {}
        self._widths = [len(column) + 2 for column in columns]

    def write(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write headings and rows."""
        first = 0
        if settings.IS_DEMO:
            self._sheet.write_string(0, 0, DEMO_LINE)
            first = 1
        bold = self._book.add_format({"bold": True})
        for place, column in enumerate(self._columns):
            self._sheet.write_string(first, place, harmless(column), bold)
        for number, row in enumerate(rows, first + 1):
            for place, cell in enumerate(row):
                self._cell(number, place, cell)
        self._sheet.freeze_panes(first + 1, 0)
        for place, width in enumerate(self._widths):
            self._sheet.set_column(place, place, min(width, _WIDEST))

    def _cell(self, row: int, place: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, str):
            text = harmless(cell)[:_MOST_SIGNS]
            self._sheet.write_string(row, place, text)
            self._widen(place, len(text))
        elif isinstance(cell, datetime.date):
            form = _MOMENT if isinstance(cell, datetime.datetime) else _DATE
            self._sheet.write_datetime(row, place, cell, self._format(form))
            self._widen(place, len(form))
        elif isinstance(cell, Decimal):
            places = max(0, -int(cell.as_tuple().exponent))
            self._sheet.write_number(row, place, float(cell), self._format(f"0.{'0' * places}" if places else "0"))
        else:
            self._sheet.write_number(row, place, cell)

    def _format(self, form: str) -> xlsxwriter.format.Format:
        if form not in self._formats:
            self._formats[form] = self._book.add_format({"num_format": form})
        return self._formats[form]

    def _widen(self, place: int, signs: int) -> None:
        self._widths[place] = max(self._widths[place], signs + 2)
