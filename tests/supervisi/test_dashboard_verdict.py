"""The verdict: ready, held, not yet; with the reasons."""

import datetime

import pytest

from supervisi.instrument_cache import engine_instrument
from supervisi.models import ChecklistScore, Layer, UnitScore
from supervisi.pages.dashboard_data import LKE, POLSEK
from supervisi.pages.dashboard_verdict import gap_words, signed_gap
from tests.supervisi.dashboards import (
    lower_area,
    make_district,
    make_finding,
    make_kapolsek,
    meet_conditions,
    put_lke,
    put_sheet,
    record_condition,
)
from tests.unguarded import unguarded
from wbbm.organisasi.models import HeldPredicate

pytestmark = pytest.mark.django_db


@pytest.fixture
def district():
    return make_district(2)


def test_all_gates_and_all_conditions_make_ready(district):
    meet_conditions(district)
    put_lke(district)
    verdict = district.page().verdict
    assert (verdict.state, verdict.title) == ("ready", "Siap WBBM")
    assert (verdict.passed, verdict.total, verdict.blocking, verdict.holding) == (12, 12, (), ())
    assert verdict.lower_words == "WBK tetap terpenuhi (12 dari 12), dimiliki sejak 2018"
    assert verdict.score == "100,00"


@pytest.mark.parametrize("code", ["audit-follow-up", "wealth-reports", "one-year", "sakip-unit", "public-impact"])
def test_each_condition_not_met_holds(district, code):
    meet_conditions(district, **{code.replace("-", "_"): False})
    put_lke(district)
    verdict = district.page().verdict
    assert (verdict.state, verdict.title) == ("held", "Ambang terpenuhi, tertahan")
    assert len(verdict.holding) == 1
    assert [line.label for line in verdict.conditions if not line.is_met] == [verdict.holding[0].split(":")[0]]


def test_a_condition_that_nobody_recorded_holds(district):
    HeldPredicate.objects.create(unit=district.polres, predicate="wbk", year=2018)
    put_lke(district)
    verdict = district.page().verdict
    assert verdict.state == "held"
    assert len(verdict.holding) == 5
    assert all("belum dicatat" in reason for reason in verdict.holding)


def test_a_wbk_that_is_not_held_or_was_revoked_holds(district):
    meet_conditions(district)
    HeldPredicate.objects.update(revoked_on=datetime.date.today())
    put_lke(district)
    verdict = district.page().verdict
    assert verdict.state == "held"
    assert verdict.holding == ("Sudah berpredikat WBK: belum",)
    assert verdict.lower_words == "WBK terpenuhi (12 dari 12)"


def test_the_newest_state_of_a_condition_holds_and_a_coming_one_does_not_count(district):
    meet_conditions(district)
    record_condition(district, "one-year", False, days_ago=30)
    put_lke(district)
    assert district.page().verdict.state == "ready"
    record_condition(district, "one-year", False, days_ago=-3)
    assert district.page().verdict.state == "ready"
    record_condition(district, "one-year", False, days_ago=1)
    assert district.page().verdict.state == "held"


def test_an_open_severe_finding_below_holds_from_the_hand_over_on(district):
    meet_conditions(district)
    put_lke(district)
    finding = make_finding(district, district.stations[0], handed_over_at=None)
    assert district.page().verdict.state == "ready"
    finding.handed_over_at = datetime.datetime.now(tz=datetime.UTC)
    finding.save()
    verdict = district.page().verdict
    assert (verdict.state, verdict.holding) == ("held", ("1 temuan berat masih terbuka",))
    finding.status = "closed"
    finding.save()
    assert district.page().verdict.state == "ready"


def test_a_moderate_finding_and_one_of_another_district_hold_nothing(district):
    meet_conditions(district)
    put_lke(district)
    make_finding(district, district.stations[0], severity="moderate")
    make_finding(district, make_district(1).stations[0])
    assert district.page().verdict.state == "ready"


def test_one_missed_gate_makes_not_yet_and_is_named_with_its_distance(district):
    meet_conditions(district)
    put_lke(district, changes={"B.II.a": "3.56"})
    verdict = district.page().verdict
    assert (verdict.state, verdict.title) == ("not-yet", "Belum siap WBBM")
    assert [(line.label, line.detail, line.gap) for line in verdict.blocking] == [
        ("Survei pelayanan (IPKP)", "indeks 3,56 dari 3,60", "\N{MINUS SIGN}0,18")
    ]
    assert (verdict.passed, len(verdict.cleared)) == (11, 11)
    assert verdict.lower_is_met


def test_the_farthest_missed_gate_comes_first(district):
    put_lke(district, changes={"B.I.a": "3.50", "B.II.a": "3.20", "B.I.b": "C"})
    gaps = [line.gap for line in district.page().verdict.blocking]
    assert gaps == [f"\N{MINUS SIGN}{points}" for points in ("1,75", "1,69", "1,25", "0,44")]


def test_what_holds_is_named_beside_what_blocks(district):
    meet_conditions(district, one_year=False)
    put_lke(district, changes={"B.II.a": "3.56"})
    make_finding(district, district.stations[0])
    verdict = district.page().verdict
    assert verdict.state == "not-yet"
    assert len(verdict.holding) == 2


def test_a_letter_gate_reads_as_letters(district):
    put_lke(district, changes={"B.I.b": "B"})
    line = next(line for line in district.page().verdict.results if line.code == "B.I.b")
    assert (line.detail, line.gap, line.passed) == ("B, minimal B", "pas", True)


def test_areas_show_compliance_and_reform_apart(district):
    engine = engine_instrument(district.instruments[LKE])
    put_lke(district, changes=lower_area(engine, "5"))
    areas = district.page().verdict.areas
    assert len(areas) == 6
    first, weak = areas[0], areas[4]
    assert (first.detail, first.percent, first.words) == ("P 4,00 + R 4,00 = 8,00 dari 8", "100,00", "lewat")
    assert [(mark.x, mark.is_low) for mark in first.bar.marks] == [("60.00", True), ("75.00", False)]
    assert not weak.passed
    assert weak.words.startswith("kurang ")
    assert weak.bar.tone == "bad"


def test_outcome_is_shown_apart_from_the_lever(district):
    put_lke(district)
    verdict = district.page().verdict
    assert (verdict.lever, verdict.outcome) == ("60,00", "40,00")
    assert [line.code for line in verdict.results] == ["B.I", "B.I.a", "B.I.b", "B.II.a"]


def test_the_tpi_sheet_goes_before_the_own_one_and_the_page_names_the_layer(district):
    put_lke(district)
    assert district.page(district.kapolda).verdict.layer_words == "penilaian mandiri"
    put_lke(district, layer=Layer.TPI, changes={"B.II.a": "3.20"})
    verdict = district.page(district.kapolda).verdict
    assert (verdict.layer_words, verdict.state) == ("penilaian TPI", "not-yet")


def test_a_draft_gives_no_verdict_but_its_progress(district):
    sheet = put_lke(district, status="draft", answers={"B.II.a": "3.56", "B.I.b": "A"})
    page = district.page()
    assert page.verdict is None
    assert page.no_verdict == f"LKE Tahun 2026 sedang diisi: 2 dari {sheet.answers.count()} butir."


def test_nothing_handed_in_says_what_brings_a_verdict(district):
    page = district.page()
    assert page.verdict is None
    assert "belum diserahkan" in page.no_verdict


def test_the_trend_tells_how_the_total_moved(district):
    put_lke(district, period=district.year_before, changes={"B.II.a": "3.56"})
    put_lke(district)
    assert district.page().verdict.trend == "Sejak Tahun 2025: nilai total naik 1,93"


def store_total(sheet, total):
    """Put another total into the stored rows: a dashboard reads nothing else."""
    score = ChecklistScore.objects.get(checklist=sheet)
    for predicate in score.predicates.values():
        gate = predicate["gates"][0]
        gate |= {"actual": total, "distance": total - gate["required"], "passed": total >= gate["required"]}
        predicate["passed"] = all(each["passed"] for each in predicate["gates"])
    score.complete = total
    score.save()
    UnitScore.objects.filter(counting=sheet).update(score_sum=total)


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (749_960_000_000, "74,996"),
        (749_999_999_999, "74,9999999999"),
        (750_000_000_000, "75,00"),
        (849_970_000_000, "84,997"),
        (849_949_999_999, "84,99"),
    ],
)
def test_a_total_just_below_a_gate_shows_as_many_decimals_as_tell_it(district, total, text):
    station = district.stations[0]
    sheet = put_sheet(district, station, status="final")
    with unguarded():
        store_total(sheet, total)
    page = district.page(unit=station)
    assert page.verdict.score == text
    assert text in page.verdict.bar.label
    assert district.page().stations.stations[0].score == text


def test_an_area_just_below_a_gate_shows_it_too(district):
    sheet = put_lke(district)
    score = ChecklistScore.objects.get(checklist=sheet)
    for predicate in score.predicates.values():
        gate = next(gate for gate in predicate["gates"] if gate["code"] == "1")
        gate |= {"actual": 599_960_000_000, "distance": -1, "passed": False}
    score.save()
    assert district.page().verdict.areas[0].percent == "59,996"


def test_a_station_shows_its_latest_result_and_says_of_when(district):
    station = district.stations[0]
    put_sheet(district, station, period=district.before, status="final")
    page = district.page(unit=station)
    assert page.verdict.is_earlier
    assert page.verdict.period == district.before
    assert page.verdict.title == "Siap mendukung WBBM"
    put_sheet(district, station)
    assert not district.page(unit=station).verdict.is_earlier


def test_a_station_s_own_claim_stands_beside_the_finding(district):
    station = district.stations[0]
    engine = engine_instrument(district.instruments[POLSEK])
    put_sheet(district, station, changes=lower_area(engine, "5"))
    put_sheet(district, station, layer=Layer.SELF)
    lines = {line.label: line for line in district.page(unit=station).verdict.areas}
    assert len(lines) == 8
    weak = lines["Penguatan Pengawasan"]
    assert (weak.claim, weak.is_overclaimed) == ("100,0", True)
    assert not lines["Manajemen Perubahan"].is_overclaimed


def test_an_open_severe_finding_holds_a_station_as_well(district):
    station = district.stations[0]
    put_sheet(district, station, status="final")
    make_finding(district, station)
    assert district.page(make_kapolsek(station), unit=station).verdict.title == "Ambang terpenuhi, tertahan"


@pytest.mark.parametrize(
    ("distance", "signed", "words"),
    [
        (0, "pas", "pas"),
        (-5_800_000_000, "\N{MINUS SIGN}0,58", "kurang 0,58"),
        (2_600_000_000, "+0,26", "lewat 0,26"),
        (-40_000_000, "\N{MINUS SIGN}0,004", "kurang 0,004"),
        (-1, "\N{MINUS SIGN}0,0000000001", "kurang 0,0000000001"),
        (50_000_000, "+0,01", "lewat 0,01"),
    ],
)
def test_a_distance_never_reads_as_nothing(distance, signed, words):
    assert (signed_gap(distance), gap_words(distance)) == (signed, words)
