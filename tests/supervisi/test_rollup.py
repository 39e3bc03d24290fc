"""Stored results: of sheets, of units, up the tree."""

import datetime
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistScore, ChecklistStatus, UnitScore, VisitStatus
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.rounding import to_units
from supervisi.services.checklists import stored_answers
from supervisi.services.recompute import recompute
from supervisi.services.scores import choose_counting, want_unit_anew
from tests.factories import make_unit
from tests.supervisi.districts import make_province, make_sheet, set_status
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.organisasi.models import UnitKind

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


def test_recomputing_finds_nothing_to_mend_after_the_jobs_are_done():
    province = make_province(2, 1)
    for sheet in province.sheets[:2]:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    set_status(province.sheets[2], ChecklistStatus.DRAFT)
    jobs.drain()
    assert recompute(is_dry_run=True) == []


def test_a_dry_run_lists_a_wrong_figure_and_leaves_it():
    province = make_province(1)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    UnitScore.objects.filter(unit=province.polda).update(score_sum=7)
    found = recompute(is_dry_run=True)
    assert [difference.field for difference in found] == ["score_sum"]
    assert province.row(province.polda).score_sum == 7
    recompute(is_dry_run=False)
    assert province.row(province.polda).score_sum == exact(province.sheets[0])


def test_a_final_sheets_stored_score_is_reported_and_never_moved():
    province = make_province(1)
    set_status(province.sheets[0], ChecklistStatus.FINAL)
    jobs.drain()
    ChecklistScore.objects.filter(checklist=province.sheets[0]).update(complete=5)
    found = recompute(is_dry_run=False)
    assert any(difference.field == "complete" for difference in found)
    assert ChecklistScore.objects.get(checklist=province.sheets[0]).complete == 5
    assert Checklist.objects.get(pk=province.sheets[0].pk).status == ChecklistStatus.FINAL
