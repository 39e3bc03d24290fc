"""While the portal is updated: every page says so without asking the database, scripts keep what they hold."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import pytest
from django.core.management import call_command
from django.test import Client

from tests.factories import make_person, make_unit
from wbbm import maintenance
from wbbm.jobs import services as jobs
from wbbm.jobs.models import Job
from wbbm.jobs.supervise import Child, supervise
from wbbm.organisasi.models import Role


@pytest.fixture(autouse=True)
def _own_flag(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.mark.django_db
def test_everything_answers_503_without_the_database_and_comes_back(django_assert_num_queries, monkeypatch):
    person = make_person(make_unit(), Role.OPERATOR)
    client = Client()
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    maintenance.turn_on()
    with django_assert_num_queries(0):
        for address in ("/", "/masuk/", "/dasbor/", "/lapor/", "/s/", "/tidak-ada/", "/admin/"):
            answer = client.get(address)
            said = answer.content.decode()
            assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "60", "no-store")
            assert "Portal sedang diperbarui" in said and "default-src 'none'" in answer["Content-Security-Policy"]
        saved = client.post("/supervisi/lembar/1/operasi/", {"a": 1}, content_type="application/json")
        assert (saved.status_code, saved.json()["code"]) == (503, "maintenance")
        assert client.get("/healthz").json() == {"status": "pembaruan"}
    maintenance.turn_off()
    maintenance.turn_off()
    assert client.get("/dasbor/", follow=True).status_code == 200
    # Twin: with the flag unheeded the same request asks the database.
    maintenance.turn_on()
    monkeypatch.setattr(maintenance, "is_on", lambda: False)
    assert client.get("/dasbor/", follow=True).status_code == 200


@pytest.mark.django_db
def test_the_command_finishes_what_is_to_be_counted_and_says_how_it_stands(capsys):
    done = []
    jobs.register("uji-cepat", lambda claim: done.append(claim.key), queue="cepat")
    jobs.register("uji-berat", lambda claim: done.append(claim.key), queue="berat")
    jobs.request("uji-cepat", "a")
    jobs.request("uji-berat", "b")
    call_command("maintenance", "status")
    call_command("maintenance", "on", settle=0)
    assert (done, maintenance.is_on()) == (["a"], True)
    assert Job.objects.open().get().kind == "uji-berat"
    call_command("maintenance", "off")
    assert capsys.readouterr().out.split("\n")[:3] == ["terbuka", "sedang diperbarui", "terbuka"]


def test_workers_rest_meanwhile_and_the_web_stays(capfd):
    """What `serve` does with its processes, with two that only sleep."""
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    web, worker = Child("web", sleep), Child("pekerja", sleep, may_rest=True)
    stop = threading.Event()
    thread = threading.Thread(target=supervise, args=[[web, worker], stop, maintenance.is_on])
    thread.start()
    try:
        wait(lambda: web.is_running and worker.is_running)
        first = worker.process.pid
        maintenance.turn_on()
        wait(lambda: not worker.is_running)
        time.sleep(0.7)
        assert web.is_running and not worker.is_running
        maintenance.turn_off()
        wait(lambda: worker.is_running)
        assert worker.process.pid != first
        assert "berhenti" not in capfd.readouterr().err
        second = worker.process.pid
        os.kill(second, signal.SIGKILL)
        wait(lambda: worker.process.pid != second)
    finally:
        stop.set()
        thread.join(timeout=10)
    assert "pekerja berhenti; dijalankan lagi" in capfd.readouterr().err


def wait(condition, seconds=10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
