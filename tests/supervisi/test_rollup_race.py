"""Fifty rounds with four workers, some of them killed (Show 9): the stored rows equal a recomputation each time."""

import os
import random
import signal
import threading
from contextlib import ExitStack

import pytest
from django.db import connection, connections

from supervisi.models import ChecklistStatus, UnitScore
from supervisi.rollup_key import KIND
from supervisi.services.recompute import recompute
from tests import processes
from tests.supervisi.districts import make_province, set_status
from wbbm.jobs.models import Job

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

ROUNDS = 50
WORKERS = 4


def puller():
    """Return the command of a worker process that takes jobs straight from the table."""
    return ["-m", "tests.pulling_worker"]


def nothing_open():
    return not Job.objects.open().filter(kind=KIND).exists()


def move_all(province, status):
    """Move every sheet at once, from several threads."""

    def move(sheets):
        for sheet in sheets:
            set_status(sheet, status)
        connections.close_all()

    threads = [threading.Thread(target=move, args=[province.sheets[part::4]]) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the race is PostgreSQL's (run by tests/run.py)")
def test_rollups_are_right_after_fifty_rounds_with_workers_killed():
    province = make_province(20, 5)
    chance = random.Random(7)
    with ExitStack() as stack:
        children = [stack.enter_context(processes.process(*puller())) for _ in range(WORKERS)]
        for number in range(ROUNDS):
            status = ChecklistStatus.SUBMITTED if number % 2 == 0 else ChecklistStatus.DRAFT
            move_all(province, status)
            if number % 5 == 2:
                place = chance.randrange(WORKERS)
                os.killpg(children[place].pid, signal.SIGKILL)
                children[place].wait()
                children[place] = stack.enter_context(processes.process(*puller()))
            processes.wait_until(nothing_open, 30)
            stored = {
                unit.pk: (province.row(unit).units_submitted, province.row(unit).score_sum)
                for unit in (*province.polres, province.polda)
            }
            assert recompute(is_dry_run=True) == [], f"round {number}"
            if status == ChecklistStatus.SUBMITTED:
                assert stored[province.polda.pk][0] == 25
    UnitScore.objects.get(unit=province.polda)
