"""A real worker is killed in the middle of roll-ups (Show 6): all is right soon after its return."""

import os
import signal
import time

import pytest
from django.utils import timezone

from supervisi.models import ChecklistStatus, UnitScore
from supervisi.rollup_key import KIND
from supervisi.services.recompute import recompute
from tests import processes
from tests.supervisi.districts import make_province, set_status
from wbbm.jobs.models import Job

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# Seconds from the worker's return.
ALL_RIGHT = 10


def open_keys():
    return set(Job.objects.open().filter(kind=KIND).values_list("key", flat=True))


def kill_in_the_middle(worker, province):
    """Kill the worker while it has a station's key in its hands, and others wait; return that key.

    It is frozen first and looked at twice: what it has sent is over by then, what it holds it will not finish.
    """
    stations = {province.key(unit) for unit in province.stations}
    held = Job.objects.filter(kind=KIND, key__in=stations, token__isnull=False).values_list("key", flat=True)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not held.exists():
            continue
        os.killpg(worker.pid, signal.SIGSTOP)
        time.sleep(0.1)
        key = held.first()
        if key and len(open_keys()) > 1:
            processes.stop(worker)
            return key
        os.killpg(worker.pid, signal.SIGCONT)
    raise AssertionError("the worker was never seen at a station's key with others waiting")


def submit_all_and_kill(province):
    """Hand in the sheets of all stations, kill the worker at it; return the key that it held."""
    for sheet in province.sheets:
        set_status(sheet, ChecklistStatus.SUBMITTED)
    with processes.workers_at_work("cepat") as [worker]:
        return kill_in_the_middle(worker, province)


def test_after_a_kill_in_the_middle_of_roll_ups_all_is_right_without_anyones_doing():
    def kill_and_return():
        province = make_province(20)
        with processes.process(*processes.sweep()):
            submit_all_and_kill(province)
            assert not UnitScore.objects.filter(unit=province.polda, units_submitted=20).exists()
            with processes.workers_at_work("cepat"):
                took = processes.wait_until(lambda: not open_keys(), 60)
        assert province.row(province.polda).units_submitted == 20
        assert recompute(is_dry_run=True) == []
        return took

    assert processes.quickest(kill_and_return, ALL_RIGHT) < ALL_RIGHT


def test_without_the_sweep_a_kill_leaves_a_station_out():
    """Twin: nobody rings again for the key that the killed worker held."""
    province = make_province(20)
    held = submit_all_and_kill(province)
    with processes.workers_at_work("cepat"):
        processes.wait_until(lambda: open_keys() == {held}, 30)
        # Its lease is over, and a worker is there: only the bell is missing.
        processes.wait_until(lambda: Job.objects.claimable(timezone.now()).filter(key=held).exists(), 10)
        time.sleep(3)
        assert open_keys() == {held}
    assert province.row(province.polda).units_submitted == 19
