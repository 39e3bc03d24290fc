"""The portal as it runs: `serve` with its web, workers and sweep, and the servers below it; all can be hurt."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests import servers
from tests.demo_stack import is_healthy

ROOT = Path(__file__).resolve().parent.parent
# Acknowledged is what is on disk, as on a real server. What is not asked for is written late, so that it shows.
LATE = "-c wal_writer_delay=10s -c wal_writer_flush_after=1GB -c wal_buffers=64MB"
DURABLE = f"-c synchronous_commit=on {LATE} -c bgwriter_lru_maxpages=0 -c autovacuum=off"
KEYS = {"SECRET_KEY": "kunci-untuk-latihan-" * 4, "REPORT_KEY": "kunci-latihan-yang-lain-" * 4}
WITHIN = 90.0


def wait_until(is_so: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> float:
    """Wait until something is so; return how long it took.

    Raises:
        TimeoutError: it isn't so in time.
    """
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - began


def descendants(pid: int) -> dict[int, str]:
    """Return the processes below one, with their command lines."""
    parents: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            facts = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if facts[0] != "Z":
            parents[int(place.name)] = int(facts[1])
    found: dict[int, str] = {}
    heads = {pid}
    while heads:
        heads = {child for child, parent in parents.items() if parent in heads}
        for child in heads:
            try:
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return found


@dataclass
class Stack:
    """One portal of a drill."""

    environment: dict[str, str]
    build: Path
    folder: Path
    port: int
    postgres: servers.Postgres | None = None
    redis: servers.Redis | None = None
    command: list[str] = field(default_factory=lambda: ["manage.py", "serve"])
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def data(self) -> Path:
        """Its DATA_DIR."""
        return Path(self.environment["DATA_DIR"])

    @property
    def engine(self) -> str:
        """What it stands on, in words."""
        return "SQLite + folder" if self.postgres is None else "PostgreSQL + Redis"

    def launch(self) -> None:
        """Start it; it isn't ready yet."""
        # Not before: with it come the settings, and those of the environment of this moment.
        from wbbm.jobs.supervise import _die_with_parent

        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.command], cwd=self.build, env=self.environment, start_new_session=True,
                preexec_fn=_die_with_parent, stdout=log, stderr=log,
            )  # fmt: skip

    def start(self) -> None:
        """Start it and wait until each queue's canary has come back."""
        self.launch()
        self.wait_healthy()

    def wait_healthy(self) -> None:
        """Wait until /healthz says that all parts work."""
        wait_until(self._is_healthy, WITHIN, "healthy", every=0.5)

    def _is_healthy(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RuntimeError(f"the portal ended: {self.log()[-500:]}")
        return is_healthy(self.url)

    def answers(self) -> bool:
        """Tell whether the web answers at all."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            link.request("GET", "/masuk/")
            return link.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def parts(self, word: str) -> list[int]:
        """Return the processes whose command line holds the word, the oldest first."""
        if self.process is None:
            return []
        return sorted(pid for pid, line in descendants(self.process.pid).items() if word in line)

    def kill(self, *pids: int) -> None:
        """Kill processes of this stack as the kernel does when memory runs out."""
        self.signal(signal.SIGKILL, *pids)

    def signal(self, number: int, *pids: int) -> None:
        """Send a signal to processes of this stack, and to no other."""
        ours = {self.process.pid, *descendants(self.process.pid)} if self.process else set()
        for pid in pids:
            if pid in ours:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    continue

    def kill_all(self) -> None:
        """Kill all parts at once, as when the machine's power goes."""
        if self.process is None:
            return
        self.kill(self.process.pid, *descendants(self.process.pid))
        self.process.wait(timeout=10)

    def log(self) -> str:
        """Return the end of what its parts said."""
        return (self.folder / "log").read_text(errors="replace")[-4000:]


@contextmanager
def running(stack: Stack) -> Iterator[Stack]:
    """Run a stack for as long as the block lasts."""
    try:
        stack.start()
        yield stack
    finally:
        stack.kill_all()


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="wbbm-latihan-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """Put a small file system of its own under a folder (root only)."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=False)


def fill(place: Path) -> Path:
    """Write until the file system is full; return the file that takes the space."""
    ballast = place / "penuh"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast
