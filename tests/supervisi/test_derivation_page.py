"""Why this figure: the page of a sheet's derivation, and that the figures of the dashboards lead to it."""

import re
from fractions import Fraction

import pytest
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, ChecklistScore, ChecklistStatus, Layer, UnitScore
from supervisi.pages.derivation import exact, read_derivation
from supervisi.scoring.rounding import from_units, shown
from supervisi.services.answers import save_operation
from tests.supervisi.dashboards import make_district, make_kapolsek, put_lke, put_sheet, worst_letter
from tests.supervisi.sheets import LETTER, PERCENT, Counted, make_world, op

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("1", "1"),
        ("0.67", "0,67"),
        ("2/3", "0,6667…"),
        ("10", "10"),
        ("17.5", "17,5"),
        ("1/3000", "0,0003…"),
    ],
)
def test_a_figure_is_written_exactly_or_says_that_it_goes_on(value, text):
    assert exact(Fraction(value)) == text


def test_an_item_tells_answer_author_time_evidence_and_what_it_counts_as(client):
    world = make_world("hitung")
    engine = engine_instrument(world.instrument)
    keys = [entry.key for entry in engine.item(PERCENT).inputs]
    save_operation(
        checklist=world.reload(), operation=op(PERCENT, dict(zip(keys, (3, 2), strict=True))), by=world.leader
    )
    save_operation(checklist=world.reload(), operation=op(LETTER, worst_letter(engine, LETTER)), by=world.members[0])
    page = read_derivation(world.reload())
    lines = {line.code: line for node in page.nodes for line in node.items}
    assert (lines[PERCENT].value, lines[PERCENT].answer.letter) == ("0,6667…", "66,67%")
    assert (lines[LETTER].value, lines[LETTER].evidence) == ("0", 0)
    assert "ketua tim" in lines[PERCENT].author
    assert "WIB" in lines[PERCENT].at
    empty = next(line for line in lines.values() if not line.author)
    assert (empty.value, empty.note) == ("0", "belum diisi, dihitung 0")
    client.force_login(world.leader)
    address = reverse("supervisi:derivation", args=[world.checklist.pk])
    said = client.get(address).content.decode()
    assert "0,6667…" in said
    assert f'href="/supervisi/lembar/{world.checklist.pk}/area/' in said
    assert address in client.get(world.checklist.get_absolute_url()).content.decode()
    for person, status in ((world.commander, 403), (world.operator, 404), (world.stranger, 404)):
        client.force_login(person)
        assert client.get(address).status_code == status


def test_the_stored_figure_is_compared_with_what_is_worked_out(client):
    district = make_district(1)
    sheet = put_lke(district)
    assert read_derivation(sheet).is_same
    stored = ChecklistScore.objects.get(checklist=sheet)
    assert read_derivation(sheet).total == shown(from_units(stored.complete)) == "100,00"
    ChecklistScore.objects.filter(pk=stored.pk).update(complete=stored.complete - 1)
    assert not read_derivation(sheet).is_same
    client.force_login(district.kapolres)
    assert "sedang diperbarui" in client.get(reverse("supervisi:derivation", args=[sheet.pk])).content.decode()


def test_every_figure_of_the_dashboards_leads_to_where_it_is_worked_out(client):
    """Show 5 of the derivation: walk the links of a district's and a station's dashboard."""
    district = make_district(2)
    put_lke(district)
    for station in district.stations:
        put_sheet(district, station, status=ChecklistStatus.DISCLOSED, layer=Layer.SUPERVISION)
    client.force_login(district.kapolres)
    for unit in (district.polres, district.stations[0]):
        board = client.get(unit.get_absolute_url(), follow=True).content.decode()
        links = re.findall(r'<a class="zi-why" href="([^"#]+)#([^"]+)"[^>]*>(.*?)</a>', board, re.DOTALL)
        assert len(links) > 8
        pages = {}
        for address, anchor, _ in links:
            said = pages.setdefault(address, client.get(address).content.decode())
            assert f'id="{anchor}"' in said, (address, anchor)
        bare = re.sub(r'<a class="zi-why".*?</a>', "", board, flags=re.DOTALL)
        for place in ("zi-heat__total", "zi-areas__pct", "zi-gate__detail"):
            found = re.findall(rf'class="[^"]*{place}[^"]*">([^<]*)<', bare)
            assert not [text for text in found if re.search(r"\d", text)], place


def test_the_page_reads_a_fixed_number_of_queries(client):
    world = make_world("hitung")
    client.force_login(world.leader)
    address = reverse("supervisi:derivation", args=[world.checklist.pk])
    client.get(address)
    with Counted() as few:
        client.get(address)
    for code in (LETTER, PERCENT):
        Answer.objects.filter(checklist=world.checklist, item__code=code).update(
            version=1, author=world.leader, saved_at=world.visit.planned_at
        )
    with Counted() as many:
        client.get(address)
    assert len(many.statements) == len(few.statements) <= 9


def test_a_mean_is_what_its_units_add_up_to_and_each_leads_on(client):
    district = make_district(3)
    for number, station in enumerate(district.stations[:2]):
        worst = {LETTER: "D"} if number else {}
        put_sheet(district, station, status=ChecklistStatus.DISCLOSED, layer=Layer.SUPERVISION, changes=worst)
    client.force_login(district.kapolres)
    board = client.get(district.polres.get_absolute_url()).content.decode()
    [address] = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*/rerata/[^"]*)"', board)}
    page = client.get(address).context["page"]
    [mean] = page.means
    assert (mean.count, mean.due, mean.is_whole, len(mean.without)) == (2, 3, True, 1)
    row = UnitScore.objects.get(unit=district.polres, layer=Layer.SUPERVISION, period=district.quarter)
    sums = [Fraction(ChecklistScore.objects.get(checklist__unit=unit).complete) for unit in district.stations[:2]]
    assert sum(sums) == row.score_sum
    assert mean.total == exact(from_units(row.score_sum))
    assert f"{mean.mean}</a>" in board
    for line in mean.lines:
        assert client.get(line.url).status_code == 200
        assert exact(from_units(row.score_sum)) != line.sum
    client.force_login(district.kapolda)
    above = client.get(reverse("supervisi:rollup-derivation", args=[district.polda.pk])).context["page"]
    assert {line.name for mean in above.means for line in mean.lines} == {district.polres.name}
    client.force_login(make_kapolsek(district.stations[0]))
    assert client.get(address).status_code == 404
