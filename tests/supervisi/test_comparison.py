"""Two sheets side by side: the differences add up, say whose answers they are, and show nothing out of sight."""

from fractions import Fraction

import pytest
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, ChecklistStatus, Layer
from supervisi.pages.comparison import read_comparison
from supervisi.pages.layers import signed
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.instrument import TOTAL
from supervisi.services.content import stored_answers
from tests.supervisi.dashboards import make_district, make_kapolsek, put_sheet, worst_letter
from tests.supervisi.sheets import LETTER, OTHER_AREA, PERCENT, Counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def district():
    return make_district(2)


def put(district, station, period=None, status=ChecklistStatus.DISCLOSED, layer=Layer.SUPERVISION, **changes):
    sheet = put_sheet(district, station, period=period, status=status, layer=layer, changes=changes)
    return Checklist.objects.with_frame().get(pk=sheet.pk)


def number(text):
    return Fraction(text.replace(chr(0x2212), "-").replace(",", "."))


def test_what_moved_between_two_visits_adds_up_and_names_its_authors(client, district):
    station = district.stations[0]
    engine = engine_instrument(district.instruments["polsek-2026"])
    keys = [entry.key for entry in engine.item(PERCENT).inputs]
    old = put(district, station, district.before, **{LETTER: worst_letter(engine, LETTER)})
    # The part's other items weigh more where one can't be answered: nothing is lost in the sum.
    new = put(district, station, **{OTHER_AREA: worst_letter(engine, OTHER_AREA), PERCENT: dict.fromkeys(keys, 0)})
    page = read_comparison(new, old, district.kapolres)
    assert (page.first.checklist, page.second.checklist) == (old, new)
    totals = [score_sheet(engine, stored_answers(sheet)).complete[TOTAL] for sheet in (old, new)]
    assert page.moved == signed(totals[1] - totals[0])
    assert {LETTER, OTHER_AREA, PERCENT} <= {line.item.code for line in page.items}
    # Each line is rounded to two decimals.
    told = sum(number(line.points) for line in page.items)
    assert abs(told - (totals[1] - totals[0])) < Fraction(len(page.items), 199)
    points = [abs(number(line.points)) for line in page.items]
    assert points == sorted(points, reverse=True)
    up = next(line for line in page.items if line.item.code == LETTER)
    assert (up.tone, up.first.answer.letter, up.second.answer.letter) == ("up", worst_letter(engine, LETTER), "A")
    client.force_login(district.kapolres)
    address = reverse("supervisi:comparison", args=[new.pk])
    said = client.get(f"{address}?dengan={old.pk}").content.decode()
    assert f"{len(page.items)} butir berbeda" in said
    assert address in client.get(new.get_absolute_url()).content.decode()


def test_two_units_and_two_layers_are_offered_and_drafts_never(client, district):
    first, second = district.stations
    sheet, neighbour = put(district, first), put(district, second)
    claim = put(district, first, layer=Layer.SELF, status=ChecklistStatus.SUBMITTED)
    draft = put(district, second, district.before, status=ChecklistStatus.DRAFT)
    page = read_comparison(sheet, None, district.kapolres)
    assert [choice.pk for choice in page.own_choices] == [claim.pk]
    assert [choice.pk for choice in page.other_choices] == [neighbour.pk]
    client.force_login(district.kapolres)
    address = reverse("supervisi:comparison", args=[sheet.pk])
    assert "Semua jawaban pada kedua lembar sama" in client.get(f"{address}?dengan={neighbour.pk}").content.decode()
    for asked in (draft.pk, sheet.pk, 999999, "abc", "1" * 30):
        assert client.get(f"{address}?dengan={asked}").status_code == 404
    assert client.get(reverse("supervisi:comparison", args=[draft.pk])).status_code == 403
    client.force_login(make_kapolsek(first))
    assert client.get(f"{address}?dengan={claim.pk}").status_code == 200
    assert client.get(f"{address}?dengan={neighbour.pk}").status_code == 404
    Checklist.objects.filter(pk=sheet.pk).update(status=ChecklistStatus.REVIEWED)
    assert client.get(address).status_code == 404


def test_the_page_reads_a_fixed_number_of_queries(client, district):
    sheet, other = put(district, district.stations[0]), put(district, district.stations[1])
    client.force_login(district.kapolres)
    address = f"{reverse('supervisi:comparison', args=[sheet.pk])}?dengan={other.pk}"
    client.get(address)
    with Counted() as few:
        client.get(address)
    engine = engine_instrument(district.instruments["polsek-2026"])
    put(district, district.stations[0], district.before, **{LETTER: worst_letter(engine, LETTER)})
    with Counted() as many:
        client.get(address)
    assert len(many.statements) == len(few.statements) <= 9
