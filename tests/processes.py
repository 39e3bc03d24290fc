"""Real workers and sweeps for a test, against the test's own database and broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def database_url() -> str:
    """Return the address of the test database that this process uses."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a process that works on the test's database and broker."""
    return (
        os.environ
        | {
            "DATABASE_URL": database_url(),
            "DATA_DIR": str(settings.DATA_DIR),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "REPORT_KEY": settings.REPORT_KEY,
            "DJANGO_SETTINGS_MODULE": "wbbm.settings",
        }
        | extra
    )


@contextmanager
def process(*command: str, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process for as long as the block lasts."""
    child = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=environment(**extra), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield child
    finally:
        stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Kill a process with its children."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(timeout=10)


def worker(queue: str = "cepat") -> list[str]:
    """Return the command of a real worker, with the kinds that tests add."""
    options = ["--pool", "solo", "--queues", queue, "--loglevel", "warning", "--without-gossip", "--without-mingle"]
    return [
        "-m",
        "celery",
        "-A",
        "tests.worker_app",
        "worker",
        *options,
        "--hostname",
        f"{queue}-{os.urandom(3).hex()}@%h",
    ]


@contextmanager
def workers_at_work(*queues: str, **extra: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run a real worker for each queue; the block begins once all of them have said that they are at work."""
    with tempfile.TemporaryDirectory(prefix="wbbm-ready-") as folder, ExitStack() as stack:
        children, signs = [], []
        for number, queue in enumerate(queues):
            signs.append(Path(folder) / f"{number}")
            children.append(stack.enter_context(process(*worker(queue), WBBM_TEST_READY=str(signs[-1]), **extra)))
        wait_until(lambda: all(sign.exists() for sign in signs), 60)
        yield children


def sweep() -> list[str]:
    """Return the command of the sweep."""
    return ["manage.py", "sweep"]


def wait_until(is_so: Callable[[], bool], seconds: float, every: float = 0.05) -> float:
    """Wait until something is so; return how long it took, or fail."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if is_so():
            return time.monotonic() - began
        time.sleep(every)
    raise AssertionError(f"not so within {seconds} s")


def quickest(attempt: Callable[[], float], within: float, tries: int = 3) -> float:
    """Return the shortest of so many tries in seconds; the first that is below `within` is enough.

    What the portal promises in seconds it must be able to keep; that others are at work beside it may cost it a try.
    """
    took: list[float] = []
    while len(took) < tries and not any(seconds < within for seconds in took):
        took.append(attempt())
    return min(took)
