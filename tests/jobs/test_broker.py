"""The broker's options: a web process gives up soon, a worker waits."""

from pathlib import Path

import pytest
from kombu import Connection

from wbbm import celery


@pytest.mark.parametrize(
    ("command", "is_worker"),
    [
        (["/opt/portal/.venv/bin/celery", "-A", "wbbm", "worker"], True),
        # `python -m celery`, as `manage.py serve` starts it
        (["/opt/portal/.venv/lib/python3.11/site-packages/celery/__main__.py", "-A", "wbbm", "worker"], True),
        (["/opt/portal/.venv/bin/celery", "-A", "wbbm", "inspect"], False),
        (["/opt/portal/.venv/lib/python3.11/site-packages/gunicorn/__main__.py", "wbbm.wsgi"], False),
        (["manage.py", "worker"], False),
    ],
)
def test_a_worker_is_known_by_its_command(monkeypatch, command, is_worker):
    monkeypatch.setattr("sys.argv", command)
    assert celery.is_worker() is is_worker


@pytest.mark.parametrize(("is_worker", "shortest", "longest"), [(True, 4, 30), (False, 0.1, 0.5)])
def test_only_a_web_process_gives_up_after_half_a_second(settings, monkeypatch, is_worker, shortest, longest):
    settings.REDIS_URL = "redis://127.0.0.1/0"
    monkeypatch.setattr(celery, "is_worker", lambda: is_worker)
    found = celery.transport_options()
    for name in ("socket_timeout", "socket_connect_timeout"):
        assert shortest <= found[name] <= longest
    assert found["unacked_restore_interval"] == 2
    assert ("max_retries" in found) is not is_worker


def test_a_message_in_the_folder_is_seen_whole_or_not_at_all(tmp_path, monkeypatch):
    """kombu names a message before it writes it: a worker that looked in between read nothing, and ended."""
    folder = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path / "k")}
    with Connection("filesystem://", transport_options=folder) as bell:
        # A queue of its own: kombu remembers in the process what was bound in other folders.
        queue = bell.SimpleQueue("hanya-di-sini")
        seen = []

        def named(aside, name, replace=Path.replace):
            with pytest.raises(queue.Empty):
                queue.get_nowait()
            seen.append(name.name.endswith(".hanya-di-sini.msg"))
            return replace(aside, name)

        monkeypatch.setattr(Path, "replace", named)
        queue.put({"job": 7})
        assert seen == [True]
        assert queue.get_nowait().payload == {"job": 7}
