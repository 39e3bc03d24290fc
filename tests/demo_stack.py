"""The demo district as `make run` serves it: seeded once, with its real web, workers and sweep."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import processes
from tests.portal import collected_already
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


def manage(command: str, environment: dict[str, str]) -> None:
    """Run a command of manage.py; its words are in the error when it fails."""
    arguments = [sys.executable, "manage.py", command, *(["--no-input"] if command == "collectstatic" else [])]
    done = subprocess.run(arguments, cwd=processes.ROOT, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")


@contextmanager
def demo_stack(**environment: str) -> Iterator[str]:
    """Seed the demo into the database of this process, or into that of the environment; serve it, give the address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # A folder of its own: two stacks with one folder of bells would take each other's.
    with tempfile.TemporaryDirectory(prefix="wbbm-demo-", ignore_cleanup_errors=True) as folder:
        own = {"DEMO_PASSWORD": PASSWORD, "PORT": str(port), "SITE_URL": url, "DATA_DIR": folder}
        extra = DEMO | own | environment
        if not collected_already(Path(extra["DATA_DIR"])):
            manage("collectstatic", processes.environment(**extra))
        manage("prepare", processes.environment(**extra))
        with processes.process("manage.py", "serve", **extra):
            processes.wait_until(lambda: is_healthy(url), 60, every=0.2)
            yield url
