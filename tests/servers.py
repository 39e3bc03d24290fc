"""PostgreSQL and Redis for a test run: own servers on free ports, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def postgres_bin() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest version first."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = shutil.which("initdb")
    if places:
        return places[0].parent
    return Path(found).parent if found else None


def _as_postgres() -> list[str]:
    """Return the prefix that runs a command as an ordinary user: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


# Quick, and nothing that outlives a test; a drill asks for what a real server does.
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server of our own: where it lies, so that it can be stopped and started by whoever knows that."""

    folder: Path
    port: int
    options: str = QUICK

    @property
    def url(self) -> str:
        """Its DATABASE_URL."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._control("-l", str(self.folder / "log"), "-o", f"{options} -c max_connections=200 {self.options}", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is a crash, `fast` ends what is running."""
        self._control("-m", mode, "stop", check=False)

    def _control(self, *words: str, check: bool = True) -> None:
        programs = postgres_bin()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed")
        command = [*_as_postgres(), programs / "pg_ctl", "-D", self.folder / "data", "-w", *words]
        subprocess.run(command, check=check, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def postgres_server(options: str = QUICK) -> Iterator[Postgres]:
    """Run a PostgreSQL server of our own."""
    programs = postgres_bin()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="wbbm-pg-"))
    prefix = _as_postgres()
    if prefix:
        shutil.chown(folder, "postgres", "postgres")
    setup = [*prefix, programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust"]
    subprocess.run(
        [*setup, "-E", "UTF8", "--locale=C.UTF-8"], check=True, stdout=subprocess.DEVNULL, cwd="/"
    )  # fmt: skip
    server = Postgres(folder, free_port(), options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server of our own; yield its DATABASE_URL."""
    with postgres_server() as server:
        yield server.url


class Redis:
    """A Redis server of our own, with AOF and without eviction, that can be killed, hung and started again."""

    def __init__(self) -> None:
        self.program = shutil.which("redis-server")
        if self.program is None:
            raise RuntimeError("Redis is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="wbbm-redis-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        options = ["--save", "", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
        self.process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        _wait_for_port(self.port)

    def send(self, number: int) -> None:
        """Send it a signal: SIGSTOP hangs it, SIGCONT lets it go on."""
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, by SIGKILL as a crash does."""
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        self.process.wait(timeout=10)

    def forget(self) -> None:
        """Throw away what it kept on disk."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()


@contextmanager
def redis_server() -> Iterator[Redis]:
    """Run a Redis server of our own."""
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
        shutil.rmtree(server.folder, ignore_errors=True)


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server of our own; yield its REDIS_URL."""
    with redis_server() as server:
        yield server.url


def _wait_for_port(port: int, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
