"""The demo district as `make run` serves it: seeded once, with its real web, workers and sweep."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests import processes
from tests.servers import free_port

DEMO = {"DEMO": "1", "DEBUG": "0"}
PASSWORD = "zona-integritas"


def is_healthy(url: str) -> bool:
    """Tell whether database and queues answer."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def demo_stack(**environment: str) -> Iterator[str]:
    """Seed the demo into the database of this process, or into that of the environment; serve it, give the address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    extra = DEMO | {"DEMO_PASSWORD": PASSWORD, "PORT": str(port), "SITE_URL": url} | environment
    subprocess.run(
        [sys.executable, "manage.py", "prepare"], cwd=processes.ROOT, env=processes.environment(**extra), check=True,
        capture_output=True,
    )  # fmt: skip
    with processes.process("manage.py", "serve", **extra):
        processes.wait_until(lambda: is_healthy(url), 60, every=0.2)
        yield url
