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
from supervisi.rollup_key import KIND
from supervisi.services import answers
from supervisi.services.checklists import return_checklist
from supervisi.services.recompute import recompute
from tests import processes
from tests.supervisi.sheets import LETTER, body, make_world, op
from tests.worker_app import app
from wbbm.jobs import doorbell, services
from wbbm.jobs.models import Job

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# What the portal promises, in seconds: from a reply to the commander's page.
IN_TIME = 2
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


def nothing_open():
    return not Job.objects.open().filter(kind=KIND).exists()


def start_long_work():
    with transaction.atomic():
        services.request("tidur", "lama", {"seconds": 120})
    processes.wait_until(lambda: Job.objects.get(kind="tidur").token is not None, 20)


def test_a_saved_answer_is_rolled_up_and_shown_in_time_while_long_work_runs(parts, world):
    start_long_work()
    assert "1 dari 59 butir" not in page(world)
    took = []
    letters = [item for item in engine_instrument(world.instrument).items if item.options]
    for place, item in enumerate(letters[:3], start=1):
        assert save(world, item.code, item.options[0].code) == 200
        took.append(processes.wait_until(lambda so_far=f"{place} dari 59 butir": so_far in page(world), 20))
    # The quickest, as other tests are at work beside this one.
    assert min(took) < IN_TIME
    long_work = Job.objects.get(kind="tidur")
    assert (long_work.token is not None, long_work.done) == (True, 0)


def test_a_submitted_sheets_score_is_shown_in_time(parts, world):
    for item in engine_instrument(world.instrument).items:
        full = item.options[0].code if item.options else {entry.key: 1 for entry in item.inputs}
        answers.save_operation(checklist=world.checklist, operation=op(item.code, full), by=world.leader)
    step = reverse("supervisi:checklist-step", args=[world.checklist.pk, "submit"])
    took = []
    for _ in range(3):
        processes.wait_until(lambda: nothing_open() and "100,00" not in page(world), 60)
        assert world.team.post(step).status_code == 302
        took.append(processes.wait_until(lambda: "100,00" in page(world), 20))
        return_checklist(checklist=world.reload(), by=world.reviewer, reason="Lengkapi catatan.")
    # The quickest, as above.
    assert min(took) < IN_TIME


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
    os.kill(redis_pid, signal.SIGSTOP)
    saving, reading = [], []
    for base, letter in enumerate("BCBC", start=1):
        doorbell.end_silence()
        began = time.monotonic()
        assert save(world, answer=letter, base=base) == 200
        saving.append(time.monotonic() - began)
        began = time.monotonic()
        assert "sedang diperbarui" in page(world)
        reading.append(time.monotonic() - began)
    # The quickest, as above.
    assert min(saving) < 1
    assert min(reading) < 1
    os.kill(redis_pid, signal.SIGCONT)
    processes.wait_until(nothing_open, 60)
    assert recompute(is_dry_run=True) == []
    assert "sedang diperbarui" not in page(world)
