"""Stored results: of sheets, of units, up the tree."""

import datetime
from dataclasses import replace
from fractions import Fraction

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_files import read_instrument_file
from supervisi.models import Answer, ChecklistScore, ChecklistStatus, UnitScore, VisitStatus
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.rounding import UNITS, shown, to_units
from supervisi.services.checklists import finalise_checklist
from supervisi.services.content import stored_answers
from supervisi.services.instruments import store_instrument
from supervisi.services.recompute import recompute
from supervisi.services.scores import choose_counting, compute_checklist_score, want_unit_anew
from tests.factories import make_person, make_unit
from tests.supervisi.districts import make_province, make_sheet, set_status
from tests.unguarded import unguarded
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.organisasi.models import Role, Unit, UnitKind
from wbbm.organisasi.services.units import move_unit

pytestmark = pytest.mark.django_db


def exact(sheet):
    return to_units(score_sheet(engine_instrument(sheet.instrument), stored_answers(sheet)).complete["total"])


def test_a_submitted_sheet_reaches_every_level_and_no_further():
    province = make_province(2, 1)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    expected = exact(province.sheets[0])
    for unit in (province.stations[0], province.polres[0], province.polda):
        row = province.row(unit)
        assert (row.units_submitted, row.score_sum) == (1, expected)
        assert row.lowest_unit == province.stations[0]
    assert not UnitScore.objects.filter(unit=province.polres[1]).exists()
    assert province.row(province.stations[0]).counting == province.sheets[0]
    assert province.row(province.polda).counting is None


def test_a_mean_is_of_stations_and_not_of_their_means():
    province = make_province(3, 1)
    for sheet in province.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    jobs.drain()
    row = province.row(province.polda)
    scores = [exact(sheet) for sheet in province.sheets]
    assert Fraction(row.score_sum, row.units_submitted) == Fraction(sum(scores), 4)
    assert row.units_due == 4
    assert row.lowest == min(scores)
    assert sum(row.areas.values()) == pytest.approx(row.score_sum, abs=50)


def test_a_polda_shows_the_mean_of_its_25_stations(client):
    province = make_province(20, 5)
    for sheet in province.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    jobs.drain()
    scores = [Fraction(exact(sheet), UNITS) for sheet in province.sheets]
    mean = sum(scores) / 25
    of_means = (sum(scores[:20]) / 20 + sum(scores[20:]) / 5) / 2
    assert shown(mean) != shown(of_means)
    client.force_login(province.commander)
    page = client.get(reverse("supervisi:unit-dashboard", args=[province.polda.pk])).content.decode()
    assert f">{shown(mean)}<" in page
    assert shown(of_means) not in page


def test_a_draft_moves_progress_and_no_score():
    province = make_province(1)
    jobs.request("rollup", province.key(province.stations[0]))
    jobs.drain()
    row = province.row(province.polda)
    assert (row.sheets_begun, row.items_answered, row.items_due) == (1, 59, 59)
    assert (row.units_submitted, row.score_sum) == (0, 0)


def test_a_cancelled_visits_sheet_counts_nowhere():
    province = make_province(1)
    visit = province.sheets[0].visit
    visit.status = VisitStatus.CANCELLED
    visit.save()
    jobs.request("rollup", province.key(province.stations[0]))
    jobs.drain()
    assert province.row(province.polda).sheets_begun == 0


def test_a_returned_sheet_takes_its_score_back():
    province = make_province(1)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    set_status(province.sheets[0], ChecklistStatus.DRAFT)
    jobs.drain()
    row = province.row(province.polda)
    assert (row.units_submitted, row.score_sum, row.lowest, row.areas) == (0, 0, None, {})


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        (ChecklistStatus.SUBMITTED, ChecklistStatus.REVIEWED, 1),
        (ChecklistStatus.FINAL, ChecklistStatus.DISCLOSED, 0),
        (ChecklistStatus.SUBMITTED, ChecklistStatus.SUBMITTED, 1),
    ],
)
def test_the_counting_sheet_is_the_furthest_then_the_latest(first, second, wins):
    province = make_province(1)
    unit = province.stations[0]
    later = province.period.first_day + datetime.timedelta(days=9)
    sheets = [
        make_sheet(province, unit, status=first),
        make_sheet(province, unit, status=second, day=later),
    ]
    assert choose_counting(sheets) == sheets[wins]


def test_of_the_same_state_and_day_the_higher_number_counts():
    province = make_province(1)
    sheets = [make_sheet(province, province.stations[0], status=ChecklistStatus.SUBMITTED) for _ in range(2)]
    assert choose_counting(sheets) == sheets[1]
    assert choose_counting([]) is None


def test_what_fell_since_the_period_before_comes_first():
    province = make_province(1)
    unit = province.stations[0]
    earlier = make_sheet(province, unit, level=0, period=province.before)
    set_status(earlier, ChecklistStatus.FINAL)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    assert province.row(unit).changes == []
    answer = Answer.objects.get(checklist=province.sheets[0], item__code="P.1.1.i.a")
    Answer.objects.filter(pk=answer.pk).update(value={"answer": "D"})
    other = Answer.objects.get(checklist=province.sheets[0], item__code="P.1.1.ii.a")
    Answer.objects.filter(pk=other.pk).update(value={"answer": "A"})
    with unguarded():
        ChecklistScore.objects.all().delete()
    jobs.request("rollup", province.key(unit))
    jobs.drain()
    changes = province.row(unit).changes
    assert changes[0]["item"] == "P.1.1.i.a"
    assert changes[0]["points"] < 0 < changes[-1]["points"]


def test_an_earlier_period_that_changes_renews_what_fell():
    province = make_province(1)
    unit = province.stations[0]
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    earlier = make_sheet(province, unit, level=1, period=province.before)
    set_status(earlier, ChecklistStatus.FINAL)
    jobs.drain()
    assert province.row(unit).changes != []


def test_a_new_station_is_due_at_every_level():
    province = make_province(2)
    for sheet in province.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    jobs.drain()
    station = make_unit(province.polres[0], kind=UnitKind.POLSEK)
    want_unit_anew(station)
    jobs.drain()
    assert province.row(province.polda).units_due == 3


def test_a_key_whose_unit_is_gone_is_done_without_harm():
    jobs.request("rollup", "999999:1:1:supervision")
    jobs.drain()
    assert not Job.objects.open().filter(kind="rollup").exists()


def test_the_cost_of_a_level_does_not_grow_with_the_stations_elsewhere():
    small, large = make_province(2, 1), make_province(2, 12)
    counts = []
    for province in (small, large):
        for sheet in province.sheets:
            set_status(sheet, ChecklistStatus.SUBMITTED)
        jobs.drain()
        set_status(province.sheets[0], ChecklistStatus.DRAFT)
        with CaptureQueriesContext(connection) as context:
            jobs.drain()
        counts.append(len(context))
    assert counts[0] == counts[1]


def save(sheet, code, raw):
    """Store an answer as a save does: with a version more."""
    Answer.objects.filter(checklist=sheet, item__code=code).update(version=F("version") + 1, value={"answer": raw})


def roll(province, unit):
    jobs.request("rollup", province.key(unit))
    jobs.drain()


def test_a_save_is_scored_whatever_the_number_of_its_revision():
    """Two savers at once: the one with the lower number may commit after a roll-up that saw the higher one."""
    province = make_province(1)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    save(province.sheets[0], "P.1.1.i.a", "D")
    roll(province, province.stations[0])
    assert ChecklistScore.objects.get().complete == exact(province.sheets[0])
    assert province.row(province.polda).score_sum == exact(province.sheets[0])


def test_a_sheet_made_final_before_its_last_saves_were_scored_has_its_score():
    province = make_province(1)
    roll(province, province.stations[0])
    save(province.sheets[0], "P.1.1.i.a", "D")
    set_status(province.sheets[0], ChecklistStatus.DISCLOSED)
    finalise_checklist(checklist=province.sheets[0], by=province.commander)
    assert ChecklistScore.objects.get().complete == exact(province.sheets[0])
    jobs.drain()
    assert province.row(province.polda).score_sum == exact(province.sheets[0])


def test_a_worker_that_was_overtaken_puts_no_older_score_over_a_newer_one():
    province = make_province(1)
    roll(province, province.stations[0])
    ChecklistScore.objects.update(saves=F("saves") + 1, complete=7)
    assert compute_checklist_score(province.sheets[0]).complete == 7


def test_any_depth_of_the_tree_is_rolled_up_to_the_unit_of_the_period():
    province = make_province(1)
    above, unit, chain = make_unit(kind=UnitKind.MABES), province.polda, []
    Unit.objects.move(Unit.objects.get(pk=unit.pk), Unit.objects.get(pk=above.pk), pos="last-child")
    for _ in range(5):
        unit = make_unit(Unit.objects.get(pk=unit.pk), kind=UnitKind.SATFUNG)
        chain.append(unit)
    sheet = make_sheet(province, unit, status=ChecklistStatus.SUBMITTED)
    roll(province, unit)
    for row in map(province.row, [*chain, province.polda]):
        assert (row.units_submitted, row.score_sum, row.lowest_unit) == (1, exact(sheet), unit)
    assert not UnitScore.objects.filter(unit=above).exists()


def test_a_station_that_moves_is_counted_where_it_is_now():
    province = make_province(2, 1)
    for sheet in province.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    jobs.drain()
    move_unit(
        unit=Unit.objects.get(pk=province.stations[0].pk),
        new_parent=Unit.objects.get(pk=province.polres[1].pk),
        by=make_person(Unit.objects.get(pk=province.polda.pk), Role.ADMIN),
    )
    jobs.drain()
    rows = [province.row(unit) for unit in (*province.polres, province.polda)]
    assert [(row.units_due, row.units_submitted) for row in rows] == [(1, 1), (2, 2), (3, 3)]
    assert recompute(is_dry_run=True) == []


def test_what_fell_is_told_across_two_versions_of_the_instrument():
    province = make_province(1)
    unit = province.stations[0]
    earlier = make_sheet(province, unit, level=1, period=province.before)
    set_status(earlier, ChecklistStatus.FINAL)
    jobs.drain()
    file = read_instrument_file("polsek-2026")
    newer = replace(file, instrument=replace(file.instrument, version="2026.2"), sha256="0" * 64)
    province.instrument, _ = store_instrument(newer)
    later = make_sheet(province, unit)
    set_status(later, ChecklistStatus.SUBMITTED)
    jobs.drain()
    row = UnitScore.objects.get(unit=unit, period=province.period, instrument=province.instrument, layer=later.layer)
    assert row.changes != []
    with unguarded():
        set_status(earlier, ChecklistStatus.DRAFT)
    jobs.drain()
    row.refresh_from_db()
    assert row.changes == []


def test_a_roll_up_never_reads_the_text_of_an_instrument():
    """It has more than 100 kB: the engine's own copy in the process is enough."""
    province = make_province(1)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    set_status(province.sheets[0], ChecklistStatus.REVIEWED)
    with CaptureQueriesContext(connection) as context:
        jobs.drain()
    assert not [query["sql"] for query in context if '"definition"' in query["sql"]]
