"""Layers side by side: what is stored when sheets move, what the pages show, and to whom."""

import threading

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    Layer,
    LayerComparison,
    Scope,
    VisitStatus,
)
from supervisi.pages.dashboard_data import POLSEK
from supervisi.scoring.rounding import from_units, shown, to_units
from supervisi.services import layers
from supervisi.services.recompute import recompute
from tests.factories import make_person
from tests.supervisi.dashboards import make_district, make_kapolsek, move, put_lke, put_sheet, worst_letter
from tests.supervisi.sheets import Counted
from wbbm.organisasi.models import Role

A, B = "P.1.1.i.a", "P.1.5.iii.b"


@pytest.fixture
def district(db):
    return make_district(stations=2)


def engine(district):
    return engine_instrument(district.instruments[POLSEK])


def worse(district, *codes):
    return {code: worst_letter(engine(district), code) for code in codes}


def sample(district, station, codes, changes=None):
    """Put a supervision sheet on which only the items were drawn and answered."""
    sheet = put_sheet(district, station, changes=changes, status=ChecklistStatus.DRAFT)
    Checklist.objects.filter(pk=sheet.pk).update(scope=Scope.SAMPLE)
    others = Answer.objects.filter(checklist=sheet).exclude(item__code__in=codes)
    others.update(is_due=False, version=0, value={}, is_answered=False)
    move(sheet, ChecklistStatus.SUBMITTED)
    return sheet


def stored(station):
    return LayerComparison.objects.get(unit=station)


def signed_in(user):
    client = Client()
    client.force_login(user, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def opened(user, name, unit, query=""):
    return signed_in(user).get(reverse(f"supervisi:{name}", args=[unit.pk]) + query)


# --- what is stored ---------------------------------------------------------------------------------------


def test_claims_upheld_are_stored_when_the_sheets_are_handed_in(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    seen = put_sheet(district, station, status=ChecklistStatus.DRAFT, changes=worse(district, A, B))
    assert (stored(station).upheld, stored(station).verified, stored(station).seen) == (0, 0, None)
    move(seen, ChecklistStatus.SUBMITTED)
    row = stored(station)
    total = len(engine(district).items)
    assert (row.upheld, row.verified, row.seen_id, row.estimate) == (total - 2, total, seen.pk, None)
    assert row.areas["1"] == [4, 5]
    move(seen, ChecklistStatus.DRAFT)
    assert (stored(station).verified, stored(station).seen) == (0, None)


def test_a_sample_gives_an_estimate_and_no_place_in_the_ranking(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    sample(district, station, [A, B], changes=worse(district, A))
    row = stored(station)
    assert (row.upheld, row.verified) == (1, 2)
    assert 0 < row.estimate < 100 * 10**10
    assert district.page().stations.ranked == 0
    put_sheet(district, station, changes=worse(district, A))
    assert (stored(station).verified, stored(station).estimate) == (len(engine(district).items), None)


def test_where_no_team_goes_the_auditors_sheet_is_held_against_the_claim(district):
    put_lke(district)
    put_lke(district, layer=Layer.TPI, changes={"B.I.b": "C"})
    row = LayerComparison.objects.get(unit=district.polres)
    assert row.verified - row.upheld == 1


def test_a_lost_or_wrong_comparison_is_found_and_mended_from_the_answers(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    put_sheet(district, station, changes=worse(district, A))
    LayerComparison.objects.update(upheld=1)
    assert [gap.field for gap in recompute(is_dry_run=True)] == ["upheld"]
    recompute(is_dry_run=False)
    right = stored(station).upheld
    LayerComparison.objects.all().delete()
    recompute(is_dry_run=False)
    assert stored(station).upheld == right > 1
    assert recompute(is_dry_run=True) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_layers_at_once_the_later_one_writes_what_both_saw(transactional_db, monkeypatch):
    district = make_district(stations=1)
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    first_has_read, second_is_done = threading.Event(), threading.Event()
    subject = (station, district.quarter, district.instruments[POLSEK])
    real = layers.sheets_past_draft

    def read_and_wait(*key):
        found = real(*key)
        if threading.current_thread().name == "first" and not first_has_read.is_set():
            first_has_read.set()
            second_is_done.wait(5)
        return found

    monkeypatch.setattr(layers, "sheets_past_draft", read_and_wait)
    seen = put_sheet(district, station, status=ChecklistStatus.DRAFT, changes=worse(district, A))

    def renew():
        try:
            layers.renew_comparison(*subject, is_forced=True)
        finally:
            connections.close_all()

    # Not in a transaction of its own: the first read is what a job knows before it writes.
    first = threading.Thread(target=renew, name="first")
    first.start()
    assert first_has_read.wait(5)
    with transaction.atomic():
        Checklist.objects.filter(pk=seen.pk).update(status=ChecklistStatus.SUBMITTED)
        layers.renew_comparison(*subject)
    second_is_done.set()
    first.join(10)
    assert stored(station).seen_id == seen.pk


# --- one unit's page --------------------------------------------------------------------------------------


def test_items_that_differ_come_first_by_points_and_can_be_kept_alone(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    seen = put_sheet(district, station, changes=worse(district, A, B))
    page = opened(district.kapolres, "layer-comparison", station).context["page"]
    assert [column.name for column in page.columns] == ["Mandiri", "Supervisi"]
    assert {line.item.code for line in page.items[:2]} == {A, B}
    assert page.items[0].points > page.items[1].points > 0 == page.items[2].points
    assert (page.different, len(page.items)) == (2, page.item_total)
    assert page.items[0].cells[1].delta.startswith("\N{MINUS SIGN}")
    assert (
        to_units(100 - sum(line.points for line in page.items)) == ChecklistScore.objects.get(checklist=seen).complete
    )
    alone = opened(district.kapolres, "layer-comparison", station, "?saring=beda").context["page"]
    assert [line.item.code for line in alone.items] == [line.item.code for line in page.items[:2]]
    assert page.confirmed.count == f"{page.item_total - 2} dari {page.item_total}"
    assert page.estimate == ""


def test_an_estimate_is_always_called_one_and_a_sample_has_no_score(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    sample(district, station, [A, B], changes=worse(district, A))
    answer = opened(district.kapolres, "layer-comparison", station)
    page = answer.context["page"]
    assert page.columns[1].is_sample
    assert (page.columns[1].score.text, page.columns[1].due) == ("", 2)
    assert all(cell.cells[1].text == "" for cell in page.areas)
    said = answer.content.decode()
    assert page.estimate in said
    assert "perkiraan, bukan nilai resmi" in said
    below = opened(district.kapolres, "layer-gaps", district.polres)
    line = below.context["page"].lines[0]
    assert (line.estimate, line.seen) == (page.estimate, "")
    assert below.content.decode().count("perkiraan</span>") == 1


def test_beside_a_sample_a_line_below_tells_nothing_of_the_auditors_sheet(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF)
    put_sheet(district, station, layer=Layer.TPI)
    auditors = opened(district.kapolres, "layer-gaps", district.polres).context["page"].lines[0]
    assert (auditors.seen, auditors.seen_by, auditors.gap, auditors.rate) == ("100,00", "TPI", "0,00", "100,00%")
    sample(district, station, [A, B], changes=worse(district, A))
    row = stored(station)
    line = opened(district.kapolres, "layer-gaps", district.polres).context["page"].lines[0]
    assert (line.seen, line.seen_by, line.count) == ("", "sampel", "1 dari 2")
    assert line.estimate == shown(from_units(row.estimate))
    assert line.size == 100 - from_units(row.estimate)
    assert line.is_down


def test_against_a_sample_only_the_items_seen_on_both_differ(district):
    station = district.stations[0]
    sample(district, station, [A, B], changes=worse(district, A))
    put_sheet(district, station, layer=Layer.TPI)
    page = opened(district.kapolres, "layer-comparison", station).context["page"]
    assert [column.is_sample for column in page.columns] == [True, False]
    moved = [line for line in page.items if line.is_different]
    assert [line.item.code for line in moved] == [A]
    assert page.columns[1].score.delta == moved[0].cells[1].delta != ""
    assert [cell.cells[1].delta for cell in page.areas if cell.cells[1].delta] == [moved[0].cells[1].delta]


@pytest.mark.parametrize("layer", [Layer.SUPERVISION, Layer.TPI])
@pytest.mark.parametrize("status", [status for status in ChecklistStatus.values if status != "draft"])
def test_the_unit_sees_other_layers_from_disclosed_on(district, layer, status):
    station = district.stations[0]
    own = make_kapolsek(station)
    put_sheet(district, station, layer=Layer.SELF)
    put_sheet(district, station, layer=layer, status=status, changes=worse(district, A))
    page = opened(own, "layer-comparison", station).context["page"]
    is_told = status in {"disclosed", "final"}
    assert len(page.columns) == (2 if is_told else 1)
    assert page.different == (1 if is_told else 0)
    assert (page.confirmed is not None) == is_told
    above = opened(district.kapolres, "layer-comparison", station).context["page"]
    assert len(above.columns) == 2


def test_a_draft_is_compared_for_nobody(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF, status=ChecklistStatus.DRAFT)
    put_sheet(district, station, status=ChecklistStatus.DRAFT, visit_status=VisitStatus.ONGOING)
    answer = opened(district.kapolres, "layer-comparison", station)
    assert answer.context["page"].columns == ()
    assert "Belum ada yang dapat dibandingkan" in answer.content.decode()


def test_a_period_is_chosen_and_nonsense_leads_to_the_newest_with_two_layers(district):
    station = district.stations[0]
    put_sheet(district, station, layer=Layer.SELF, period=district.before)
    put_sheet(district, station, period=district.before)
    put_sheet(district, station, layer=Layer.SELF)
    for query in ("", "?periode=x", "?periode=99999999999999999999", "?periode=-1"):
        page = opened(district.kapolres, "layer-comparison", station, query).context["page"]
        assert page.chosen.period == district.before
    page = opened(district.kapolres, "layer-comparison", station, f"?periode={district.quarter.pk}").context["page"]
    assert page.chosen.period == district.quarter


# --- the list of units below -----------------------------------------------------------------------------


def test_the_widest_gap_comes_first_and_claims_add_up(district):
    one, two = district.stations
    for station, codes in ((one, [A]), (two, [A, B])):
        put_sheet(district, station, layer=Layer.SELF)
        put_sheet(district, station, changes=worse(district, *codes))
    page = opened(district.kapolres, "layer-gaps", district.polres).context["page"]
    assert [line.unit for line in page.lines] == [two, one]
    total = 2 * len(engine(district).items)
    assert page.count == f"{total - 3} dari {total}"
    assert all(line.is_down for line in page.lines)


def test_a_missed_gate_is_never_rounded_over(district):
    station = district.stations[0]
    gate = engine(district).predicates[0].gates[0].required
    seen = put_sheet(district, station)
    ChecklistScore.objects.filter(checklist=seen).update(complete=to_units(gate) - 10**7)
    line = opened(district.kapolres, "layer-gaps", district.polres).context["page"].lines[0]
    assert line.seen == f"{gate - 1},999"


def test_who_oversees_nothing_there_gets_no_list(district):
    station = district.stations[0]
    assert opened(make_kapolsek(station), "layer-gaps", station).status_code == 404
    assert opened(make_kapolsek(station), "layer-gaps", district.polres).status_code == 404
    assert opened(make_person(district.polres, Role.OPERATOR), "layer-gaps", district.polres).status_code == 404
    assert opened(district.kapolres, "layer-gaps", station).status_code == 404


def test_the_pages_read_a_fixed_number_of_queries(district):
    client = signed_in(district.kapolres)

    def counts():
        found = []
        for name, unit in (("layer-comparison", district.stations[0]), ("layer-gaps", district.polres)):
            with Counted() as counted:
                assert client.get(reverse(f"supervisi:{name}", args=[unit.pk])).status_code == 200
            found.append(len(counted.statements))
        return found

    put_sheet(district, district.stations[0], layer=Layer.SELF)
    put_sheet(district, district.stations[0], changes=worse(district, A))
    counts()
    few = counts()
    for station in district.stations:
        put_sheet(district, station, layer=Layer.TPI)
        put_sheet(district, station, layer=Layer.SELF, period=district.before)
        put_sheet(district, station, period=district.before, changes=worse(district, B))
    assert counts() == few
    assert few == [6, 8]
