"""Run the suite as far as this machine can: SQLite, then PostgreSQL with Redis, then a real browser.

The last lines name what was left out and why; with REQUIRE_ALL=1 a missing part is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests import servers

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
# pytest's own code for "no test was collected"
NOTHING_COLLECTED = 5


def _pytest(title: str, arguments: list[str], **environment: str) -> bool:
    print(f"\n=== {title}", flush=True)
    with tempfile.TemporaryDirectory(prefix="wbbm-test-") as folder:
        env = os.environ | {"DATA_DIR": folder, "DEMO": "0", "DEBUG": "0"} | environment
        code = subprocess.run([*PYTEST, *arguments], env=env, check=False).returncode
    return code == 0


def _fresh(folder: Path) -> str:
    return f"sqlite:///{folder / 'portal.sqlite3'}"


def main() -> int:
    """Run what can be run; return the exit code."""
    # A worker that is done takes tests from another: the long ones would leave a core idle at the end.
    spread = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "worksteal"]
    failed: list[str] = []
    missing: list[str] = []
    parts = sys.argv[1:] or ["sqlite", "postgres", "browser"]

    def run(title: str, arguments: list[str], **environment: str) -> None:
        if not _pytest(title, arguments, **environment):
            failed.append(title)

    if "sqlite" in parts:
        base = {"DATABASE_URL": "", "REDIS_URL": ""}
        for name in base:
            os.environ.pop(name, None)
        run("SQLite, antrean berkas", [*spread, "-m", "not browser and not servers"])
        run("SQLite, pekerja sungguhan", ["-m", "servers and not browser"])
    if "postgres" in parts:
        if servers.postgres_bin() is None or shutil.which("redis-server") is None:
            missing.append("PostgreSQL dan Redis: pasang paket postgresql dan redis-server")
        else:
            with ExitStack() as stack:
                addresses = {
                    "DATABASE_URL": stack.enter_context(servers.postgres()),
                    "REDIS_URL": stack.enter_context(servers.redis()),
                    "SECRET_KEY": "kunci-untuk-uji-saja-" * 4,
                    "REPORT_KEY": "kunci-untuk-uji-saja-" * 4,
                }
                run("PostgreSQL dan Redis", [*spread, "-m", "not browser and not servers"], **addresses)
                run("PostgreSQL dan Redis, pekerja sungguhan", ["-m", "servers and not browser"], **addresses)
    if "browser" in parts:
        if shutil.which("chromium") is None:
            missing.append("Peramban: pasang paket chromium")
        else:
            run("Peramban sungguhan (Chromium)", [*spread, "-m", "browser"])

    print()
    for title in failed:
        print(f"GAGAL: {title}")
    for title in missing:
        print(f"Tidak dijalankan: {title}")
    if missing and os.environ.get("REQUIRE_ALL") == "1":
        print("REQUIRE_ALL=1: bagian yang tidak dijalankan dihitung gagal")
        return 1
    if not failed and not missing:
        print("Semua bagian dijalankan.")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
