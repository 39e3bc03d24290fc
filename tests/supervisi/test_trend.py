"""A unit over periods and visits, and its stations in small: what is drawn, where it leads, and who sees it."""

import re
from fractions import Fraction

import pytest
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, ChecklistStatus, Instrument, Layer
from supervisi.pages.trend import read_trend
from supervisi.pages.trend_below import read_trends_below
from tests.factories import make_unit
from tests.supervisi.dashboards import lower_area, make_district, make_kapolsek, put_sheet, worst_letter
from tests.supervisi.sheets import LETTER, OTHER_AREA, Counted
from wbbm.organisasi.models import UnitKind, User

pytestmark = pytest.mark.django_db
OLD = {"version": "lama"}
FINAL, REVIEWED, DRAFT = ChecklistStatus.FINAL, ChecklistStatus.REVIEWED, ChecklistStatus.DRAFT


def fresh(user):
    return User.objects.get(pk=user.pk)


def test_a_unit_over_visits_and_layers_leads_to_derivations_and_comparisons(client):
    """Layers are lines of their own, what doesn't count stands beside, drafts nowhere; the unit sees what it may."""
    district = make_district(2)
    station, engine = district.stations[0], engine_instrument(district.instruments["polsek-2026"])
    first = put_sheet(district, station, period=district.before, status=FINAL)
    lost = {LETTER: worst_letter(engine, LETTER)}
    visit = put_sheet(district, station, status=FINAL, changes=lost, starts_on=district.quarter.first_day)
    later = put_sheet(district, station, status=REVIEWED, changes=lost | lower_area(engine, "2"))
    claim = put_sheet(district, station, layer=Layer.SELF)
    put_sheet(district, station, layer=Layer.TPI, status=DRAFT)
    page = read_trend(fresh(district.kapolres), station.pk)
    (block,) = page.blocks
    assert [key.key for key in block.keys] == ["supervision", "self"]
    dots = {line.key: [dot.url for dot in line.dots] for line in block.chart.lines}
    why = {sheet: f"{reverse('supervisi:derivation', args=[sheet.pk])}#total" for sheet in (first, visit, later, claim)}
    assert dots == {"supervision": [why[first], why[visit], why[later]], "self": [why[claim]]}
    assert block.chart.lines[0].path.count("M") == 1
    across = [Fraction(dot.x) for dot in block.chart.lines[0].dots]
    assert across == sorted(set(across))
    # The table, newest first: the same figures, and what changed leads to both sheets side by side.
    marks = {mark.url: mark for mark in block.marks}
    assert set(marks) == set(why.values())
    assert [mark.note for mark in block.marks if "tidak dihitung" in mark.note] == [marks[why[later]].note]
    assert marks[why[visit]].move.url == f"{reverse('supervisi:comparison', args=[visit.pk])}?dengan={first.pk}"
    assert (marks[why[visit]].move.tone, marks[why[first]].move) == ("down", None)
    area = next(each for each in block.areas if each.label.startswith("2."))
    assert (area.move.tone, area.url) == ("down", why[later].replace("#total", "#a-2"))

    client.force_login(district.kapolres)
    said = client.get(reverse("supervisi:trend", args=[station.pk])).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'class="zi-why[^"]*" href="([^"#]+)', said)}
    assert len(links) >= 6
    assert {client.get(link).status_code for link in links} == {200}
    drawn = "".join(re.findall(r'<svg class="zi-lines.*?</svg>', said, re.DOTALL))
    for number in re.findall(r' (?:c?x|c?y|r|d)="([^"]+)"', drawn):
        assert re.fullmatch(r"[MLH0-9. -]+", number), number
    # Sheets that the unit was not told of are not in its page.
    own = read_trend(fresh(make_kapolsek(station)), station.pk)
    assert {mark.url for mark in own.blocks[0].marks} == {why[first], why[visit], why[claim]}
    assert read_trend(fresh(make_kapolsek(district.stations[1])), station.pk) is None


def test_another_version_breaks_the_line_and_a_single_result_says_so(client):
    district = make_district(1)
    station = district.stations[0]
    old = put_sheet(district, station, period=district.before)
    (block,) = read_trend(fresh(district.kapolres), station.pk).blocks
    assert (block.is_single, block.has_versions, block.keys[0].move) == (True, False, None)
    client.force_login(district.kapolres)
    address = reverse("supervisi:trend", args=[station.pk])
    assert "Baru satu hasil" in client.get(address).content.decode()
    below = read_trends_below(fresh(district.kapolres), district.polres.pk)
    assert (below.lines[0].note, below.lines[0].move) == ("Baru satu hasil", None)
    # The same instrument in an older version: told apart, not joined, not compared.
    facts = Instrument.objects.values().get(pk=district.instruments["polsek-2026"].pk)
    version = Instrument.objects.create(**{name: value for name, value in facts.items() if name != "id"} | OLD)
    Checklist.objects.filter(pk=old.pk).update(instrument=version)
    station.scores.filter(counting=old).update(instrument=version)
    put_sheet(district, station, status=FINAL)
    (block,) = read_trend(fresh(district.kapolres), station.pk).blocks
    assert (block.has_versions, block.keys[0].move, block.chart.lines[0].path.count("M")) == (True, None, 2)
    below = read_trends_below(fresh(district.kapolres), district.polres.pk)
    assert (below.lines[0].move, below.lines[0].chart.lines[0].path.count("M")) == (None, 2)
    assert "berganti" in below.lines[0].note
    assert "Garis terputus" in client.get(address).content.decode()
    empty = make_unit(district.polres, kind=UnitKind.POLSEK, name="Polsek Baru")
    assert "Belum ada nilai" in client.get(reverse("supervisi:trend", args=[empty.pk])).content.decode()


def test_stations_in_small_come_by_what_fell_most_in_the_same_queries_however_many(client):
    district = make_district(3)
    engine = engine_instrument(district.instruments["polsek-2026"])
    fell, rose, still = district.stations
    bad = {LETTER: worst_letter(engine, LETTER), OTHER_AREA: worst_letter(engine, OTHER_AREA)}
    for station, before, now in ((fell, {}, bad), (rose, bad, {}), (still, {}, {})):
        put_sheet(district, station, period=district.before, status=FINAL, changes=before)
        put_sheet(district, station, status=FINAL, changes=now)
    page = read_trends_below(fresh(district.kapolres), district.polres.pk)
    assert [line.unit for line in page.lines] == [fell, still, rose]
    assert ([line.move.tone for line in page.lines], page.fell, page.rose) == (["down", "", "up"], 1, 1)
    # One scale: the same score stands at the same height in every chart.
    ends = {line.unit: [dot.y for dot in line.chart.lines[0].dots] for line in page.lines}
    assert ends[fell] == list(reversed(ends[rose]))
    assert ends[still][0] == ends[still][1] == ends[fell][0]
    assert len({line.chart.levels for line in page.lines}) == 1
    client.force_login(district.kapolres)
    address = reverse("supervisi:trend-below", args=[district.polres.pk])
    said = client.get(address).content.decode()
    for link in set(re.findall(r'class="zi-why[^"]*" href="([^"#]+)', said)):
        assert client.get(link.replace("&amp;", "&")).status_code == 200
    counts = []
    for more in (0, 17, 180):
        for number in range(more):
            make_unit(district.polres, kind=UnitKind.POLSEK, name=f"Polsek tambahan {more} {number}")
        with Counted() as counted:
            assert client.get(address).status_code == 200
        counts.append(len(counted.statements))
    assert counts[0] == counts[1] == counts[2] <= 7
    assert read_trends_below(fresh(make_kapolsek(fell)), district.polres.pk) is None
