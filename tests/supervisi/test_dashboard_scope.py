"""Who sees what of a dashboard: the own unit only what it is told, nobody what lies outside of his reach."""

import datetime
import re

import pytest

from supervisi.models import Answer, Layer, UnitScore
from tests.factories import make_person, make_posting
from tests.supervisi.dashboards import make_district, make_finding, make_kapolsek, move, put_lke, put_sheet
from wbbm.organisasi.models import Posting, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def district():
    return make_district(3)


# --- the own unit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "sees"), [("submitted", False), ("reviewed", False), ("disclosed", True), ("final", True)]
)
def test_a_station_sees_its_result_from_disclosed_on(district, status, sees):
    station = district.stations[0]
    sheet = put_sheet(district, station)
    move(sheet, status)
    own = district.page(make_kapolsek(station), unit=station)
    assert (own.verdict is not None) == sees
    assert (own.station.visits[0].score != "") == sees
    above = district.page(unit=station)
    assert above.verdict is not None
    assert above.station.visits[0].score == "100,00"


def test_a_station_that_may_not_see_the_new_result_keeps_the_last_one(district):
    station = district.stations[0]
    put_sheet(district, station, period=district.before, status="final")
    put_sheet(district, station, changes={"P.1.1.i.a": "D"})
    page = district.page(make_kapolsek(station), unit=station)
    assert page.verdict.period == district.before
    assert page.station.trend is None
    assert page.station.changes.fell == ()
    assert district.page(unit=station).verdict.period == district.quarter


def test_the_polres_s_own_people_see_the_tpi_result_from_disclosed_on(district):
    put_lke(district)
    tpi = put_lke(district, layer=Layer.TPI, changes={"B.II.a": "3.20"})
    auditor = make_person(district.polda, Role.AUDITOR)
    for viewer in (district.kapolres, district.supervisor):
        assert district.page(viewer).verdict.layer_words == "penilaian mandiri"
    assert district.page(auditor).verdict.layer_words == "penilaian TPI"
    move(tpi, "disclosed")
    assert district.page().verdict.layer_words == "penilaian TPI"


def test_an_auditor_above_who_also_commands_the_unit_sees_only_what_the_unit_sees(district):
    put_lke(district)
    put_lke(district, layer=Layer.TPI)
    make_posting(district.kapolres, district.polda, Role.AUDITOR)
    assert district.page().verdict.layer_words == "penilaian mandiri"


def test_a_supervisor_sees_his_own_station_on_the_map_only_when_it_is_told(district):
    station = district.stations[0]
    sheet = put_sheet(district, station)
    make_posting(district.supervisor, station, Role.OPERATOR)
    assert district.page(district.supervisor).stations.ranked == 0
    assert district.page().stations.ranked == 1
    move(sheet, "disclosed")
    assert district.page(district.supervisor).stations.ranked == 1


def test_a_station_sees_its_findings_once_they_are_handed_over(district):
    station = district.stations[0]
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    make_finding(district, station, due_on=yesterday, handed_over_at=None, observation="Rahasia")
    make_finding(district, station, due_on=yesterday, observation="Disampaikan")
    page = district.page(make_kapolsek(station), unit=station)
    assert "Disampaikan" in {late.label for late in page.late}
    assert "Rahasia" not in {late.label for late in page.late}


# --- an operator: his unit and nothing below --------------------------------------------------------------------


def test_an_operator_of_the_polres_sees_nothing_of_its_stations(district):
    put_lke(district)
    put_sheet(district, district.stations[0])
    yesterday = datetime.date.today() - datetime.timedelta(days=1)
    make_finding(district, district.stations[0], due_on=yesterday, severity="minor")
    make_finding(district, district.polres, due_on=yesterday, severity="minor", observation="Milik Polres")
    page = district.page(make_person(district.polres, Role.OPERATOR))
    assert page.verdict is not None
    assert (page.stations, page.rollups) == (None, ())
    assert [late.label for late in page.late] == ["LKE mandiri Tahun 2025", "Milik Polres"]
    assert page.late_total == 2
    assert len(district.page().rollups) == 1


# --- outside ----------------------------------------------------------------------------------------------------


def test_a_foreign_and_a_missing_unit_answer_alike(district, client):
    other = make_district(1)
    client.force_login(district.kapolres)
    answers = [client.get(f"/supervisi/satuan/{pk}/") for pk in (other.polres.pk, district.polda.pk, 999_999)]
    assert {answer.status_code for answer in answers} == {404}
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|data-session-idle-seconds="\d+"')
    assert len({token.sub("", answer.content.decode()) for answer in answers}) == 1


def test_a_station_s_head_sees_neither_the_polres_nor_his_neighbour(district):
    head = make_kapolsek(district.stations[0])
    assert district.page(head, unit=district.polres) is None
    assert district.page(head, unit=district.stations[1]) is None
    assert district.page(head, unit=district.stations[0]).ancestors == ()


@pytest.mark.parametrize("role", [Role.ADMIN, Role.INTEGRITY_OFFICER])
def test_reach_as_admin_or_integrity_officer_opens_no_dashboard(district, role):
    """Also not for somebody who reads results elsewhere."""
    other = make_district(1)
    person = make_person(district.polres, role)
    make_posting(person, other.polres, Role.COMMANDER)
    assert district.page(person) is None
    assert other.page(person) is not None


def test_a_posting_that_ended_opens_nothing_on_the_next_request(district, client):
    client.force_login(district.kapolres)
    assert client.get(f"/supervisi/satuan/{district.polres.pk}/").status_code == 200
    Posting.objects.filter(user=district.kapolres).update(ends_on=datetime.date.today() - datetime.timedelta(days=2))
    assert client.get(f"/supervisi/satuan/{district.polres.pk}/").status_code == 404


# --- drill-down ---------------------------------------------------------------------------------------------------


def test_the_breadcrumb_names_the_units_above_that_one_may_see(district):
    station = district.stations[0]
    assert district.page(district.kapolda, unit=station).ancestors == (district.polda, district.polres)
    assert district.page(unit=station).ancestors == (district.polres,)
    assert district.page(unit=district.polres).ancestors == ()


def test_links_to_other_units_keep_the_period_that_was_chosen(district, client):
    put_sheet(district, district.stations[0], period=district.before, status="final")
    client.force_login(district.kapolda)
    target = f"/supervisi/satuan/{district.polres.pk}/"
    chosen = f"?periode={district.before.pk}"
    said = client.get(target + chosen).content.decode()
    assert f'href="{district.stations[0].get_absolute_url()}{chosen}"' in said
    assert f'href="{district.polda.get_absolute_url()}{chosen}"' in said
    assert f'<a href="{chosen}" aria-current="page">' in said
    assert chosen + '">Polda' not in client.get(target).content.decode()


@pytest.mark.parametrize("period", ["0", "999999999999999999999", "abc", "-1", "²", ""])
def test_a_period_that_is_none_shows_the_present_one(district, client, period):
    client.force_login(district.kapolres)
    answer = client.get(f"/supervisi/satuan/{district.polres.pk}/", {"periode": period})
    assert answer.status_code == 200
    assert answer.context["page"].period == district.quarter


def test_a_foreign_period_is_none(district):
    other = make_district(0)
    assert district.page(period=other.before).period == district.quarter


def test_only_stored_rows_are_read(district):
    """Answers may be gone: a dashboard never looks at them."""
    put_lke(district)
    put_sheet(district, district.stations[0])
    before = district.page()
    Answer.objects.all().delete()
    UnitScore.objects.filter(unit=district.stations[0]).update(units_due=1)
    after = district.page()
    assert before.verdict == after.verdict
    assert before.stations == after.stations
