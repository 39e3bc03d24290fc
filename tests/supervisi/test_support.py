"""The support matrix: by each item of the LKE, which stations support it, and what the others put at risk."""

from fractions import Fraction

import pytest
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.models import ChecklistStatus, Layer
from supervisi.pages.support import read_support
from supervisi.scoring.rounding import shown
from tests.supervisi.dashboards import make_district, make_kapolsek, put_lke, put_sheet, worst_letter
from tests.supervisi.sheets import LETTER, Counted

pytestmark = pytest.mark.django_db


def put(district, station, **changes):
    put_sheet(district, station, status=ChecklistStatus.DISCLOSED, layer=Layer.SUPERVISION, changes=changes)


def test_each_item_counts_its_stations_and_names_those_that_fall_short(client):
    district = make_district(4)
    best, weak, partly, unseen = district.stations
    sheet = put_lke(district)
    put(district, best)
    engine = engine_instrument(district.instruments["polsek-2026"])
    put(district, weak, **{LETTER: worst_letter(engine, LETTER)})
    put(district, partly, **{LETTER: engine.item(LETTER).options[1].code})
    page = read_support(district.kapolres, district.polres.pk, None)
    linked = set(engine.item(LETTER).supports)
    lines = {line.item.code: line for line in page.lines}
    assert set(lines) == {code for item in engine.items for code in item.supports}
    for code, line in lines.items():
        assert line.full + line.part + line.weak == 3
        assert (line.full, line.part, line.weak) == ((1, 1, 1) if code in linked else (3, 0, 0))
    gaps = lines[next(iter(linked))].gaps
    assert [(gap.name, gap.is_weak, gap.codes) for gap in gaps] == [
        (weak.name, True, (LETTER,)),
        (partly.name, False, (LETTER,)),
    ]
    assert page.unseen == (unseen.name,)
    papers = {code for code in linked if not lines[code].is_survey}
    assert page.at_risk == shown(sum((lines[code].worth for code in papers), Fraction()))
    assert {line.item.code for line in page.lines[: len(papers)]} == papers
    assert [line.is_survey for line in page.lines[-2:]] == [True, True]
    client.force_login(district.kapolres)
    address = reverse("supervisi:support", args=[district.polres.pk])
    said = client.get(address).content.decode()
    assert f"/supervisi/lembar/{sheet.pk}/hitungan/#i-{next(iter(linked))}" in said
    assert address in client.get(district.polres.get_absolute_url()).content.decode()
    for person, unit in (
        (district.kapolda, district.polda),
        (make_kapolsek(best), district.polres),
        (district.kapolres, best),
    ):
        client.force_login(person)
        assert client.get(reverse("supervisi:support", args=[unit.pk])).status_code == 404


def test_without_results_the_page_says_what_is_missing_and_queries_stay_the_same(client):
    district = make_district(3)
    client.force_login(district.kapolres)
    address = reverse("supervisi:support", args=[district.polres.pk])
    assert "Belum ada hasil supervisi Polsek" in client.get(address).content.decode()
    put(district, district.stations[0])
    assert "belum diserahkan" in client.get(address).content.decode()
    put_lke(district)
    client.get(address)
    with Counted() as one:
        client.get(address)
    for station in district.stations[1:]:
        put(district, station)
    with Counted() as three:
        client.get(address)
    assert len(three.statements) == len(one.statements) <= 14
