"""Write a sheet as a fresh workbook: the official layout, live formulas, and the values that we computed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import xlsxwriter

from supervisi.scoring.engine import SheetScore, parse_answers, score_values
from supervisi.scoring.instrument import Instrument, Item, Node

from . import formulas
from .cells import CELL_LIMIT, harmless
from .outline import INPUT_WORD, OUTLINE_COLUMNS, SCALE_WORDS, Line, outline
from .summary import write_summary

SHEET_NAME = "Jawaban"
UNIT_SIDE, OTHER_SIDE = "Unit", "TPI"
_ID, _OUTLINE, _WEIGHT, _CRITERIA, _SCALE, _SIDES = 0, 1, 7, 8, 9, 10
_SIDE_WIDTH = 5
_COMPLETE = _SIDES + 2 * _SIDE_WIDTH
_TEXT_WIDTH = 38
_LINE_HEIGHT, _HIGHEST = 14, 400


@dataclass(frozen=True)
class Book:
    """What a workbook tells: answers, notes and titles of evidence by item code."""

    instrument: Instrument
    title: str
    predicate: str
    # Unit, TPI or Supervisi: whose columns are filled in.
    side: str
    answers: Mapping[str, Any]
    notes: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Stands above everything (a demo's warning); may be empty.
    warning: str = ""


@dataclass
class _Rows:
    """Where rows came to stand, by code; numbers as a spreadsheet counts them."""

    node: dict[str, int] = field(default_factory=dict)
    item: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, dict[str, int]] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)
    # Last row of what lies below a node.
    last: dict[str, int] = field(default_factory=dict)


def write_workbook(book: Book) -> bytes:
    """Return the workbook as XLSX.

    Raises:
        AnswerFault: an answer that its item can't have.
    """
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    made.set_calc_mode("auto")
    _Writer(book, made).write()
    made.close()
    return out.getvalue()


class _Writer:
    """Writes one workbook."""

    def __init__(self, book: Book, made: Any) -> None:
        self.book, self.made = book, made
        values = parse_answers(book.instrument, book.answers)
        self.answers = {code: value.raw for code, value in values.items()}
        self.score: SheetScore = score_values(book.instrument, values)
        self.first = 2 if book.warning else 1
        self.lines = list(enumerate(outline(book.instrument), start=self.first + 1))
        self.rows = self._place()
        is_other = book.side != UNIT_SIDE
        self.other = book.side if is_other else OTHER_SIDE
        start = _SIDES + _SIDE_WIDTH * is_other
        self.answer, self.value, self.percent, self.note, self.proof = range(start, start + _SIDE_WIDTH)
        wrap = {"text_wrap": True, "valign": "top", "border": 1, "border_color": "#B8C2CC"}
        self.text = made.add_format(wrap)
        # Headings run over the empty cells at their right instead of breaking in a narrow column.
        self.bold = made.add_format(wrap | {"bold": True, "bg_color": "#E8EEF4", "text_wrap": False})
        self.open = made.add_format(wrap | {"bg_color": "#FFF8DC"})
        self.points = made.add_format(wrap | {"num_format": "0.00"})
        self.share = made.add_format(wrap | {"num_format": "0.00%"})
        self.head = made.add_format(
            wrap | {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "align": "center"}
        )

    def write(self) -> None:
        """Write both sheets."""
        self.sheet = self.made.add_worksheet(SHEET_NAME)
        self._write_head()
        for row, line in self.lines:
            self._write_outline(row - 1, line)
            if line.node is not None:
                self._write_node(row, line.node)
            elif line.item is not None:
                self._write_item(row, line, line.item)
        self._layout()
        summary = self.made.add_worksheet("Unit")
        write_summary(summary, self.made, self.book, self.score, self._complete_cell)

    # --- places -------------------------------------------------------------------------------

    def _place(self) -> _Rows:
        rows = _Rows()
        for row, line in self.lines:
            if line.node is not None:
                rows.node[line.node.code] = row
                continue
            if line.item is None:
                continue
            code = line.item.code
            if line.input_key:
                rows.inputs.setdefault(code, {})[line.input_key] = row
            elif line.is_sum:
                rows.sums[code] = row
            else:
                rows.item[code] = row
            rows.last[line.item.node_code] = row
        return rows

    def _cell(self, row: int, column: int) -> str:
        return f"{_letter(column)}{row}"

    def _complete_cell(self, code: str) -> str:
        """Return where the complete score of a node or weighted item stands, as the other sheet names it."""
        row = self.rows.node.get(code) or self.rows.item[code]
        return f"{SHEET_NAME}!${_letter(_COMPLETE)}${row}"

    def _range(self, node: Node) -> str:
        rows = [self.rows.item[node.items[0].code], self.rows.last[node.code]]
        return ":".join(self._cell(row, self.value) for row in rows)

    # --- heads and outline --------------------------------------------------------------------

    def _write_head(self) -> None:
        sheet, row = self.sheet, self.first - 1
        if self.book.warning:
            sheet.write_string(0, 0, self.book.warning)
        sheet.write_string(row, _ID, "ID", self.head)
        sheet.merge_range(row, _OUTLINE, row, _OUTLINE + OUTLINE_COLUMNS - 1, "Penilaian", self.head)
        labels = {_WEIGHT: "Bobot", _CRITERIA: "Kriteria Nilai", _SCALE: "Pilihan Jawaban"}
        for number, side in enumerate((UNIT_SIDE, self.other)):
            words = (
                f"Jawaban {side}", "Nilai", "%", f"Catatan/Keterangan/Penjelasan ({side})",
                f"Daftar Bukti Dukung ({side})",
            )  # fmt: skip
            labels |= {_SIDES + number * _SIDE_WIDTH + place: word for place, word in enumerate(words)}
        labels[_COMPLETE] = "Nilai lengkap (butir kosong dihitung nol)"
        for column, label in labels.items():
            sheet.write_string(row, column, label, self.head)

    def _height(self, row: int, line: Line) -> None:
        """Make a row as high as its texts need: not every program does so itself."""
        item = line.item
        if item is None:
            return
        lines = _lines(line.text, _TEXT_WIDTH + 14)
        if line.is_item:
            proof = "\n".join(self.book.evidence.get(item.code, ()))
            lines = max(
                lines,
                _lines(_criteria(item), _TEXT_WIDTH + 10),
                _lines(self.book.notes.get(item.code, ""), _TEXT_WIDTH),
                _lines(proof, _TEXT_WIDTH),
            )
        self.sheet.set_row(row, min(_HIGHEST, _LINE_HEIGHT * lines + 3))

    def _write_outline(self, row: int, line: Line) -> None:
        self._height(row, line)
        form = self.bold if line.node is not None else self.text
        for column in range(_ID, _COMPLETE + 1):
            self.sheet.write_blank(row, column, None, form)
        if line.marker:
            self.sheet.write_string(row, _OUTLINE + line.level, line.marker, form)
        self.sheet.write_string(row, _OUTLINE + line.level + 1, line.text, form)
        if line.node is None:
            self.sheet.write_number(row, _ID, row - self.first + 1, form)

    def _layout(self) -> None:
        sheet = self.sheet
        sheet.freeze_panes(self.first, _WEIGHT)
        sheet.set_column(_ID, _ID, 6)
        sheet.set_column(_OUTLINE, _OUTLINE + OUTLINE_COLUMNS - 2, 4)
        sheet.set_column(_OUTLINE + OUTLINE_COLUMNS - 1, _OUTLINE + OUTLINE_COLUMNS - 1, _TEXT_WIDTH + 16)
        sheet.set_column(_WEIGHT, _WEIGHT, 8)
        sheet.set_column(_CRITERIA, _CRITERIA, _TEXT_WIDTH + 12)
        sheet.set_column(_SCALE, _COMPLETE, 13)
        sheet.set_column(self.note, self.proof, _TEXT_WIDTH)
        # The side that is not told of is there, folded away.
        folded = _SIDES if self.answer != _SIDES else _SIDES + _SIDE_WIDTH
        sheet.set_column(folded, folded + _SIDE_WIDTH - 1, 13, None, {"level": 1, "hidden": True})
        sheet.set_row(self.first - 1, 58)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(self.first - 1)

    # --- nodes --------------------------------------------------------------------------------

    def _write_node(self, row: int, node: Node) -> None:
        sheet, weight = self.sheet, self._cell(row, _WEIGHT)
        sheet.write_number(row - 1, _WEIGHT, float(node.weight), self.bold)
        points = self._add(node, self.value) if self._adds(node) else formulas.mean(node, self._range(node), weight)
        complete = (
            self._add(node, _COMPLETE) if self._adds(node) else formulas.complete_mean(node, self._range(node), weight)
        )
        provisional = self.score.provisional[node.code]
        self._formula(row, self.value, points, self.points, provisional)
        self._formula(
            row, self.percent, f"={self._cell(row, self.value)}/{weight}", self.share, provisional / node.weight
        )
        self._formula(row, _COMPLETE, complete, self.points, self.score.complete[node.code])

    @staticmethod
    def _adds(node: Node) -> bool:
        return bool(node.children) or node.rule == "sum"

    def _add(self, node: Node, column: int) -> str:
        rows = [self.rows.node[child.code] for child in node.children]
        rows += [self.rows.item[item.code] for item in node.items]
        return formulas.total(self._cell(row, column) for row in rows)

    # --- items --------------------------------------------------------------------------------

    def _write_item(self, row: int, line: Line, item: Item) -> None:
        answer = self.answers[item.code]
        cells = {key: self._cell(at, self.answer) for key, at in self.rows.inputs.get(item.code, {}).items()}
        if line.input_key:
            self.sheet.write_string(row - 1, _SCALE, INPUT_WORD, self.text)
            given = answer.get(line.input_key) if isinstance(answer, Mapping) else None
            self._number(row, given)
            self._whole_numbers_only(row)
        elif line.is_sum and item.formula is not None:
            given = answer if isinstance(answer, Mapping) else {}
            below = [given[key] for key in item.formula.denominators if key in given]
            known = Fraction(sum(below)) if len(below) == len(item.formula.denominators) else None
            self._formula(row, self.answer, formulas.input_sum(item.formula, cells), self.text, known)
        else:
            self._write_question(row, item, answer, cells)

    def _write_question(self, row: int, item: Item, answer: Any, cells: Mapping[str, str]) -> None:
        sheet, here = self.sheet, self._cell(row, self.answer)
        sheet.write_string(row - 1, _SCALE, SCALE_WORDS[item.scale], self.text)
        sheet.write_string(row - 1, _CRITERIA, _criteria(item), self.text)
        if item.formula is None:
            formula = formulas.letter_value(item, here)
            sheet.write_string(row - 1, self.answer, answer or "", self.open)
            sheet.data_validation(
                row - 1, self.answer, row - 1, self.answer,
                {"validate": "list", "source": [option.code for option in item.options], "error_title": "Pilihan"},
            )  # fmt: skip
        elif item.formula.kind == "index":
            formula = formulas.index_value(item.formula, here)
            self._number(row, answer)
        else:
            formula = formulas.input_value(item.formula, cells)
        self._write_value(row, item, formula)
        note, proof = self.book.notes.get(item.code, ""), self.book.evidence.get(item.code, ())
        sheet.write_string(row - 1, self.note, harmless(note), self.open)
        sheet.write_string(row - 1, self.proof, harmless("\n".join(proof)[:CELL_LIMIT]), self.text)

    def _write_value(self, row: int, item: Item, formula: str) -> None:
        known: Fraction | str | None = self.score.item_values[item.code]
        if item.code in self.score.unanswerable:
            known = formulas.UNANSWERABLE
        if item.weight is None:
            self._formula(row, self.value, formula, self.points, known)
            return
        weight = self._cell(row, _WEIGHT)
        self.sheet.write_number(row - 1, _WEIGHT, float(item.weight), self.text)
        points, value = self.score.provisional[item.code], self._cell(row, self.value)
        self._formula(row, self.value, formulas.weighted(formula, weight), self.points, points)
        self._formula(row, self.percent, f"={value}/{weight}", self.share, points / item.weight)
        self._formula(row, _COMPLETE, f"={value}", self.points, self.score.complete[item.code])

    # --- cells --------------------------------------------------------------------------------

    def _formula(self, row: int, column: int, formula: str, form: Any, value: Fraction | str | None) -> None:
        known: float | str = "" if value is None else value if isinstance(value, str) else float(value)
        self.sheet.write_formula(row - 1, column, formula, form, known)

    def _number(self, row: int, value: Any) -> None:
        if value is None:
            self.sheet.write_blank(row - 1, self.answer, None, self.open)
        else:
            self.sheet.write_number(row - 1, self.answer, float(value), self.open)

    def _whole_numbers_only(self, row: int) -> None:
        rule = {"validate": "integer", "criteria": ">=", "value": 0, "error_title": "Bilangan bulat 0 atau lebih"}
        self.sheet.data_validation(row - 1, self.answer, row - 1, self.answer, rule)


def _criteria(item: Item) -> str:
    if item.options:
        return "\n".join(f"{option.code}: {option.criterion}" for option in item.options)
    return item.rule or item.how_to_check


def _lines(text: str, width: int) -> int:
    return sum(1 + len(part) // width for part in text.split("\n"))


def _letter(column: int) -> str:
    return chr(ord("A") + column)
