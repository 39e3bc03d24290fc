"""Make the fixture of a release, before the next one begins: `.venv/bin/python -m tests.upgrade.make CHECKOUT`.

CHECKOUT is a working tree of that release (`git worktree add --detach /tmp/rilis v2026.11`). Its own code makes the
demo data, once on SQLite and once on PostgreSQL; this tree only packs them. See docs/operasi.md, "Merilis".
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from tests import servers

HERE = Path(__file__).resolve().parent
SQLITE, DUMP, FILES, FACTS = "previous.sqlite3.xz", "previous.sql.xz", "previous-files.tar.xz", "previous.json"
# Keys of nothing but this: what is sealed or signed in the fixture must open again.
KEYS = {"SECRET_KEY": "kunci-untuk-uji-saja-" * 4, "REPORT_KEY": "kunci-untuk-uji-saja-" * 4}


def main(checkout: Path) -> None:
    """Make all four files."""
    commit = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        sheets = _sqlite(checkout, data)
        _dump(checkout, data)
    (HERE / FACTS).write_text(json.dumps({"commit": commit, "final_sheets": sheets}) + "\n")


def _prepare(checkout: Path, data: Path, **changes: str) -> None:
    env = {"PATH": os.environ["PATH"], "DEMO": "1", "DEBUG": "0", "DATA_DIR": str(data)} | KEYS | changes
    subprocess.run([sys.executable, "manage.py", "prepare"], cwd=checkout, env=env, check=True)


def _sqlite(checkout: Path, data: Path) -> int:
    """Pack the SQLite file with its files; return how many final sheets there are."""
    _prepare(checkout, data)
    small = data / "small.sqlite3"
    with closing(sqlite3.connect(data / "portal.sqlite3")) as database:
        database.execute("VACUUM INTO ?", [str(small)])
        [sheets] = database.execute("SELECT COUNT(*) FROM supervisi_checklist WHERE status = 'final'").fetchone()
    _pack(small.read_bytes(), HERE / SQLITE)
    with tarfile.open(HERE / FILES, "w:xz") as archive:
        archive.add(data / "files", "files", filter=_plain)
    return int(sheets)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _dump(checkout: Path, data: Path) -> None:
    with servers.postgres() as address:
        _prepare(checkout, data / "pg", DATABASE_URL=address)
        command = ["pg_dump", "--no-owner", "--no-privileges", address.replace("postgres://", "postgresql://")]
        said = subprocess.run(command, check=True, capture_output=True).stdout
    # Lines that only the newest psql understands.
    lines = [line for line in said.split(b"\n") if not line.startswith((b"\\restrict", b"\\unrestrict"))]
    _pack(b"\n".join(lines), HERE / DUMP)


def _pack(content: bytes, place: Path) -> None:
    subprocess.run(["xz", "-9e", "--stdout"], input=content, stdout=place.open("wb"), check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
