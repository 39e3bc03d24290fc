"""The portal's processes: what `serve` runs, restarts and ends, and what /healthz says of a database that hangs."""

import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest

from tests import processes
from tests.servers import free_port

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return [int(child) for child in children.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []  # it ended meanwhile


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
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


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
        # A process of the web that was killed may have answered that; the new one starts its own.
        processes.wait_until(lambda: len(_family(serve.pid)) >= 6, 60)
        family = _family(serve.pid)
        os.kill(serve.pid, signal.SIGKILL)
        processes.wait_until(lambda: not any(_is_alive(pid) for pid in family), 30)


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

            def slowest_of_four():
                took = []
                for _ in range(4):
                    began = time.monotonic()
                    assert _said(port) == (503, {"status": "gangguan", "bagian": ["basis data"]})
                    took.append(time.monotonic() - began)
                return max(took)

            assert processes.quickest(slowest_of_four, 1) < 1


def _said(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, json.load(answer)
    except OSError:
        return None
