"""The summary sheet `Unit`: areas, gates and total, with formulas that point into `Jawaban`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from supervisi.scoring.engine import SheetScore
from supervisi.scoring.gates import judge, points_and_weight
from supervisi.scoring.instrument import PERCENT, TOTAL, Gate, Instrument, Node

from .cells import harmless
from .formulas import number, total

if TYPE_CHECKING:
    from .write import Book

_AREAS_AT = 6
_LABEL, _WEIGHT, _FIRST, _SECOND, _SUM, _SHARE, _GATE = "A", "H", "I", "J", "K", "L", "M"
_NOTE = "Butir yang belum diisi dihitung nol, seperti pada portal. Ambang mengikuti predikat di B2."
PASSED, MISSED = "Lulus", "Belum"


def write_summary(sheet: Any, made: Any, book: Book, score: SheetScore, complete_cell: Callable[[str], str]) -> None:
    """Write the sheet: from row 6 the areas, then the other parts, then the total."""
    _Summary(sheet, made, book, score, complete_cell).write()


class _Summary:
    def __init__(
        self, sheet: Any, made: Any, book: Book, score: SheetScore, complete_cell: Callable[[str], str]
    ) -> None:
        self.sheet, self.book, self.score, self.complete_cell = sheet, book, score, complete_cell
        self.instrument: Instrument = book.instrument
        self.points = made.add_format({"num_format": "0.00"})
        self.share = made.add_format({"num_format": "0.00%"})
        self.bold = made.add_format({"bold": True})

    def write(self) -> None:
        """Write the sheet."""
        sheet, gated = self.sheet, self._gated_areas()
        sheet.write_string("A1", "Satuan", self.bold)
        sheet.write_string("B1", harmless(self.book.title))
        sheet.write_string("A2", "Menuju", self.bold)
        codes = [rule.code.upper() for rule in self.instrument.predicates]
        sheet.write_string("B2", self.book.predicate.upper())
        sheet.data_validation("B2", {"validate": "list", "source": codes})
        sheet.write_string("A3", _NOTE)
        if self.book.warning:
            sheet.write_string("A4", self.book.warning)
        heads = {
            _LABEL: "Bagian", _WEIGHT: "Bobot", _FIRST: "Pemenuhan", _SECOND: "Reform", _SUM: "Nilai", _SHARE: "%",
            _GATE: "Ambang",
        }  # fmt: skip
        for column, word in heads.items():
            sheet.write_string(f"{column}5", word, self.bold)
        row = _AREAS_AT
        for key in gated:
            self._write_area(row, key)
            row += 1
        roots = [node for node in self.instrument.root if self._holds(node, gated)]
        for node in roots:
            self._write_part(row, node.code, node.name)
            row += 1
        row += 2
        for code, name in self._others(roots):
            self._write_part(row, code, name)
            row += 1
        self._write_total(row + 1)
        sheet.set_column("A:A", 46)
        sheet.set_column("B:G", 4)
        sheet.set_column("H:M", 11)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 1)

    def _gated_areas(self) -> list[str]:
        codes = {gate.code for rule in self.instrument.predicates for gate in rule.gates}
        return [area.key for area in self.instrument.areas if area.key in codes]

    def _holds(self, node: Node, gated: list[str]) -> bool:
        first = self.instrument.area(gated[0]).nodes[0] if gated else ""
        return first == node.code or first.startswith(f"{node.code}.")

    def _others(self, roots: list[Node]) -> Iterator[tuple[str, str]]:
        """Return the parts without areas: children, items with a weight of their own, then the root."""
        for root in self.instrument.root:
            if root in roots:
                continue
            for node in root.children:
                yield node.code, node.name
                yield from ((item.code, item.question) for item in node.items if item.weight is not None)
            yield root.code, root.name

    def _write_area(self, row: int, key: str) -> None:
        area = self.instrument.area(key)
        self.sheet.write_string(f"{_LABEL}{row}", f"{key}. {area.label}")
        self.sheet.write_number(f"{_WEIGHT}{row}", float(self.instrument.area_weight(key)))
        for column, code in zip((_FIRST, _SECOND), area.nodes, strict=False):
            self._formula(f"{column}{row}", f"={self.complete_cell(code)}", self.points, self.score.complete[code])
        parts = total(self.complete_cell(code) for code in area.nodes)
        formula = f"={_FIRST}{row}+{_SECOND}{row}" if len(area.nodes) <= 2 else parts
        self._write_result(row, key, formula, self.score.area(key).complete)

    def _write_part(self, row: int, code: str, name: str) -> None:
        points, weight = points_and_weight(self.instrument, self.score, code)
        self.sheet.write_string(f"{_LABEL}{row}", name)
        self.sheet.write_number(f"{_WEIGHT}{row}", float(weight))
        self._write_result(row, code, f"={self.complete_cell(code)}", points)

    def _write_total(self, row: int) -> None:
        self.sheet.write_string(f"{_LABEL}{row}", "Nilai total", self.bold)
        self.sheet.write_number(f"{_WEIGHT}{row}", float(self.instrument.weight))
        formula = total(self.complete_cell(node.code) for node in self.instrument.root)
        self._write_result(row, TOTAL, formula, self.score.complete[TOTAL])

    def _write_result(self, row: int, code: str, formula: str, points: Fraction) -> None:
        weight = points_and_weight(self.instrument, self.score, code)[1]
        self._formula(f"{_SUM}{row}", formula, self.points, points)
        self._formula(f"{_SHARE}{row}", f"={_SUM}{row}/{_WEIGHT}{row}", self.share, points / weight)
        gates = {rule.code: gate for rule in self.instrument.predicates for gate in rule.gates if gate.code == code}
        if gates:
            inner = '""'
            for name, gate in reversed(gates.items()):
                inner = f'IF($B$2="{name.upper()}",{_verdict(gate, row)},{inner})'
            self.sheet.write_formula(f"{_GATE}{row}", f"={inner}", None, self._known_verdict(code))

    def _known_verdict(self, code: str) -> str:
        for result in judge(self.instrument, self.score):
            for gate in result.gates:
                if result.code == self.book.predicate and gate.code == code:
                    return PASSED if gate.passed else MISSED
        return ""

    def _formula(self, cell: str, formula: str, form: Any, value: Fraction) -> None:
        self.sheet.write_formula(cell, formula, form, float(value))


def _verdict(gate: Gate, row: int) -> str:
    """Compare in points, rounded to nine places: a gate's border must not fail by the spreadsheet's binary digits."""
    required = number(gate.required)
    if gate.measure == PERCENT:
        required = f"{_WEIGHT}{row}*{required}/100"
    return f'IF(ROUND({_SUM}{row},9)>=ROUND({required},9),"{PASSED}","{MISSED}")'
