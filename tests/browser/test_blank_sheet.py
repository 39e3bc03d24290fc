"""The blank sheet on paper: A4, every item with its code and all its options, no item torn apart."""

import io
import re
import unicodedata

import pypdf
import pytest

from supervisi.instrument_cache import engine_instrument
from tests.supervisi.sheets import make_world

A4 = (595, 842)


@pytest.fixture
def paper(signed_in_page):
    """Print the blank sheet of a visit; return the instrument and the PDF's pages as text without spaces."""
    world = make_world()
    page = signed_in_page(world.leader, 1280)
    page.goto(f"/supervisi/lembar/{world.checklist.pk}/cetak-kosong/")
    reader = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    return engine_instrument(world.instrument), reader


def squeezed(text):
    """Drop spaces and hyphens, part ligatures."""
    return re.sub(r"[\s\-\u00ad]+", "", unicodedata.normalize("NFKC", text)).lower()


def test_the_blank_sheet_prints_on_a4_with_all_codes_and_options(paper):
    instrument, reader = paper
    assert len(reader.pages) > 1
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == A4
    pages = [squeezed(page.extract_text()) for page in reader.pages]
    whole = "".join(pages)
    assert len(instrument.items) == 59
    for item in instrument.items:
        assert squeezed(item.code) in whole, item.code
        assert squeezed(item.question) in whole, item.code
        # Question, options and inputs stand on one sheet of paper.
        home = next(page for page in pages if squeezed(item.question) in page)
        for option in item.options:
            assert squeezed(f"{option.code} {option.criterion}") in home, f"{item.code} {option.code}"
        for entry in item.inputs:
            assert squeezed(entry.label) in home, f"{item.code} {entry.key}"


def test_the_paper_has_room_to_write_and_nothing_of_the_screen(paper):
    _, reader = paper
    first = reader.pages[0].extract_text()
    assert "Nama pemeriksa" in first
    assert "Catatan dan nomor bukti" in first
    assert "Kembali ke lembar" not in first
    assert "Cetak\n" not in first
    assert "Polsek Senori" in first
