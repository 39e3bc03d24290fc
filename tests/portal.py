"""The portal in a process of its own with an environment of its own: what settings and start do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def migrated_already(data: Path) -> Path:
    """Put the database that tests/run.py migrated into a data folder, where it did: `migrate` then finds it done."""
    template = Path(os.environ.get("TEST_TEMPLATE", ""))
    if template.is_file():
        shutil.copyfile(template, data / "portal.sqlite3")
    return data


def collected_already(data: Path) -> bool:
    """Put the static files that tests/run.py collected into a data folder, where it did; tell whether it has them."""
    collected = Path(os.environ.get("TEST_TEMPLATE", "")).parent / "static"
    if not (data / "static" / "staticfiles.json").exists() and (collected / "staticfiles.json").is_file():
        shutil.copytree(collected, data / "static", dirs_exist_ok=True)
    return (data / "static" / "staticfiles.json").exists()


def environment(data: Path, **changes: str) -> dict[str, str]:
    """Return an environment with nothing of the portal in it but DATA_DIR (else the tree's own var/ were used)."""
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(data)} | changes


def python(code: str, data: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python; `-W error` as in the suite."""
    return _run([sys.executable, "-W", "error", "-c", code], data, changes)


def manage(data: Path, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py."""
    return _run([sys.executable, "manage.py", *arguments], data, changes)


def _run(command: list[str], data: Path, changes: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=environment(data, **changes), capture_output=True, text=True, check=False, timeout=120
    )


def settings_of(data: Path, *names: str, **changes: str) -> dict[str, Any]:
    """Return settings as the portal starts with them."""
    done = python(
        f"import json, wbbm.settings as s; print(json.dumps({{n: getattr(s, n) for n in {names!r}}}))", data, **changes
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(data: Path, **changes: str) -> str:
    """Return the last line of a refused start."""
    done = python("import wbbm.settings", data, **changes)
    assert done.returncode != 0, "started"
    return done.stderr.strip().splitlines()[-1]
