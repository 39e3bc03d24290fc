"""The rule for a divisor of 0 stands on the card that it applies to."""

import pytest
from django.urls import reverse

from supervisi.instrument_files import read_instrument_file
from supervisi.pages.zero_rule import zero_rule
from tests.supervisi.sheets import PERCENT, make_world

LKE = read_instrument_file("lke-2021").instrument


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("A.II.5.ii.a", "Penanganan pengaduan masyarakat bernilai penuh."),
        ("A.II.5.iii.a", "Penyampaian laporan harta kekayaan bernilai 0."),
        ("A.II.6.i.b", "Bila jumlahnya 0, butir ini tidak dapat dinilai dan tidak ikut dihitung."),
        ("A.II.3.iii.a", "nilainya penuh; bila hanya jumlah pelanggaran tahun sebelumnya yang 0, nilainya 0."),
    ],
)  # fmt: skip
def test_each_kind_of_formula_has_its_words(code, words):
    assert zero_rule(LKE, LKE.item(code)).endswith(words)


def test_nothing_is_said_where_nothing_is_divided():
    for code in ("A.I.1.i.a", "B.I.a", "B.I.b"):
        assert zero_rule(LKE, LKE.item(code)) == ""


@pytest.mark.django_db
def test_the_card_shows_its_rule(client):
    world = make_world("pembagi")
    client.force_login(world.leader)
    page = client.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()
    instrument = read_instrument_file("polsek-2026").instrument
    assert zero_rule(instrument, instrument.item(PERCENT)) in page
