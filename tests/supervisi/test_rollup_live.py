"""A saved answer on its way to the Kapolres's page through real workers (Show 6): in time, past long or hung parts."""

import os
import re
import signal
import time

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from supervisi.instrument_cache import engine_instrument
from supervisi.services import answers
from supervisi.services.checklists import return_checklist
from supervisi.services.recompute import recompute
from tests import processes
from tests.supervisi.districts import nothing_open
from tests.supervisi.sheets import LETTER, body, make_world, op
from tests.worker_app import app
from wbbm.jobs import doorbell, services
from wbbm.jobs.models import Job

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# What the portal promises, in seconds: from a reply to the commander's page, and from a return to all right.
IN_TIME, ALL_RIGHT = 2, 10
assert app  # this process knows the test kinds, too


@pytest.fixture(scope="module")
def parts(django_db_setup):
    """Both workers and the sweep, at work."""
    with processes.process(*processes.sweep()), processes.workers_at_work("cepat", "berat"):
        yield


@pytest.fixture
def world():
    made = make_world("hidup")
    made.team, made.kapolres = Client(), Client()
    made.team.force_login(made.leader)
    made.kapolres.force_login(made.commander)
    return made


def save(world, code=LETTER, answer="A", base=0):
    """Save an answer as the browser does; return the status of the reply."""
    url = reverse("supervisi:checklist-operations", args=[world.checklist.pk])
    return world.team.post(url, body(code, answer, base=base), content_type="application/json").status_code


def page(world):
    """Return the words of the Kapolres's page."""
    answer = world.kapolres.get(reverse("supervisi:unit-dashboard", args=[world.polres.pk]))
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def start_long_work():
    with transaction.atomic():
        services.request("tidur", "lama", {"seconds": 120})
    processes.wait_until(lambda: Job.objects.get(kind="tidur").token is not None, 20)


def test_a_saved_answer_is_rolled_up_and_shown_in_time_while_long_work_runs(parts, world):
    start_long_work()
    assert "1 dari 59 butir" not in page(world)
    letters = [item for item in engine_instrument(world.instrument).items if item.options]
    places = iter(range(1, 4))

    def save_and_read():
        place = next(places)
        item = letters[place - 1]
        assert save(world, item.code, item.options[0].code) == 200
        return processes.wait_until(lambda: f"{place} dari 59 butir" in page(world), 20)

    assert processes.quickest(save_and_read, IN_TIME) < IN_TIME
    long_work = Job.objects.get(kind="tidur")
    assert (long_work.token is not None, long_work.done) == (True, 0)


def test_a_submitted_sheets_score_is_shown_in_time(parts, world):
    for item in engine_instrument(world.instrument).items:
        full = item.options[0].code if item.options else {entry.key: 1 for entry in item.inputs}
        answers.save_operation(checklist=world.checklist, operation=op(item.code, full), by=world.leader)
    step = reverse("supervisi:checklist-step", args=[world.checklist.pk, "submit"])

    def submit_and_read():
        processes.wait_until(lambda: nothing_open() and "100,00" not in page(world), 60)
        assert world.team.post(step).status_code == 302
        took = processes.wait_until(lambda: "100,00" in page(world), 20)
        return_checklist(checklist=world.reload(), by=world.reviewer, reason="Lengkapi catatan.")
        return took

    assert processes.quickest(submit_and_read, IN_TIME) < IN_TIME


# --- a broker that hangs ----------------------------------------------------------------------------------


@pytest.fixture
def redis_pid():
    """The broker's process; it runs again after the test, whatever happens."""
    import redis

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        pid = int(client.info("server")["process_id"])
    yield pid
    os.kill(pid, signal.SIGCONT)


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis (run by tests/run.py)")
def test_with_redis_hung_people_save_and_read_on_and_the_scores_catch_up(parts, world, redis_pid):
    assert save(world) == 200
    processes.wait_until(lambda: "1 dari 59 butir" in page(world), 20)
    versions = iter(range(1, 10))

    def hang_and_go_on():
        """Return the slowest reply meanwhile and the time until all is counted."""
        os.kill(redis_pid, signal.SIGSTOP)
        doorbell.end_silence()
        replies = []
        for letter in "BC":
            began = time.monotonic()
            assert save(world, answer=letter, base=next(versions)) == 200
            replies.append(time.monotonic() - began)
        began = time.monotonic()
        shown = page(world)
        replies.append(time.monotonic() - began)
        assert "sedang diperbarui" in shown
        os.kill(redis_pid, signal.SIGCONT)
        caught_up = processes.wait_until(nothing_open, 60)
        assert recompute(is_dry_run=True) == []
        assert "sedang diperbarui" not in page(world)
        # In parts of what is promised: a second for each reply, ten until all is right.
        return max(*replies, caught_up / ALL_RIGHT)

    assert processes.quickest(hang_and_go_on, 1) < 1
