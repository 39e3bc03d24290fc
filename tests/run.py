"""Run the suite as far as this machine can: SQLite, then PostgreSQL with Redis, then a real browser.

The last lines name what was left out and why; with REQUIRE_ALL=1 a missing part is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from tests import servers

INSTALL = {
    "workbook": "Hitung ulang buku kerja oleh LibreOffice: pasang paket libreoffice-calc",
    "pdf": "Dokumen PDF: pasang paket libpango-1.0-0, libpangoft2-1.0-0 dan libharfbuzz-subset0",
    "copies": "Salinan bukti: pasang paket rsync",
    "postgres": "PostgreSQL dan Redis: pasang paket postgresql dan redis-server",
    "browser": "Peramban: pasang paket chromium",
}
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


@dataclass(frozen=True)
class Part:
    """One run of pytest, with its environment."""

    title: str
    arguments: list[str]
    environment: dict[str, str]
    # What needs the cores all the time gives way to what mostly waits, whose tests tell seconds.
    niceness: int = 0

    def run(self, *, is_quiet: bool = False) -> str:
        """Run it; return the title when it failed, else nothing. A quiet one says everything at its end."""
        if not is_quiet:
            print(f"\n=== {self.title}", flush=True)
        with tempfile.TemporaryDirectory(prefix="wbbm-test-") as folder:
            env = os.environ | {"DATA_DIR": folder, "DEMO": "0", "DEBUG": "0"} | self.environment
            command = ["nice", "-n", str(self.niceness), *PYTEST, *self.arguments]
            done = subprocess.run(command, env=env, check=False, capture_output=is_quiet, text=True, errors="replace")
        if is_quiet:
            print(f"\n=== {self.title}\n{done.stdout}{done.stderr}", flush=True)
        return "" if done.returncode == 0 else self.title


def _makes_pdf() -> bool:
    """Tell whether this machine can make documents."""
    return subprocess.run([sys.executable, "-c", "import weasyprint"], check=False, capture_output=True).returncode == 0


@contextmanager
def _in_memory() -> Iterator[None]:
    """Let temporary folders lie in memory where there is plenty: tests that save spend a fifth less then."""
    memory, enough = Path("/dev/shm"), 8 * 1024**3  # noqa: S108 (a folder of our own is made in it)
    told = Path("/proc/meminfo")
    found = re.search(r"MemAvailable: *(\d+) kB", told.read_text()) if told.exists() and memory.is_dir() else None
    if found is None or int(found[1]) * 1024 < enough or shutil.disk_usage(memory).free < enough:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="wbbm-test-", dir=memory) as folder:
        # PostgreSQL runs as somebody else.
        Path(folder).chmod(0o711)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        yield
    del os.environ["TMPDIR"]
    tempfile.tempdir = None


@contextmanager
def migrated(addresses: dict[str, str]) -> Iterator[dict[str, str]]:
    """Migrate a database once for all processes of a part (tests/conftest.py copies it); yield the environment."""
    with tempfile.TemporaryDirectory(prefix="wbbm-test-") as folder:
        own, template = dict(addresses), str(Path(folder) / "portal.sqlite3")
        if "DATABASE_URL" in addresses:
            template = "wbbm_template"
            server = psycopg2.connect(addresses["DATABASE_URL"])
            server.autocommit = True
            with closing(server), server.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {template}")
            own["DATABASE_URL"] = addresses["DATABASE_URL"].rpartition("/")[0] + f"/{template}"
        env = os.environ | {"DATA_DIR": folder, "DEMO": "0", "DEBUG": "0"} | own
        manage = [sys.executable, "manage.py"]
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=env, check=True)
        if "DATABASE_URL" not in addresses:
            # Compressing them takes ten times as long as a copy: tests/portal.py.
            subprocess.run([*manage, "collectstatic", "--no-input", "--verbosity", "0"], env=env, check=True)
        yield addresses | {"TEST_TEMPLATE": template}


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    """Run PostgreSQL with a migrated database, and Redis; yield the environment."""
    with servers.postgres() as database, servers.redis() as queue:
        keys = {"SECRET_KEY": "kunci-untuk-uji-saja-" * 4, "REPORT_KEY": "kunci-untuk-uji-saja-" * 4}
        with migrated({"DATABASE_URL": database, "REDIS_URL": queue} | keys) as environment:
            yield environment


@dataclass
class Plan:
    """Two rows beside each other: what keeps the cores busy, and what mostly waits for browsers and workers."""

    busy: list[Part] = field(default_factory=list)
    waiting: list[Part] = field(default_factory=list)

    def run(self) -> list[str]:
        """Run both rows; return the titles of what failed."""
        # Of what waits two at once, the longest first; the browser begins as soon as one of the others is done.
        with ThreadPoolExecutor(2) as pool:
            beside = [pool.submit(part.run, is_quiet=bool(self.busy)) for part in self.waiting]
            failed = [part.run() for part in self.busy]
            failed += [part.result() for part in beside]
        return [title for title in failed if title]


def missing_parts(asked: list[str]) -> dict[str, str]:
    """Return what of the parts asked for can't be run here: its mark, and what to install."""
    lacks = {
        "workbook": shutil.which("soffice") is None,
        "pdf": not _makes_pdf(),
        "copies": shutil.which("rsync") is None,
        "postgres": "postgres" in asked and (servers.postgres_bin() is None or shutil.which("redis-server") is None),
        "browser": "browser" in asked and shutil.which("chromium") is None,
    }
    return {name: INSTALL[name] for name, is_lacking in lacks.items() if is_lacking}


def make_plan(parts: set[str], plain: dict[str, str], addresses: list[dict[str, str]], *, has_pdf: bool) -> Plan:
    """Return what is run: on SQLite with the environment `plain`, on two PostgreSQL servers with theirs."""
    # How they are spread: tests/conftest.py. The slowest are named: the suite is to stay under 20 minutes on two cores.
    cores = min(4, os.cpu_count() or 1)
    shared = ["--durations", "12"]
    # One process more than cores, as tests also wait for disk and database; a browser brings processes of its own.
    spread, browsing = ["-n", str(cores + 1), *shared], ["-n", str(cores), *shared]
    printed = "" if has_pdf else " and not pdf"
    quick, alone = f"not browser and not servers{printed}", f"servers and not browser{printed}"
    plan = Plan()
    if "sqlite" in parts:
        plan.busy.append(Part("SQLite, antrean berkas", [*spread, "-m", quick], plain, niceness=10))
        plan.waiting.append(Part("SQLite, pekerja sungguhan", ["-m", alone], plain))
    if addresses:
        title = "PostgreSQL dan Redis"
        plan.busy.append(Part(title, [*spread, "-m", f"{quick} and not once"], addresses[0], niceness=10))
        real = Part(f"{title}, pekerja sungguhan", ["-m", f"{alone} and not once"], addresses[1])
        plan.waiting.insert(0, real)
    if "browser" in parts:
        arguments = [*browsing, "-m", "browser", "tests/browser"]
        plan.waiting.append(Part("Peramban sungguhan (Chromium)", arguments, plain))
    return plan


def main() -> int:
    """Run what can be run; return the exit code."""
    # The last of these makes each of some hundred processes compile the portal anew.
    for name in ("DATABASE_URL", "REDIS_URL", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    asked = sys.argv[1:] or ["sqlite", "postgres", "browser"]
    missing = missing_parts(asked)
    parts = set(asked) - set(missing)
    with ExitStack() as stack:
        stack.enter_context(_in_memory())
        # Real workers have servers of their own: some tests stop and start theirs.
        needed = [migrated({}), *([_servers(), _servers()] if "postgres" in parts else [])]
        with ThreadPoolExecutor(len(needed)) as pool:
            plain, *addresses = pool.map(stack.enter_context, needed)
        failed = make_plan(parts, plain, addresses, has_pdf="pdf" not in missing).run()
    print()
    for title in failed:
        print(f"GAGAL: {title}")
    for how in missing.values():
        print(f"Tidak dijalankan: {how}")
    if missing and os.environ.get("REQUIRE_ALL") == "1":
        print("REQUIRE_ALL=1: bagian yang tidak dijalankan dihitung gagal")
        return 1
    if not failed and not missing:
        print("Semua bagian dijalankan.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
