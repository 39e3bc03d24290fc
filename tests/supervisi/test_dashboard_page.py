"""The page of a dashboard: queries, figures only, time of computing, coordinates of its charts."""

import datetime
import re
from html.parser import HTMLParser

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from supervisi.instrument_cache import forget_instruments
from supervisi.models import ChecklistScore, Layer, UnitScore, Visit
from supervisi.rollup_key import KIND, RollupKey
from tests.factories import make_unit
from tests.supervisi.dashboards import (
    make_district,
    make_finding,
    make_kapolsek,
    meet_conditions,
    put_lke,
    put_sheet,
)
from tests.supervisi.sheets import Counted
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import UnitKind
from wbbm.organisasi.sessions import AUTO_HEADER, LAST_ACTIVE

pytestmark = pytest.mark.django_db
MOST_QUERIES = 10


def filled_district():
    """Make a district whose dashboard shows everything that it can."""
    district = make_district(3)
    meet_conditions(district)
    put_lke(district, period=district.year_before)
    put_lke(district, changes={"B.II.a": "3.56"})
    for station in district.stations[:2]:
        put_sheet(district, station, period=district.before, status="final")
        put_sheet(district, station, changes={"P.1.1.i.a": "D"})
        put_sheet(district, station, layer=Layer.SELF)
        make_finding(district, station, due_on=datetime.date.today() - datetime.timedelta(days=3))
    return district


def copy_station(district, number):
    """Make a station with copies of the first one's rows, visits and findings."""
    model = district.stations[0]
    station = make_unit(district.polres, kind=UnitKind.POLSEK, name=f"Polsek Salinan {number}")
    for visit in Visit.objects.filter(unit=model):
        Visit.objects.create(
            unit=station, period=visit.period, sprin_number=f"S/{station.pk}/{visit.pk}", starts_on=visit.starts_on,
            status=visit.status, team_leader=visit.team_leader, planned_by=visit.planned_by,
        )  # fmt: skip
    for row in UnitScore.objects.filter(unit=model):
        row.pk, row.unit = None, station
        row.save()
    make_finding(district, station, due_on=datetime.date.today() - datetime.timedelta(days=3))


def queries_of(client, target):
    """Return the statements of one request; the first of a session, which notes its start, may cost no more either."""
    with Counted() as first:
        client.get(target)
    assert any(sql.startswith("UPDATE") for sql in first.statements)
    assert len(first.statements) <= MOST_QUERIES, "\n".join(first.statements)
    with Counted() as counted:
        answer = client.get(target)
    assert answer.status_code == 200
    return counted.statements


@pytest.mark.parametrize("target", ["/dasbor/", "/supervisi/satuan/{}/"])
def test_a_dashboard_costs_the_same_at_20_and_at_200_stations(target):
    """Session, user and postings are counted, as are the frame's reads; BEGIN, COMMIT and SAVEPOINT are not."""
    district = filled_district()
    address = target.format(district.polres.pk)
    counts = []
    for size in (20, 200):
        client = Client()
        client.force_login(district.kapolres)
        for number in range(len(district.stations), size):
            copy_station(district, number)
            district.stations.append(None)
        statements = queries_of(client, address)
        assert f"Peringkat dan peta {size} Polsek" in client.get(address).content.decode()
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= MOST_QUERIES, "\n".join(statements)
    assert sum("django_session" in sql for sql in statements) == 1


def test_a_fresh_process_reads_its_instruments_at_once():
    district = filled_district()
    client = Client()
    client.force_login(district.kapolres)
    warm = len(queries_of(client, "/dasbor/"))
    forget_instruments()
    with Counted() as counted:
        assert client.get("/dasbor/").status_code == 200
    assert len(counted.statements) == warm + 1 <= MOST_QUERIES


def test_the_other_levels_cost_no_more():
    district = filled_district()
    station = district.stations[0]
    head = make_kapolsek(station)
    for user, unit in ((district.kapolda, district.polda), (district.kapolres, station), (head, station)):
        client = Client()
        client.force_login(user)
        assert len(queries_of(client, f"/supervisi/satuan/{unit.pk}/")) <= MOST_QUERIES


def test_figures_alone_are_the_same_part_of_the_page():
    district = filled_district()
    client = Client()
    client.force_login(district.kapolres)
    whole = client.get("/dasbor/").content.decode()
    part = client.get("/dasbor/", headers={"HX-Request": "true", AUTO_HEADER: "1"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert part.strip() in whole


def test_renewing_does_not_prolong_the_session_and_opening_does():
    district = make_district(1)
    client = Client()
    client.force_login(district.kapolres)
    client.get("/dasbor/")
    session = client.session
    session[LAST_ACTIVE] = long_ago = int(timezone.now().timestamp()) - 600
    session.save()
    renewed = client.get("/dasbor/", headers={"HX-Request": "true", AUTO_HEADER: "1"})
    assert renewed.status_code == 200
    assert client.session[LAST_ACTIVE] == long_ago
    client.get("/dasbor/")
    assert client.session[LAST_ACTIVE] > long_ago


def test_renewing_after_the_session_is_over_gets_401():
    district = make_district(1)
    client = Client()
    client.force_login(district.kapolres)
    client.get("/dasbor/")
    session = client.session
    session[LAST_ACTIVE] = int(timezone.now().timestamp()) - 1801
    session.save()
    assert client.get("/dasbor/", headers={"HX-Request": "true", AUTO_HEADER: "1"}).status_code == 401


# --- time of computing --------------------------------------------------------------------------------------------


def test_the_page_says_when_it_was_computed_in_the_unit_s_zone():
    district = filled_district()
    moment = datetime.datetime(2026, 9, 17, 3, 15, tzinfo=datetime.UTC)
    UnitScore.objects.update(computed_at=moment)
    page = district.page()
    assert (page.computed, page.is_updating) == ("17 September 2026, 10.15 WIB", False)
    district.polres.time_zone = "Asia/Jayapura"
    district.polres.save()
    assert district.page().computed == "17 September 2026, 12.15 WIT"


@pytest.mark.parametrize("whose", ["station", "district"])
def test_a_result_on_its_way_shows_as_being_updated(whose, client):
    district = filled_district()
    unit = district.stations[0] if whose == "station" else district.polres
    row = UnitScore.objects.filter(unit=unit).first()
    jobs.request(KIND, str(RollupKey(unit.pk, row.period_id, row.instrument_id, row.layer)))
    client.force_login(district.kapolres)
    said = client.get("/dasbor/").content.decode()
    assert re.search(r"dihitung \d+ \w+ \d{4}, \d\d\.\d\d WIB, <span[^>]*>sedang diperbarui", said)
    jobs.drain()
    assert "sedang diperbarui" not in client.get("/dasbor/").content.decode()


def test_another_district_s_work_does_not_show_here():
    district, other = filled_district(), make_district(1)
    sheet = put_sheet(other, other.stations[0])
    jobs.request(KIND, str(RollupKey(sheet.unit_id, sheet.period_id, sheet.instrument_id, sheet.layer)))
    assert not district.page().is_updating


# --- charts -------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)")
PATH = re.compile(r"(?:[MLHVZ]|-?\d+(?:\.\d+)?| )+")
PLACES = ("x", "y", "cx", "cy", "r", "width", "height", "pathlength")
CHARTS = ("zi-bar", "zi-ring", "zi-trend", "zi-key")


class ChartReader(HTMLParser):
    """Collects every number of a page's charts that a browser could not read."""

    def __init__(self, said):
        super().__init__()
        self.faults, self.charts, self.numbers = [], 0, 0
        self.inside = False
        self.feed(said)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "svg":
            self.inside = "hidden" not in given
            self.charts += "viewbox" in given
        if not self.inside:
            return
        self.check(tag, NUMBER, [given[name] for name in PLACES if name in given])
        self.check(tag, NUMBER, f"{given.get('viewbox', '')} {given.get('stroke-dasharray', '')}".split())
        if given.get("class", "").startswith(CHARTS):
            self.check(tag, PATH, [given["d"]] if "d" in given else [])

    def handle_endtag(self, tag):
        if tag == "svg":
            self.inside = False

    def check(self, tag, pattern, values):
        self.numbers += len(values)
        self.faults += [f"{tag} {value}" for value in values if not pattern.fullmatch(value)]


def test_every_coordinate_of_every_chart_parses_in_indonesian():
    district = filled_district()
    ChecklistScore.objects.update(complete=831_255_555_555)
    with translation.override("id"):
        assert render_to_string("supervisi/_bar.html", {"bar": {"width": 12.5}}).count('width="12,5"') == 1
        for user, unit in (
            (district.kapolres, district.polres), (district.kapolda, district.polda),
            (district.kapolres, district.stations[0]),
        ):  # fmt: skip
            client = Client()
            client.force_login(user)
            read = ChartReader(client.get(f"/supervisi/satuan/{unit.pk}/").content.decode())
            assert read.charts > 10
            assert read.numbers > 40
            assert read.faults == []


def test_the_check_of_coordinates_finds_a_comma():
    """The twin: a template that writes numbers itself under `id` is caught."""
    for source, fault in (
        ('<svg viewBox="0 0 9 9"><rect width="12,5"/></svg>', "rect 12,5"),
        ('<svg viewBox="0 0 9 9,5"><rect width="12"/></svg>', "svg 9,5"),
        ('<svg><path class="zi-bar__mark" d="M12,5 0V14"/></svg>', "path M12,5 0V14"),
        ('<svg><circle class="zi-ring__value" stroke-dasharray="6,5 100"/></svg>', "circle 6,5"),
    ):
        assert ChartReader(source).faults == [fault]
