"""Two layouts of the official workbook that circulate, built from their description with texts that aren't ours."""

import io

from openpyxl import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from supervisi.workbook.outline import SCALE_WORDS
from tests.supervisi.workbook.books import LKE

HEADS_2026 = (
    "ID", "Penilaian", None, None, None, None, None, "Bobot", "Kriteria Nilai", "Pilihan Jawaban", "Jawaban Unit",
    "Tautan", "Nilai", "%", "Catatan/Keterangan/Penjelasan (Unit)", "Daftar Bukti Dukung (Unit)", "Jawaban TPI",
    "Nilai", "%", "Catatan TPI", "Jawaban TPI KESDM", "Nilai", "%", "Keterangan TPI KESDM",
)  # fmt: skip
HEADS_OLD = (
    "No", "Penilaian", None, None, None, None, None, "Bobot", "Penjelasan", "Pilihan\nJawaban", "Jawaban", "Nilai", "%",
    "Penjelasan", "Jawaban TPI", "%", "Nilai", "Catatan",
)  # fmt: skip
# Items that the official sheet lists without a letter.
DASHED = {"A.II.1.ii.a", "A.II.1.iii.a", "A.II.2.i.a", "A.II.4.i.a", "A.II.4.ii.a", "A.II.5.ii.a", "B.II.a"}
PARTS = {"A.II.5.iii.a": "LHKPN", "A.II.5.iii.b": "Non-LHKPN"}


class _Layout:
    """Writes rows; `marks` says how a layout writes a marker."""

    def __init__(self, heads, first, answers, notes, side):
        self.book = Workbook()
        self.sheet, self.row = self.book.active, first
        self.answers, self.notes = answers, notes
        for column, head in enumerate(heads, start=1):
            if head:
                self.sheet.cell(first, column, head)
        self.sheet.merge_cells(start_row=first, end_row=first, start_column=2, end_column=7)
        wanted = ("Jawaban", "Jawaban Unit") if side == "Unit" else (f"Jawaban {side}",)
        self.answer = next(place for place, head in enumerate(heads, start=1) if head in wanted)
        self.note = next(
            place for place, head in enumerate(heads, start=1)
            if place > self.answer and head and head.startswith(("Catatan", "Penjelasan"))
        )  # fmt: skip

    def line(self, level, marker, text, scale="", answer=None, note=None):
        self.row += 1
        self.sheet.cell(self.row, 1, self.row * 3)
        if marker:
            self.sheet.cell(self.row, 2 + level, marker)
        self.sheet.cell(self.row, 3 + level, text)
        for column, value in ((10, scale), (self.answer, answer), (self.note, note)):
            if value:
                self.sheet.cell(self.row, column, value)
            elif value == 0:
                self.sheet.cell(self.row, column, 0)
        return self.row

    def item(self, level, marker, item):
        given, note = self.answers.get(item.code), self.notes.get(item.code)
        single = None if item.inputs else float(given) if given and not item.options else given
        row = self.line(level, marker, f"Rumusan resmi nomor {item.position}", SCALE_WORDS[item.scale], single, note)
        if item.formula is not None and len(item.formula.denominators) > 1:
            self.line(level, "", "- Jumlah yang harus melaporkan", "Jumlah", self.total(item, given))
        for entry in item.inputs:
            self.line(level, "", f"- Jumlah isian {entry.key}", "Jumlah", given.get(entry.key) if given else None)
        return row

    def total(self, item, given):
        return f"=SUM(K{self.row + 2}:K{self.row + 4})"

    def content(self):
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


def write_2026(answers, notes=None, side="Unit"):
    """`Jawaban` of 2026: summaries first, an inserted column, an agency's own columns, `a.` and `b.` parts."""
    made = _Layout(HEADS_2026, 1, answers, notes or {}, side)
    made.sheet.title = "Jawaban"
    made.book.create_sheet("Unit", 0)["A1"] = "=Jawaban!M2"
    made.book.create_sheet("TPI KESDM")["A1"] = "Ringkasan"

    def walk(node, level):
        parts = node.code.split(".")
        made.line(level, f"{parts[-1]}.", node.name.upper(), "%" if node.code in {"A.II.3.iii", "A.II.5.iii"} else "")
        for child in node.children:
            walk(child, level + 1)
        for item in node.items:
            marker = "-" if item.code in DASHED else f"{item.code.rsplit('.', 1)[-1]}."
            if item.code in PARTS:
                made.line(level + 1, marker, PARTS[item.code], "%")
                marker = ""
            made.item(level + 1, marker, item)

    for root in LKE.root:
        walk(root, 0)
    return made.content()


def write_old(answers, notes=None, side="Unit", *, spoil=None):
    """`LKE ZI`: a title row, letters without a full stop or out of order, a typed-over sum, 2,000 formatted rows."""
    made = _Layout(HEADS_OLD, 2, answers, notes or {}, side)
    made.sheet.title = "LKE ZI"
    made.sheet["A1"] = "LEMBAR KERJA EVALUASI ZONA INTEGRITAS"
    made.sheet.merge_cells("A1:H1")
    made.total = lambda item, given: sum(given[key] for key in item.formula.denominators) if given else None
    rows = {}

    def walk(node, level):
        parts = node.code.split(".")
        # Hasil counts its parts with digits, one level up.
        mark = {"B.I": "1", "B.II": "2"}.get(node.code, parts[-1])
        made.line(level, f"{mark}.", node.name.title())
        for child in node.children:
            walk(child, level + 1)
        letters = [item.code.rsplit(".", 1)[-1] for item in node.items]
        marks = {"A.I.6.v": ["a.", "c.", "b."]}.get(node.code, [f"{x}. " if x == "c" else x for x in letters])
        for place, item in enumerate(node.items):
            marker = "-" if item.code in DASHED else marks[place]
            if item.code in PARTS:
                marker = "i." if item.code.endswith("a") else ""
            rows[item.code] = made.item(level + 1, marker, item)

    for root in LKE.root:
        walk(root, 0)
    for row in range(made.row + 1, made.row + 2001):
        for column in range(1, 12):
            made.sheet.cell(row, column).number_format = "0.00"
    made.sheet.add_data_validation(DataValidation(type="list", formula1='"Ya,Tidak"', sqref="K3:K200"))
    if spoil:
        spoil(made.sheet, rows)
    return made.content()
