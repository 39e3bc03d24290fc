"""The type of an upload is told by its content; what is active, broken or a bomb is refused at once."""

import io
import struct
import time
import zipfile

import pytest

from tests.files import samples
from wbbm.files import limits
from wbbm.files.errors import FileRefused
from wbbm.files.recognise import DOCX, HEIC, JPEG, PDF, PNG, XLSX, recognise

WRONG_TYPE = "Ditolak: bukan PDF atau foto. Yang diterima: PDF, JPEG, PNG, DOCX, XLSX."


def refusal(data):
    begun = time.process_time()
    with pytest.raises(FileRefused) as caught:
        recognise(io.BytesIO(data))
    assert time.process_time() - begun < 2
    return caught.value.message


@pytest.mark.parametrize(
    ("make", "content_type"),
    [
        (lambda: samples.PDF, PDF),
        (samples.photo, JPEG),
        (lambda: samples.encode(samples.scene(), "PNG"), PNG),
        (samples.docx, DOCX),
        # Word in the browser puts the main part elsewhere.
        (lambda: samples.docx(main="word/document2.xml"), DOCX),
        (samples.xlsx, XLSX),
        (lambda: samples.HEIC_HEAD, HEIC),
    ],
)
def test_accepted_types_are_told_by_content(make, content_type):
    assert recognise(io.BytesIO(make())) == content_type


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b'<?xml version="1.0"?><svg/>',
        samples.HTML,
        b"<!doctype html><p>%PDF-1.4</p>",
        b"GIF89a" + b"\0" * 50,
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\0\0\0\x18ftypmp42" + b"\0" * 50,
        b"MZ" + b"\0" * 100,
        b"\x7fELF" + b"\0" * 100,
        b"#!/bin/sh\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"x",
        b"\0" * 2000,
    ],
)
def test_every_other_content_is_refused(data):
    assert refusal(data) == WRONG_TYPE


def test_an_empty_file_says_so():
    assert refusal(b"") == "Berkas kosong. Periksa berkasnya, lalu pilih lagi."


@pytest.mark.parametrize(
    "data", [samples.PDF[:90], b"%PDF-1.4\n" + samples.HTML + b"%%EOF", b"%PDF-1.4\n", samples.PDF + b"\n" * 5000]
)
def test_a_cut_pdf_or_a_page_that_poses_as_one_is_refused(data):
    assert refusal(data).startswith("PDF ini terpotong atau rusak.")


def test_a_plain_zip_is_no_document():
    assert refusal(samples.archive({"a.txt": b"x"})) == WRONG_TYPE
    assert refusal(samples.archive({"word/document.xml": b"x"})) == WRONG_TYPE
    assert refusal(samples.archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"x"})) == WRONG_TYPE
    assert refusal(samples.archive({"index.html": samples.HTML, "META-INF/MANIFEST.MF": b""})) == WRONG_TYPE


@pytest.mark.parametrize(
    ("extra", "declared"),
    [
        ({"word/vbaProject.bin": b"x"}, ""),
        ({"word/VBAPROJECT.BIN": b"x"}, ""),
        # The program under an innocent name, betrayed by its declared type.
        ({"word/gambar.bin": b"x"}, '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'),
        ({"word/activeX/activeX1.xml": b"x"}, ""),
        ({"xl/macrosheets/sheet1.xml": b"x"}, ""),
    ],
)
def test_documents_with_macros_are_refused(extra, declared):
    message = refusal(samples.docx(extra, declared))
    assert message == "Berkas ini memuat makro. Simpan sebagai DOCX atau XLSX biasa, atau sebagai PDF."


def test_a_document_whose_main_part_takes_macros_is_refused():
    kind = "application/vnd.ms-word.document.macroEnabled.main+xml"
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
    data = samples.archive({"[Content_Types].xml": types.encode(), "word/document.xml": b"x"})
    assert refusal(data).startswith("Berkas ini memuat makro.")


def test_a_zip_bomb_is_refused_before_it_is_opened():
    bomb = samples.docx_bomb()
    assert len(bomb) < 300_000
    assert refusal(bomb).startswith("Isi berkas ini terlalu besar bila dibuka.")


def test_a_zip_of_many_parts_is_refused():
    many = samples.docx({f"word/{number}.xml": b"" for number in range(limits.MAX_ENTRIES)})
    assert refusal(many).startswith("Isi berkas ini terlalu besar bila dibuka.")


def test_a_zip_bomb_that_lies_about_its_size_is_refused():
    bomb = bytearray(samples.docx_bomb())
    honest = struct.pack("<I", 200 * 1024 * 1024)
    place = bomb.find(honest)
    while place >= 0:
        bomb[place : place + 4] = struct.pack("<I", 1000)
        place = bomb.find(honest)
    assert sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(bomb)).infolist()) < 10_000
    assert refusal(bytes(bomb)).startswith("Berkas ini rusak.")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "word/../../a"])
def test_a_zip_with_names_that_leave_it_is_refused(name):
    assert refusal(samples.docx({name: b"x"})).startswith("Berkas ini rusak.")


def test_a_locked_zip_is_refused_with_what_to_do():
    data = bytearray(samples.docx())
    # The flag of encryption, in the local header and in the directory.
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(sign)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(sign, place + 4)
    assert refusal(bytes(data)) == "Berkas ini terkunci kata sandi. Simpan tanpa kata sandi, lalu pilih lagi."


def test_cut_and_altered_documents_are_refused_and_never_a_fault():
    good = samples.xlsx()
    for end in range(4, len(good), 97):
        assert refusal(good[:end])
    for place in range(4, len(good), 31):
        altered = bytearray(good)
        altered[place] ^= 0xFF
        try:
            assert recognise(io.BytesIO(bytes(altered))) == XLSX
        except FileRefused as refused:
            assert refused.message
