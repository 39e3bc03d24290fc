"""/metrics: on its own listener on this machine only, by route names, of nobody, and never of pages for reports."""

import http.client
import subprocess
import sys
import urllib.request

import pytest
from django.test import Client

from tests import processes
from tests.servers import free_port
from wbbm import metrics
from wbbm.jobs import services
from wbbm.jobs.models import Job
from wbbm.jobs.state import read_state


def asked(**changes):
    """Return whether such a request would be answered."""
    environ = {
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:9180", "REQUEST_METHOD": "GET", "PATH_INFO": "/metrics",
    }  # fmt: skip
    return metrics.may_ask(environ | changes)


def test_only_somebody_on_this_machine_is_answered():
    assert asked()
    assert asked(HTTP_HOST="localhost:9180")
    for other in (
        {"REMOTE_ADDR": "192.168.1.7"}, {"REMOTE_ADDR": ""}, {"REMOTE_ADDR": "::ffff:127.0.0.1"},
        {"HTTP_HOST": "zi.contoh.go.id"}, {"HTTP_HOST": ""}, {"HTTP_HOST": "127.0.0.1.lain.test:9180"},
        {"REQUEST_METHOD": "POST"}, {"PATH_INFO": "/metrics/"}, {"PATH_INFO": "/lapor/"},
        *({name: "127.0.0.1"} for name in metrics._PROXIED),
    ):  # fmt: skip
        assert not asked(**other), other


@pytest.mark.django_db
def test_the_portal_itself_has_no_such_page(settings):
    for host in ("127.0.0.1", "testserver"):
        assert Client(HTTP_HOST=host).get("/metrics").status_code == 404


def test_what_cannot_be_read_is_not_there(monkeypatch):
    said = []
    monkeypatch.setattr(metrics, "may_ask", lambda environ: True)
    monkeypatch.setattr(metrics, "write_page", lambda: 1 / 0)
    assert metrics.answer({}, lambda status, head: said.append(status)) == []
    assert said == ["404 Not Found"]


def test_a_port_that_everybody_reaches_is_refused():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=processes.ROOT, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PORT": "8000", "METRICS_PORT": "8000"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "METRICS_PORT harus lain daripada PORT" in done.stderr


@pytest.mark.django_db
def test_the_state_of_the_jobs_is_read_by_one_query(django_assert_num_queries):
    services.request("rollup", "1:1:1:self")
    services.request("rollup", "2:1:1:self")
    services.request("document", "1")
    Job.objects.filter(key="2:1:1:self").update(dead_at="2026-01-01T00:00Z")
    with django_assert_num_queries(1):
        state = read_state()
    assert (state.queues["cepat"].waiting, state.queues["cepat"].dead) == (1, 1)
    assert (state.queues["berat"].waiting, state.dead, state.swept) == (1, 1, None)


def read(port, path="/metrics", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_processes_of_the_web_count_together_and_of_nobody_who_reports():
    port, metrics_port = free_port(), free_port()
    web = ["-m", "gunicorn", "--workers", "2", "--worker-class", "gthread", "--threads", "2", "--no-control-socket"]
    config = ["--config", "wbbm/gunicorn_config.py", "--bind", f"127.0.0.1:{port}", "wbbm.wsgi"]
    with processes.process(*web, *config, PORT=str(port), METRICS_PORT=str(metrics_port), DEBUG="1"):

        def is_up():
            try:
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/masuk/", timeout=2).status == 200
            except OSError:
                return False

        processes.wait_until(is_up, 60)
        for _ in range(20):
            assert read(port, "/masuk/")[0] == 200
        read(port, "/tidak-ada/tandajalur/")
        read(port, "/lapor/")
        read(port, "/s/tandatoken123")
        status, said = read(metrics_port)
        assert status == 200
        counted = {
            line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in said.splitlines() if line[0] != "#"
        }
        assert counted['portal_requests_total{route="sign-in",status="2xx"}'] >= 20
        assert counted['portal_requests_total{route="none",status="4xx"}'] == 1
        assert counted["portal_database_up"] == 1
        assert 'portal_jobs_waiting{queue="cepat"}' in counted
        for hidden in ("lapor", "report", "tandajalur", "tandatoken", "survey"):
            assert hidden not in said
        # The same page is nowhere else, and for nobody who comes through a proxy.
        assert read(port)[0] == 404
        assert read(metrics_port, "/masuk/")[0] == 404
        assert read(metrics_port, **{"X-Forwarded-For": "127.0.0.1"})[0] == 404
