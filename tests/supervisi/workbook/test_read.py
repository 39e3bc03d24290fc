"""Reading somebody's workbook: complete, without a guess; and what is refused, with one clear message."""

import io
import zipfile

import pytest

from supervisi.scoring.engine import parse_answers
from supervisi.workbook import package
from supervisi.workbook.package import Package, WorkbookRefused
from supervisi.workbook.read import read_workbook
from supervisi.workbook.write import write_workbook
from tests.supervisi.workbook.books import LKE, POLSEK, make_book, random_answers
from tests.supervisi.workbook.layouts import write_2026, write_old

HARD = ["=1+1", "'=1", "''-", "baris satu\nbaris dua", '_x0041_ <b>&"', "tanda  dua spasi"]


def stored(instrument, answers):
    return {code: value.raw for code, value in parse_answers(instrument, answers).items()}


def read(content, instrument=LKE, side="Unit"):
    return read_workbook(Package(content), instrument, side)


def taken(reading):
    return {item.code: item.answer for item in reading.items}


@pytest.mark.parametrize("side", ["Unit", "TPI"])
@pytest.mark.parametrize("layout", [write_2026, write_old])
def test_each_layout_is_read_completely(layout, side):
    for seed, blank in ((1, 0.0), (2, 0.3)):
        answers = {code: raw for code, raw in random_answers(LKE, seed, blank).items() if raw != {}}
        reading = read(layout(answers, {"A.I.1.i.a": "SK 12/2026"}, side), side=side)
        assert (reading.missing, reading.problems) == ((), ())
        assert taken(reading) == stored(LKE, answers)
        assert {item.code: item.note for item in reading.items if item.note} == {"A.I.1.i.a": "SK 12/2026"}
        # The other side's column is empty, and isn't taken for this one's.
        other = read(layout(answers, {}, side), side="TPI" if side == "Unit" else "Unit")
        assert not any(item.answer or item.note for item in other.items)


@pytest.mark.parametrize("instrument", [LKE, POLSEK], ids=lambda found: found.code)
def test_what_was_exported_comes_back_without_a_difference(instrument):
    answers = {code: raw for code, raw in random_answers(instrument, 5).items() if raw != {}}
    notes = dict(zip([item.code for item in instrument.items], HARD, strict=False))
    for warning in ("", "DATA CONTOH"):
        reading = read(write_workbook(make_book(instrument, answers, notes=notes, warning=warning)), instrument)
        assert (reading.missing, reading.problems) == ((), ())
        assert taken(reading) == stored(instrument, answers)
        assert {item.code: item.note for item in reading.items if item.note} == notes


def test_what_cannot_be_matched_is_listed_and_nothing_is_guessed():
    def spoil(sheet, rows):
        sheet.cell(rows["A.I.1.i.a"], 10, "Ya")  # An answer where the scale belongs, none in its own cell.
        sheet.cell(rows["A.I.1.i.a"], 11).value = None
        sheet.cell(rows["A.I.1.i.b"], 11, "E")  # A letter that the scale doesn't have.
        sheet.cell(rows["A.I.1.ii.a"], 10, "Tidak")  # The same slip beside an answer of its own.
        sheet.cell(rows["A.I.1.ii.a"], 11, "ya")
        sheet.cell(rows["A.I.1.ii.b"], 10, "A/B/C/D/E")
        sheet.cell(rows["A.II.1.i.a"] + 1, 11, 2.5)
        sheet.cell(rows["A.II.5.iii.a"] + 1, 11, 99)  # A sum typed over.
        sheet.cell(rows["B.I.a"], 11, 4.2)
        # A row too many in a sub: places say nothing any more.
        sheet.insert_rows(rows["A.I.2.i.a"])
        sheet.cell(rows["A.I.2.i.a"], 7, "Butir setempat")
        sheet.cell(rows["A.I.2.i.a"], 10, "A/B/C")

    answers = random_answers(LKE, 1, 0.0)
    reading = read(write_old(answers, spoil=spoil))
    found, want = taken(reading), stored(LKE, answers)
    lost = {"A.I.1.ii.b", *(item.code for item in LKE.node("A.I.2.i").items)}
    assert set(reading.missing) == lost
    assert found["A.I.1.ii.a"] == "Ya"
    changed = {"A.I.1.i.a", "A.I.1.i.b", "A.II.1.i.a", "B.I.a"}
    assert all(found[code] is None for code in changed)
    same = set(want) - lost - changed - {"A.I.1.ii.a"}
    assert {code: found[code] for code in same} == {code: want[code] for code in same}
    said = " ".join(problem.message for problem in reading.problems)
    for words in ("Kolom Pilihan Jawaban berisi jawaban", "pilihan 'E' tidak ada", "di berkas A/B/C/D/E", "Jumlah 99"):
        assert words in said
    unmatched = [problem for problem in reading.problems if "tidak dapat dicocokkan" in problem.message]
    assert len(unmatched) == 1 + len(LKE.node("A.I.2.i").items)
    assert len(reading.problems) == len(unmatched) + 6


def test_texts_decide_where_a_file_changes_the_order():
    content = write_workbook(make_book(answers={"A.I.1.ii.a": "Ya", "A.I.1.ii.b": "C", "A.I.1.ii.c": "A"}))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        strings = book.read("xl/sharedStrings.xml").decode()
    second, third = (LKE.item(f"A.I.1.ii.{letter}").question for letter in "bc")
    assert second in strings
    swapped = strings.replace(second, "#").replace(third, second).replace("#", third)
    reading = read(with_part(content, "xl/sharedStrings.xml", swapped.encode()))
    found = taken(reading)
    assert (found["A.I.1.ii.b"], found["A.I.1.ii.c"]) == ("A", "C")


def test_a_file_that_computes_something_else_is_told_of():
    answers = random_answers(LKE, 1, 0.0)
    kinds = {"kepala": 1, "pejabat": 2, "lainnya": 1, "sudah": 3}
    answers |= {
        "A.II.5.iii.a": kinds,
        "A.II.5.iii.b": dict(zip(("eselon3", "eselon4", "fungsional_pelaksana", "sudah"), (1, 2, 5, 4), strict=True)),
    }

    def spoil(own):
        def put(sheet, rows):
            # The sub's row stands above its first item, and its points in the column Nilai.
            sheet.cell(rows["A.II.5.iii.a"] - 1, 12, own)

        return put

    assert read(write_old(answers, spoil=spoil(1.25))).problems == ()
    (problem,) = read(write_old(answers, spoil=spoil(1.5))).problems
    assert "A.II.5.iii 1,5, portal 1,25" in problem.message


def with_part(content, name, data):
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, data)
    return made.getvalue()


def archive(**parts):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return made.getvalue()


def renamed(content):
    """Return the file without a header that says where things are."""
    name = "xl/sharedStrings.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return with_part(content, name, book.read(name).replace(b">Penilaian<", b">Penilaia<"))


def refused_files():
    good = write_workbook(make_book())
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    bomb = b"<worksheet>" + b" " * (41 * 1024 * 1024)
    hostile = b'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "b">]><sst/>'
    return {
        "kosong": b"",
        "50 MB terlalu besar": b"PK\x03\x04" + bytes(50 * 1024 * 1024 - 4),
        "terkunci kata sandi": office + bytes(512) + "EncryptedPackage".encode("utf-16-le"),
        "Excel lama": office + bytes(512),
        "terpotong": good[: len(good) // 2],
        "rusak": good[:-200] + bytes(200),
        "makro": with_part(good, "xl/vbaProject.bin", b"x"),
        "bukan Excel": b"%PDF-1.7\n",
        "bukan Excel.": archive(**{"word/document.xml": "<a/>"}),
        "terlalu besar bila dibuka": with_part(good, "xl/worksheets/sheet9.xml", bomb),
        "tidak lazim": with_part(good, "xl/sharedStrings.xml", hostile),
        "Lembar jawaban LKE tidak ditemukan": renamed(good),
    }


def test_each_unfit_file_gets_one_clear_message():
    for words, content in refused_files().items():
        with pytest.raises(WorkbookRefused) as refusal:
            read(content)
        message = refusal.value.message
        assert words.rstrip(".") in message, (words, message)
        assert len(message) < 160
        assert message.endswith(".")
    with pytest.raises(WorkbookRefused, match="Kolom Jawaban Supervisi tidak ditemukan"):
        read(write_workbook(make_book()), side="Supervisi")
    assert package.MAX_BYTES < 50 * 1024 * 1024


@pytest.mark.parametrize("cut", range(7, 100, 13))
def test_a_damaged_file_never_breaks_the_reader(cut):
    good = bytearray(write_workbook(make_book()))
    for place in range(cut, len(good), 997):
        good[place] ^= 0x5A
    with pytest.raises(WorkbookRefused):
        read(bytes(good))
