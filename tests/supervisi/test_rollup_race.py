"""Many changes and several workers at once (Show 9): the stored rows equal a recomputation each time."""

import random
import threading
import time
from contextlib import ExitStack
from fractions import Fraction

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from supervisi.models import ChecklistScore, ChecklistStatus, Period
from supervisi.services import scores
from supervisi.services.recompute import recompute
from tests import processes
from tests.supervisi.districts import make_province, nothing_open, set_status
from tests.worker_app import take_without_lease
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="the race is PostgreSQL's (run by tests/run.py)"
)

ROUNDS = 50
WORKERS = 4
# Killed while they are at it, in these rounds.
KILLS = {7, 18, 29, 40}


# --- one after the other, in one process ------------------------------------------------------------------


class Slow:
    """Lets the first roll-up of a unit stop between reading and writing, until it is told to go on."""

    def __init__(self, monkeypatch, unit):
        self.has_read, self.may_write = threading.Event(), threading.Event()
        compute = scores.compute_result

        def slowly(subject):
            result = compute(subject)
            if subject.unit.pk == unit.pk and not self.has_read.is_set():
                self.has_read.set()
                assert self.may_write.wait(30)
            return result

        monkeypatch.setattr(scores, "compute_result", slowly)


def overtake(monkeypatch):
    """Let a second worker come to the Polda's key while the first one has read and not yet written."""
    province = make_province(2)
    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    set_status(province.sheets[1], ChecklistStatus.SUBMITTED)
    for unit in (province.stations[1], province.polres[0]):
        jobs.run(Job.objects.get(key=province.key(unit)).pk)
    polda = Job.objects.get(key=province.key(province.polda)).pk
    slow = Slow(monkeypatch, province.polda)

    def first_worker():
        try:
            jobs.run(polda)
        finally:
            connections.close_all()

    first = threading.Thread(target=first_worker)
    first.start()
    assert slow.has_read.wait(30)
    # What the first one has read is old from here on.
    set_status(province.sheets[0], ChecklistStatus.DRAFT)
    for unit in (province.stations[0], province.polres[0]):
        jobs.run(Job.objects.get(key=province.key(unit)).pk)
    jobs.run(polda)
    slow.may_write.set()
    first.join()
    jobs.drain()
    return province


def test_a_second_worker_never_lets_an_older_result_stand(monkeypatch):
    province = overtake(monkeypatch)
    assert province.row(province.polda).units_submitted == 1
    assert recompute(is_dry_run=True) == []


def test_without_the_lease_an_older_result_stands(monkeypatch):
    """Twin: the claim taken out, the test above must fail."""
    monkeypatch.setattr(jobs, "claim", take_without_lease)
    province = overtake(monkeypatch)
    assert province.row(province.polda).units_submitted == 2
    assert {difference.field for difference in recompute(is_dry_run=True)} >= {"units_submitted", "score_sum"}


@on_postgresql
def test_a_roll_up_waits_for_a_period_that_is_being_frozen():
    province = make_province(1)
    unit = province.stations[0]

    def roll_up():
        try:
            jobs.run(Job.objects.get(key=province.key(unit)).pk)
        finally:
            connections.close_all()

    set_status(province.sheets[0], ChecklistStatus.SUBMITTED)
    jobs.drain()
    before = province.row(unit).score_sum
    set_status(province.sheets[0], ChecklistStatus.DRAFT)
    worker = threading.Thread(target=roll_up)
    with transaction.atomic():
        now = timezone.now()
        Period.objects.filter(pk=province.period.pk).update(closed_at=now, settled_at=now)
        worker.start()
        worker.join(0.7)
    worker.join()
    assert province.row(unit).score_sum == before > 0


# --- all at once, with real workers -----------------------------------------------------------------------


def move_all(province, status):
    """Move every sheet at once, from several threads."""

    def move(sheets):
        try:
            for sheet in sheets:
                set_status(sheet, status)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=move, args=[province.sheets[part::4]]) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wrong_figures(province, status):
    """Compare the stored rows with a recomputation, and the Polda's with the mean of all its stations."""
    found = [str(difference) for difference in recompute(is_dry_run=True)]
    stored = {unit.pk: province.row(unit) for unit in (*province.polres, province.polda)}
    of_stations = ChecklistScore.objects.filter(checklist__in=province.sheets).values_list("complete", flat=True)
    expected = [20, 5, 25] if status == ChecklistStatus.SUBMITTED else [0, 0, 0]
    if [row.units_submitted for row in stored.values()] != expected:
        found.append(f"submitted: {[row.units_submitted for row in stored.values()]}")
    if expected[-1]:
        row = stored[province.polda.pk]
        if Fraction(row.score_sum, row.units_submitted) != Fraction(sum(of_stations), 25):
            found.append("the mean of 25")
    return found


def first_wrong_round(province, *, pause, is_guarded=True):
    """Move all sheets in each round while real workers are at it, and kill some.

    A worker pauses up to `pause` seconds between reading and writing.
    Return the first round after which something was wrong, with what it was; None if none was.
    """
    chance, slow = random.Random(7), {"WBBM_TEST_SLOW": str(pause)}
    if not is_guarded:
        slow["WBBM_TEST_WITHOUT_LEASE"] = "1"
    with ExitStack() as stack:
        stack.enter_context(processes.process(*processes.sweep()))
        workers = stack.enter_context(processes.workers_at_work(*["cepat"] * WORKERS, **slow))
        for number in range(ROUNDS):
            status = ChecklistStatus.SUBMITTED if number % 2 == 0 else ChecklistStatus.DRAFT
            move_all(province, status)
            if number in KILLS:
                place = chance.randrange(WORKERS)
                time.sleep(chance.random() / 10)
                processes.stop(workers[place])
                workers[place] = stack.enter_context(processes.process(*processes.worker(), **slow))
            processes.wait_until(nothing_open, 60)
            if not is_guarded:
                # Done is what anybody has done: others have read, and are still to write.
                time.sleep(pause)
            wrong = wrong_figures(province, status)
            if wrong:
                return number, wrong
    return None


@on_postgresql
@pytest.mark.servers
def test_rollups_are_right_in_fifty_rounds_with_workers_killed_in_some():
    assert first_wrong_round(make_province(20, 5), pause=0.2) is None


@on_postgresql
@pytest.mark.servers
def test_without_the_lease_rollups_are_wrong_within_some_rounds():
    """Twin: four workers on one key at once. Its pause is long, so that they meet on a busy machine too."""
    assert first_wrong_round(make_province(20, 5), pause=2, is_guarded=False) is not None
