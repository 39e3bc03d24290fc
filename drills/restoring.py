"""The machine is gone: the last backup brings everything back on an empty one, and never onto one that lives."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg2

from drills.load import ask
from drills.run import Drill, Run
from drills.stack import Stack

# Promise P13.
WITHIN = 30 * 60


def keyed(stack: Stack, undo: ExitStack) -> None:
    """Give the portal a key to write backups with."""
    stack.environment["BACKUP_KEY"] = "kunci-cadangan-latihan-" * 3


def restored(run: Run) -> None:
    """Back up under load; try to restore onto the living portal; then lose the machine."""
    place = run.stack.folder / "cadangan"
    place.mkdir(mode=0o700)
    begun = time.monotonic()
    done = _manage(run, "backup", "--to", str(place))
    run.require(done.returncode == 0, f"backup: {done.stdout[-300:]}{done.stderr[-300:]}")
    refused = _manage(run, "restore", str(place), "--into", _target(run))
    run.require(refused.returncode != 0, "a set was restored onto a living portal")
    run.warm(2)
    run.after_load(lambda: _come_back(run, place, begun))


def _come_back(run: Run, place: Path, begun: float) -> None:
    old = run.world.headers(run.world.reader)
    run.stack.kill_all()
    _lose_everything(run)
    since = time.monotonic()
    done = _manage(run, "restore", str(place), "--into", _target(run))
    run.require(done.returncode == 0, f"restore: {done.stdout[-300:]}{done.stderr[-300:]}")
    run.stack.start()
    took = time.monotonic() - since
    run.require(took < WITHIN, f"back after {took:.0f} s")
    # What was acknowledged after the backup began may be gone; everything before must be there.
    run.ledger.forgive(begun)
    reply = ask(run.stack.port, "GET", f"/supervisi/satuan/{run.world.polres}/", old)
    run.require(reply.status == 401, f"a session from before the restore opens the dashboard: {reply.status}")
    _save_again(run)
    run.rounds += 1


def _save_again(run: Run) -> None:
    from django.test import Client

    from drills.world import session_of
    from wbbm.organisasi.models import User

    item, letters = next(iter(run.world.items.items()))
    for number, person in enumerate(run.world.editors):
        run.world.sessions[str(person)] = session_of(Client(), User.objects.get(pk=person))
        run.load.save(person, run.world.sheets[number + 1], item, letters[0])
    run.require(run.load.gave_up == 0, "nobody saves after the restore")


def _target(run: Run) -> str:
    return run.stack.environment["DATABASE_URL"] if run.stack.postgres else str(run.stack.data)


def _lose_everything(run: Run) -> None:
    """Take database and files away; the restored ones come to the same place."""
    from django.db import connection

    connection.close()
    data = run.stack.data
    data.rename(data.with_name("hilang"))
    data.mkdir(mode=0o700)
    (data / "static").symlink_to((data.with_name("hilang") / "static").resolve())
    if run.stack.postgres is not None:
        name = run.stack.environment["DATABASE_URL"].rpartition("/")[2]
        with closing(psycopg2.connect(run.stack.postgres.url)) as link:
            link.autocommit = True
            for statement in (f'DROP DATABASE "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE template0'):
                link.cursor().execute(statement)


def _manage(run: Run, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words], cwd=run.stack.build, env=run.stack.environment, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


DRILLS = [
    Drill(
        "restore", restored, "Mesin hilang; cadangan dipulihkan di tempat kosong", prepare=keyed, limit_seconds=WITHIN
    ),
    Drill(
        "restore-sqlite", restored, "Mesin hilang; cadangan SQLite dipulihkan di folder kosong", engine="sqlite",
        prepare=keyed, limit_seconds=WITHIN,
    ),
]  # fmt: skip
