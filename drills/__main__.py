"""`make drills`: every drill on the portal as it is, and on a build without its guard; exit code 1 where one is wrong.

`DRILL=name` runs one, `--write` keeps the table in docs/ketahanan.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from drills import report
from drills.registry import DRILLS, find
from drills.sabotage import BY_DRILL
from drills.stack import DURABLE, KEYS, ROOT, scratch
from tests import servers

# No drill takes this long; what does has hung.
TIMEOUT = 420


@dataclass
class Ground:
    """What the drills of one engine share: a filled database to copy, and who is in it."""

    engine: str
    folder: Path
    postgres: servers.Postgres | None

    def environment(self, data: Path) -> dict[str, str]:
        """Return the environment of a process of the portal, with nothing in it but what is meant."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | KEYS | {"DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "wbbm.settings", "DEMO": "0"}

    @property
    def world(self) -> Path:
        """Where it is written who is in the database."""
        return self.folder / f"{self.engine}.json"

    def fill(self) -> None:
        """Fill the database that every drill begins with."""
        own = self.folder / self.engine
        own.mkdir()
        environment = self.environment(own)
        template = Path(os.environ.get("TEST_TEMPLATE", ""))
        if self.postgres is None and template.is_file():
            # What tests/run.py migrated already.
            shutil.copyfile(template, own / "portal.sqlite3")
        if self.postgres is not None:
            self._execute("CREATE DATABASE latihan")
            environment |= {"DATABASE_URL": self._address("latihan"), "REDIS_URL": "redis://127.0.0.1:1/0"}
        command = [sys.executable, "-m", "drills.world", str(self.world)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)

    @contextmanager
    def copy(self) -> Iterator[dict[str, str]]:
        """Copy the database for one run; yield the environment of its portal."""
        with scratch() as folder:
            data, port = folder / "data", servers.free_port()
            data.mkdir(mode=0o700)
            (data / "static").symlink_to(self.folder / "static")
            environment = self.environment(data) | {
                "PORT": str(port), "SITE_URL": f"http://127.0.0.1:{port}", "DRILL_FOLDER": str(folder),
                "DRILL_WORLD": str(self.world), "DRILL_BUILD": str(ROOT),
            }  # fmt: skip
            if self.postgres is None:
                shutil.copyfile(self.folder / self.engine / "portal.sqlite3", data / "portal.sqlite3")
                yield environment
                return
            name = folder.name.replace("-", "_")
            self._execute(f'CREATE DATABASE "{name}" TEMPLATE latihan')
            facts = f"{self.postgres.folder}|{self.postgres.port}|{self.postgres.options}"
            yield environment | {
                "DATABASE_URL": self._address(name), "REDIS_URL": "redis://127.0.0.1:1/0", "DRILL_POSTGRES": facts,
            }  # fmt: skip
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _address(self, name: str) -> str:
        return f"{self.postgres.url.rpartition('/')[0]}/{name}"

    def _execute(self, statement: str) -> None:
        with closing(psycopg2.connect(self.postgres.url)) as link:
            link.autocommit = True
            link.cursor().execute(statement)


def run(ground: Ground, name: str, *, is_sabotaged: bool) -> dict[str, Any]:
    """Run one drill; return its line."""
    with ground.copy() as environment, ExitStack() as stack:
        if is_sabotaged:
            build = BY_DRILL[name].build(stack.enter_context(scratch()) / "build")
            environment["DRILL_BUILD"] = str(build)
        command = [sys.executable, "-m", "drills.run", name]
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )
            try:
                said, _ = process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                process.terminate()
                said, _ = process.communicate(timeout=60)
            finally:
                # Where this process is told to end as well: a drill that is told to ends what it started.
                process.terminate()
                process.wait(timeout=60)
            errors.seek(0)
            words = errors.read()
    lines = [line for line in said.splitlines() if line.startswith("{")]
    nothing = {"name": name, "started": False, "passed": False, "wrong": [words[-2000:]]}
    line = json.loads(lines[-1]) if lines else nothing
    if not line["started"] or (not line["passed"] and not is_sabotaged):
        sys.stderr.write(words)
    return {"sabotaged": is_sabotaged} | line


def main() -> int:
    """Run what is asked for; print a line each and the table; return the exit code."""
    options = argparse.ArgumentParser(prog="drills")
    options.add_argument("names", nargs="*", default=os.environ.get("DRILL", "").split())
    options.add_argument("--write", action="store_true", help="keep each line in docs/ketahanan.md")
    options.add_argument("--only", choices=["plain", "sabotage"], help="run one side only")
    asked = options.parse_args()
    # What mounts a small disk needs root; left out it is named, and neither good nor bad.
    skipped = [name for name in asked.names or DRILLS if find(name).needs == "root" and os.geteuid() != 0]
    names = [name for name in asked.names or DRILLS if name not in skipped]
    for name in skipped:
        print(f"Tidak dijalankan: {name}: perlu root", flush=True)
    if not names:
        return 1
    lines: list[dict[str, Any]] = []
    with scratch() as folder, ExitStack() as stack:
        grounds = make_grounds(folder, stack, {find(name).engine for name in names})
        for name in names:
            if reason := find(name).why_not():
                print(f"DILEWATI: {name}: {reason}", flush=True)
                continue
            for is_sabotaged in (False, True):
                if asked.only and is_sabotaged != (asked.only == "sabotage"):
                    continue
                lines.append(run(grounds[find(name).engine], name, is_sabotaged=is_sabotaged))
                print(json.dumps(lines[-1], ensure_ascii=False), flush=True)
                if asked.write:
                    report.keep(lines[-1])
    print(report.table(lines))
    wrong = [line for line in lines if line["passed"] == line["sabotaged"] or not line["started"]]
    for line in wrong:
        what = "tetap hijau tanpa pengamannya" if line["passed"] else "ada pelanggaran, atau tidak dapat dimulai"
        print(f"SALAH: {line['name']}: {what}")
    return 1 if wrong else 0


def make_grounds(folder: Path, stack: ExitStack, engines: set[str]) -> dict[str, Ground]:
    """Start PostgreSQL where it is needed, and fill a database of each engine."""
    found = {}
    for engine in sorted(engines):
        server = stack.enter_context(servers.postgres_server(DURABLE)) if engine == "postgres" else None
        found[engine] = Ground(engine, folder, server)
        found[engine].fill()
    ground = next(iter(found.values()))
    environment = ground.environment(folder)
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input"], cwd=ROOT, env=environment, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return found


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    raise SystemExit(main())
