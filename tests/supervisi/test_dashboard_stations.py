"""The units below: ranking, heat map, coverage, what fell, who is late, at every level."""

import datetime

import pytest

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, Period, UnitScore, VisitStatus
from supervisi.pages.dashboard_data import LKE, POLSEK
from tests.factories import make_person, make_unit
from tests.supervisi.dashboards import (
    lower_area,
    make_district,
    make_finding,
    move,
    put_lke,
    put_sheet,
    worst_letter,
)
from wbbm.organisasi.models import Role, Unit, UnitKind

pytestmark = pytest.mark.django_db
# Asked anew each time: a long run may pass midnight.
TODAY = datetime.date.today


@pytest.fixture
def district():
    return make_district(4)


def weak(district, key):
    return lower_area(engine_instrument(district.instruments[POLSEK]), key)


def ago(days):
    return TODAY() - datetime.timedelta(days=days)


# --- ranking and heat map -----------------------------------------------------------------------------------


def test_only_counting_sheets_are_ranked_and_their_number_is_told(district):
    first, second, third, fourth = district.stations
    put_sheet(district, first, changes=weak(district, "5"))
    put_sheet(district, second)
    put_sheet(district, third, status="draft", visit_status=VisitStatus.ONGOING, answers={"P.1.1.i.a": "A"})
    table = district.page().stations
    assert [(line.unit, line.rank) for line in table.stations] == [(second, 1), (first, 2), (third, 0), (fourth, 0)]
    assert (table.ranked, table.total) == (2, 4)


def test_a_draft_shows_its_progress_and_never_a_score(district):
    sheet = put_sheet(
        district, district.stations[0], status="draft", visit_status=VisitStatus.ONGOING, answers={"P.1.1.i.a": "A"}
    )
    line = next(line for line in district.page().stations.stations if line.unit == district.stations[0])
    assert (line.score, line.cells, line.rank) == ("", (), 0)
    assert line.note == "Kunjungan berjalan: 1 dari 59 butir"
    move(sheet, "submitted")
    line = district.page().stations.stations[0]
    assert (line.rank, len(line.cells)) == (1, 8)
    move(sheet, "draft")
    assert district.page().stations.ranked == 0


def test_equal_scores_share_a_rank(district):
    for station in district.stations[:2]:
        put_sheet(district, station)
    put_sheet(district, district.stations[2], changes=weak(district, "5"))
    assert [line.rank for line in district.page().stations.stations] == [1, 1, 3, 0]


@pytest.mark.parametrize(
    ("stored", "text", "band"),
    [
        (5_999_999_999 * 8, "59", 1),
        (6_000_000_000 * 8, "60", 2),
        (7_499_999_999 * 8, "74", 2),
        (7_500_000_000 * 8, "75", 3),
        (8_999_999_999 * 8, "89", 3),
        (9_000_000_000 * 8, "90", 4),
        (10_000_000_000 * 8, "100", 4),
    ],
)
def test_a_cell_cuts_its_decimals_off_and_never_rounds_over_a_gate(district, stored, text, band):
    station = district.stations[0]
    put_sheet(district, station)
    row = UnitScore.objects.get(unit=station, layer=Layer.SUPERVISION, counting__isnull=False)
    row.areas["1"] = stored
    row.save()
    cell = district.page().stations.stations[0].cells[0]
    assert (cell.text, cell.band) == (text, band)


def test_a_station_that_closed_before_is_not_due(district):
    Unit.objects.filter(pk=district.stations[3].pk).update(active_to=ago(60))
    table = district.page().stations
    assert (table.total, table.coverage.due) == (3, 3)


# --- coverage -------------------------------------------------------------------------------------------------


def test_coverage_counts_each_station_once(district):
    first, second, third, _ = district.stations
    put_sheet(district, first)
    put_sheet(district, first, status="draft", answers={})
    put_sheet(district, second, status="draft", visit_status=VisitStatus.ONGOING, answers={})
    put_sheet(district, third, status="draft", visit_status=VisitStatus.PLANNED, answers={})
    coverage = district.page().stations.coverage
    assert (coverage.done, coverage.due, coverage.ongoing, coverage.planned, coverage.none) == (1, 4, 1, 1, 1)
    assert coverage.ring.percent == 25


def test_a_cancelled_visit_covers_nothing(district):
    put_sheet(district, district.stations[0], status="draft", visit_status=VisitStatus.CANCELLED, answers={})
    page = district.page()
    assert page.stations.coverage.none == 4
    assert page.stations.stations[0].note == "Belum pernah dikunjungi"


# --- what fell and rose -----------------------------------------------------------------------------------------


def test_what_fell_comes_item_by_item_with_the_heaviest_first(district):
    station = district.stations[0]
    engine = engine_instrument(district.instruments[POLSEK])
    light, heavy = "P.1.1.i.a", "P.3.1.i.a"
    put_sheet(district, station, period=district.before, status="final", changes={"P.1.2.i.a": "D"})
    fallen = {code: worst_letter(engine, code) for code in (light, heavy)}
    put_sheet(district, station, changes=fallen)
    page = district.page()
    changes = page.stations.changes
    assert [(change.unit, change.item) for change in changes.fell] == [(station, heavy), (station, light)]
    assert (changes.fell_total, changes.rose_total) == (2, 1)
    assert (changes.fell[0].before, changes.fell[0].after) == ("100%", "0%")
    assert changes.fell[0].points.startswith("\N{MINUS SIGN}")
    assert [change.item for change in changes.rose] == ["P.1.2.i.a"]
    assert page.stations.since == district.before.name
    line = page.stations.stations[0]
    assert (line.delta_word, line.delta != "") == ("turun", True)


def test_a_draft_is_compared_with_nothing(district):
    station = district.stations[0]
    put_sheet(district, station, period=district.before, status="final")
    put_sheet(district, station, status="draft", answers={"P.1.1.i.a": "D"})
    assert district.page().stations.changes.fell == ()


def test_the_page_lists_what_fell_before_what_rose(district, client):
    station = district.stations[0]
    put_sheet(district, station, period=district.before, status="final", changes={"P.1.2.i.a": "D"})
    put_sheet(district, station, changes={"P.1.1.i.a": "D"})
    client.force_login(district.kapolres)
    said = client.get(f"/supervisi/satuan/{district.polres.pk}/").content.decode()
    assert "Yang tidak terjaga" in said
    assert said.index(">Turun (1)<") < said.index(">Naik (1)<")


# --- who is late ------------------------------------------------------------------------------------------------


def test_the_latest_come_first_and_are_counted(district):
    first, second, *_ = district.stations
    make_finding(district, first, severity="minor", due_on=ago(3), observation="Baru lewat")
    make_finding(district, second, severity="severe", due_on=ago(20), observation="Lama lewat")
    make_finding(district, second, severity="severe", due_on=TODAY(), observation="Hari ini")
    make_finding(district, second, due_on=ago(30), handed_over_at=None, observation="Belum disampaikan")
    put_sheet(
        district, first, status="draft", visit_status=VisitStatus.PLANNED, answers={}, starts_on=ago(9)
    )  # fmt: skip
    for station in district.stations[1:]:
        put_sheet(district, station, layer=Layer.SELF, period=district.before)
    page = district.page()
    assert [(late.label, late.days) for late in page.late] == [
        ("LKE mandiri Tahun 2025", 201),
        ("Lembar mandiri Triwulan II 2026", 41),
        ("Lama lewat", 20),
        ("Kunjungan belum dimulai", 9),
        ("Baru lewat", 3),
    ]
    assert page.late_total == 5
    assert page.late[1].units == (first,)


def test_owed_self_sheets_are_one_line_with_the_stations_in_it(district):
    page = district.page()
    assert [(late.label, late.units, late.more) for late in page.late] == [
        ("LKE mandiri Tahun 2025", (district.polres,), 0),
        ("Lembar mandiri Triwulan II 2026", tuple(district.stations), 0),
    ]
    assert page.late_total == 5


def test_a_closed_period_owes_nothing_any_more(district):
    district.before.closed_at = datetime.datetime.now(tz=datetime.UTC)
    district.before.save()
    district.year_before.closed_at = district.before.closed_at
    district.year_before.save()
    assert district.page().late == ()


def test_attention_names_weak_areas_late_findings_and_the_unseen(district):
    first, second, *_ = district.stations
    put_sheet(district, first, changes=weak(district, "5") | weak(district, "4"))
    put_sheet(district, second, starts_on=ago(1))
    make_finding(district, second, due_on=ago(2))
    entries = district.page().stations.attention
    assert [entry.unit for entry in entries[:2]] == [first, second]
    assert ", ".join(entries[0].reasons) == "2 area di bawah 60%"
    assert ", ".join(entries[1].reasons) == "1 temuan lewat tenggat"
    assert ", ".join(entries[2].reasons) == "belum pernah dikunjungi"


# --- Polda and Mabes --------------------------------------------------------------------------------------------


def test_the_polda_sees_the_same_page_for_its_districts_with_the_layer_named(district):
    other = make_unit(district.polda, kind=UnitKind.POLRES, name="Polres Lain")
    make_unit(district.polda, kind=UnitKind.POLRES, name="Polres Kosong")
    put_lke(district)
    put_lke(district, unit=other, layer=Layer.TPI, changes={"B.II.a": "3.20"})
    make_finding(district, district.stations[0], due_on=ago(4))
    page = district.page(district.kapolda, unit=district.polda)
    lines = page.stations.stations
    assert [(line.name, line.rank, line.source) for line in lines] == [
        ("Uji", 1, "mandiri"), ("Lain", 2, "TPI"), ("Kosong", 0, ""),
    ]  # fmt: skip
    assert lines[2].note == "LKE belum diserahkan"
    assert len(lines[0].cells) == 7
    assert page.overview.title == "0 dari 3 Polres mencapai ambang WBBM"
    assert [entry.unit for entry in page.stations.attention] == [district.polres]
    assert "Papan tarif lama" in {late.label for late in page.late}
    assert page.verdict is None


def test_a_draft_of_a_district_shows_progress_to_the_polda(district):
    put_lke(district, status="draft", answers={"B.II.a": "3.20"})
    line = district.page(district.kapolda, unit=district.polda).stations.stations[0]
    assert (line.score, line.note) == ("", "LKE sedang diisi: 1 dari 113 butir")


def test_mabes_ranks_its_polda_by_the_mean_of_their_districts():
    mabes = make_unit(kind=UnitKind.MABES, name="Mabes Uji")
    district = make_district(0)
    Period.objects.update(unit=mabes)
    Unit.objects.move(Unit.objects.get(pk=district.polda.pk), mabes, "last-child")
    for unit in (district.polda, district.polres):
        unit.refresh_from_db()
    second = make_unit(district.polda, kind=UnitKind.POLRES, name="Polres Kedua")
    put_lke(district)
    put_lke(district, unit=second, changes=lower_area(engine_instrument(district.instruments[LKE]), "5"))
    page = district.page(make_person(mabes, Role.COMMANDER), unit=mabes)
    line = page.stations.stations[0]
    row = UnitScore.objects.get(unit=district.polda, layer=Layer.SELF, period=district.year)
    assert row.units_submitted == 2
    assert line.source == "mandiri, 2 dari 2"
    assert line.score == f"{row.score_sum / 2 / 10**10:.2f}".replace(".", ",")
    assert page.overview.title == "1 dari 2 Polres mencapai ambang WBBM"
    assert page.overview.figure == line.score
