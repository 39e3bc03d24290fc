"""Real workers, killed and hung brokers (Show 6): nothing asked for stays undone, nothing waits for long work."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest
from django.conf import settings
from django.db import transaction

from tests import processes
from tests.servers import free_port
from wbbm.jobs import doorbell, registry
from wbbm.jobs.models import Job
from wbbm.jobs.services import request

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def kinds():
    """Know the workers' test kinds in this process too."""
    from tests import worker_app

    yield worker_app
    for name in ("tidur", "tidur-cepat"):
        assert registry.get(name) is not None


def is_done(kind, key="a"):
    row = Job.objects.get(kind=kind, key=key)
    return row.done == row.wanted


def ask(kind, seconds, key="a"):
    with transaction.atomic():
        request(kind, key, {"seconds": seconds})


def test_a_killed_workers_job_is_done_after_its_return_without_anyones_doing():
    with processes.process(*processes.sweep()):
        with processes.process(*processes.worker()) as first:
            ask("tidur-cepat", 3)
            processes.wait_until(lambda: Job.objects.get(kind="tidur-cepat").token is not None, 30)
            os.killpg(first.pid, signal.SIGKILL)
        Job.objects.filter(kind="tidur-cepat").update(payload={"seconds": 0})
        with processes.process(*processes.worker()):
            # The worker's own start takes a few seconds of this.
            processes.wait_until(lambda: is_done("tidur-cepat"), 25)


def test_without_the_sweep_a_killed_workers_job_stays_undone():
    """Twin: no sweep, so nobody rings again."""
    with processes.process(*processes.worker()) as first:
        ask("tidur-cepat", 3)
        processes.wait_until(lambda: Job.objects.get(kind="tidur-cepat").token is not None, 30)
        os.killpg(first.pid, signal.SIGKILL)
    Job.objects.filter(kind="tidur-cepat").update(payload={"seconds": 0})
    with processes.process(*processes.worker()):
        time.sleep(12)
        assert not is_done("tidur-cepat")


def test_a_short_job_is_done_within_two_seconds_while_a_long_one_runs():
    with (
        processes.process(*processes.worker("cepat")),
        processes.process(*processes.worker("berat")),
        processes.process(*processes.sweep()),
    ):
        ask("tidur-cepat", 0, "warm")
        processes.wait_until(lambda: is_done("tidur-cepat", "warm"), 30)
        ask("tidur", 30)
        processes.wait_until(lambda: Job.objects.get(kind="tidur").token is not None, 30)
        ask("tidur-cepat", 0, "b")
        assert processes.wait_until(lambda: is_done("tidur-cepat", "b"), 10) < 2
        assert not is_done("tidur")


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis (run by tests/run.py)")
def test_a_hung_redis_delays_a_request_by_less_than_a_second():
    pid = int(_redis_info()["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        doorbell.end_silence()
        began = time.monotonic()
        ask("tidur-cepat", 0, "hung")
        assert time.monotonic() - began < 1
        began = time.monotonic()
        ask("tidur-cepat", 0, "hung again")
        assert time.monotonic() - began < 0.3
    finally:
        os.kill(pid, signal.SIGCONT)
    with processes.process(*processes.worker()), processes.process(*processes.sweep()):
        processes.wait_until(lambda: is_done("tidur-cepat", "hung"), 30)


def _redis_info():
    import redis

    client = redis.Redis.from_url(settings.REDIS_URL)
    try:
        return client.info("server")
    finally:
        client.close()


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def _family(pid):
    """Return the children and theirs: gunicorn has workers of its own."""
    children = _children(pid)
    return children + [pid for child in children for pid in _family(child)]


def _get(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code
    except OSError:
        return 0


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] != "Z"


def test_serve_runs_all_parts_restarts_what_dies_and_leaves_no_orphan():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with processes.process("manage.py", "serve", PORT=str(port), SITE_URL=url) as serve:
        processes.wait_until(lambda: _get(f"{url}/healthz") == 200, 60)
        first = _children(serve.pid)
        assert len(first) == 4
        for dead in first:
            os.kill(dead, signal.SIGKILL)
            processes.wait_until(lambda dead=dead: {dead} & {*_children(serve.pid)} == set(), 1)
            processes.wait_until(lambda: len(_children(serve.pid)) == 4, 1)
        processes.wait_until(lambda: _get(f"{url}/healthz") == 200, 60)
        family = _family(serve.pid)
        assert len(family) >= 6
        os.kill(serve.pid, signal.SIGKILL)
        processes.wait_until(lambda: not any(_is_alive(pid) for pid in family), 5)


def test_serve_ends_all_parts_on_sigterm():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with processes.process("manage.py", "serve", PORT=str(port), SITE_URL=url) as serve:
        processes.wait_until(lambda: _get(f"{url}/healthz") in {200, 503}, 60)
        family = _family(serve.pid)
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(timeout=15) == 0
        assert not any(_is_alive(pid) for pid in family)


def test_health_answers_within_a_second_while_the_database_hangs():
    """A server that takes connections and never says a word: what a frozen PostgreSQL looks like from here."""
    port = free_port()
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen(64)
        silent = f"postgres://portal@127.0.0.1:{mute.getsockname()[1]}/portal"
        web = ["-m", "gunicorn", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
        with processes.process(*web, "--bind", f"127.0.0.1:{port}", "wbbm.wsgi", DATABASE_URL=silent):
            processes.wait_until(lambda: _said(port) is not None, 60)
            for _ in range(4):
                began = time.monotonic()
                assert _said(port) == (503, {"status": "gangguan", "bagian": ["basis data"]})
                assert time.monotonic() - began < 1


def _said(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer)
    except OSError:
        return None
