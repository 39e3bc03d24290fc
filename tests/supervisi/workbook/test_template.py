"""Somebody's own template filled in: only the cells that must change, every other byte as it was."""

import io
import re
import zipfile

import pytest
from openpyxl import load_workbook
from openpyxl.drawing.image import Image as Picture
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from PIL import Image

from supervisi.scoring.engine import parse_answers
from supervisi.workbook.package import Package
from supervisi.workbook.read import read_workbook
from supervisi.workbook.template import fill_template
from tests.supervisi.workbook.books import LKE, random_answers
from tests.supervisi.workbook.layouts import write_2026, write_old

NOTES = {"A.I.1.i.a": "=SK 12 & <lampiran>", "A.I.1.i.b": "_x0041_ baris\ndua"}
EVIDENCE = {"A.I.1.i.a": ("SK tim kerja", "Notulen")}


def rich_template(answers):
    """An old layout with formulas, validations, merges, a picture, conditions, and 2,000 formatted empty rows."""

    def spoil(sheet, rows):
        for row in rows.values():
            sheet.cell(row, 12, f'=IF(K{row}="Ya",1,0)')
            sheet.cell(row, 11).font = Font(bold=True, color="FF0000")
            sheet.cell(row, 14).fill = PatternFill("solid", fgColor="FFFF00")
        sheet["L1"] = "=SUM(L3:L200)"
        sheet.conditional_formatting.add("L3:L200", CellIsRule("lessThan", ["0.5"], font=Font(color="FF0000")))
        sheet.freeze_panes = "C3"
        picture = io.BytesIO()
        Image.new("RGB", (8, 8), "red").save(picture, "PNG")
        picture.seek(0)
        sheet.add_image(Picture(picture), "Z1")

    # openpyxl asks for a fresh calculation by itself; other programs' files don't.
    return with_part(
        write_old(answers, spoil=spoil), "xl/workbook.xml", lambda xml: xml.replace(b' fullCalcOnLoad="1"', b"")
    )


def with_part(content, name, change):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry, change(data) if entry.filename == name else data)
    return made.getvalue()


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {name: book.read(name) for name in book.namelist()}


def fill(content, answers, notes=NOTES, side="Unit"):
    return fill_template(Package(content), LKE, side, answers, notes, EVIDENCE)


def cells(content):
    sheet = load_workbook(io.BytesIO(content)).active
    return {
        cell.coordinate: (cell.value, cell.style_id, cell.number_format) for row in sheet.iter_rows() for cell in row
    }


def test_a_rich_template_comes_back_with_everything_and_our_answers():
    old, new = random_answers(LKE, 3, 0.3), random_answers(LKE, 4, 0.3)
    template = rich_template({code: raw for code, raw in old.items() if raw})
    done = fill(template, new)
    assert done.left_out == ()
    before, after = parts(template), parts(done.content)
    assert list(before) == list(after)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}
    assert any(name.startswith("xl/media/") for name in before)
    # Of the workbook's part only the order to compute anew; of the sheet only answers and notes.
    calculation = rb'fullCalcOnLoad="1"'
    assert re.sub(rb" " + calculation, b"", after["xl/workbook.xml"]) == re.sub(
        rb" " + calculation, b"", before["xl/workbook.xml"]
    )
    assert calculation in after["xl/workbook.xml"]
    answer = rb'<c r="[KN]\d+"[^>]*?(?:/>|>.*?</c>)'
    sheet = "xl/worksheets/sheet1.xml"
    bare = [re.sub(answer, b"", found[sheet], flags=re.DOTALL) for found in (before, after)]
    assert bare[0] == bare[1]
    one, two = cells(template), cells(done.content)
    assert len(two) > 20_000
    different = {place for place in one.keys() | two.keys() if one.get(place) != two.get(place)}
    assert {place[0] for place in different} <= {"K", "N"}
    # Styles stay, also of the cells that changed.
    assert all(one[place][1:] == two[place][1:] for place in different)
    reading = read_workbook(Package(done.content), LKE, "Unit")
    want = {code: value.raw for code, value in parse_answers(LKE, new).items()}
    assert {item.code: item.answer for item in reading.items} == want
    assert {item.code: item.note for item in reading.items if item.note} == NOTES


def test_the_other_side_and_evidence_and_a_second_time():
    answers = {code: raw for code, raw in random_answers(LKE, 6, 0.2).items() if raw}
    template = write_2026({}, side="Unit")
    done = fill(template, answers)
    sheet = load_workbook(io.BytesIO(done.content))["Jawaban"]
    heads = {cell.value: cell.column for cell in sheet[1] if cell.value}
    told = {cell.value for cell in next(sheet.iter_cols(heads["Daftar Bukti Dukung (Unit)"], max_col=16)) if cell.value}
    assert "SK tim kerja\nNotulen" in told
    assert all(sheet.cell(row, heads["Jawaban TPI"]).value in {None, "Jawaban TPI"} for row in range(1, 205))
    # What is there already is left alone, to the byte.
    assert fill(done.content, answers).content == done.content
    tpi = fill(done.content, answers, {}, side="TPI")
    for side in ("Unit", "TPI"):
        found = {item.code: item.answer for item in read_workbook(Package(tpi.content), LKE, side).items}
        assert found == {code: value.raw for code, value in parse_answers(LKE, answers).items()}


def test_a_formula_in_an_answer_cell_stays_and_is_named():
    def spoil(sheet, rows):
        sheet.cell(rows["A.I.1.i.a"], 11, "=Ringkasan!A1")
        sheet.delete_rows(rows["A.II.2.i.a"])

    template = write_old({}, spoil=spoil)
    done = fill(template, {"A.I.1.i.a": "Ya", "A.I.1.i.b": "B"}, {})
    assert done.left_out == ("A.I.1.i.a", "A.II.2.i.a")
    assert "=Ringkasan!A1" in {value for value, *_ in cells(done.content).values()}


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_prefixes_and_cells_without_a_value_are_written_as_they_are_read(prefix):
    template = write_2026({})
    if prefix:
        # The second of three sheets: a summary stands before it.
        template = with_part(
            template,
            "xl/worksheets/sheet2.xml",
            lambda xml: re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", xml).replace(b"xmlns=", b"xmlns:x="),
        )
    done = fill(template, {"A.I.1.i.a": "Ya", "B.I.a": "3.6"}, {})
    reading = read_workbook(Package(done.content), LKE, "Unit")
    assert {item.code: item.answer for item in reading.items if item.answer} == {"A.I.1.i.a": "Ya", "B.I.a": "3.6"}
