"""A snapshot of PostgreSQL by pg_dump, and its way back by pg_restore."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import connect as open_connection
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from .content import TableFacts, of_postgresql
from .errors import BackupFailed, DomainErrorType, RestoreFailed, SetRefused, TargetRefused
from .snapshot import Snapshot, read_facts

# What a database says that stops answering.
Fault = psycopg2.Error
MEMBER = "basis-data.dump"
_PLACES = Path("/usr/lib/postgresql")
_PUBLIC = re.compile(r"; \d+ \d+ (SCHEMA|COMMENT) - (SCHEMA )?public")
_ENVIRONMENT = {"USER": "PGUSER", "PASSWORD": "PGPASSWORD", "HOST": "PGHOST", "PORT": "PGPORT", "NAME": "PGDATABASE"}
_SECURE = ("sslmode", "sslrootcert")
_OPTIONS = ("--no-owner", "--no-privileges")
# The session that holds the snapshot says nothing while pg_dump runs; roles.sql ends such a one after five minutes.
_SESSION = "-c timezone=UTC -c idle_in_transaction_session_timeout=0"


def size(settings: dict[str, Any]) -> int:
    """Return how large the database is; its dump is smaller."""
    with closing(_connect(settings)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


@contextmanager
def snapshot(settings: dict[str, Any], scratch: Path) -> Iterator[Snapshot]:
    """Dump the database as it is at one moment; the hashes are of that very moment too.

    Raises:
        BackupFailed: no pg_dump that knows this server, or it failed.
    """
    dump = scratch / MEMBER
    try:
        connection = _connect(settings)
    except psycopg2.Error as fault:
        raise BackupFailed(f"Basis data tidak menjawab: {_line(str(fault))}") from fault
    with closing(connection):
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        server = _major(connection)
        program = find_program("pg_dump", server, BackupFailed)

        def ask(sql: str) -> list[Any]:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall()

        moment = ask("SELECT pg_export_snapshot()")[0][0]
        options = ["--format=custom", "--compress=3", "--schema=public", f"--snapshot={moment}", *_OPTIONS]
        _run([program, *options, f"--file={dump}"], settings, BackupFailed)
        tables = of_postgresql(connection)
        facts = read_facts(ask)
    yield Snapshot("postgresql", str(server), MEMBER, dump, dump.stat().st_size, tables, *facts)


def check(dump: Path, made_by: str) -> None:
    """Read a dump to its end.

    Raises:
        SetRefused: no pg_restore that knows it, or it is broken.
    """
    _run([find_program("pg_restore", int(made_by), SetRefused), f"--file={os.devnull}", str(dump)], None, SetRefused)


def require_empty(settings: dict[str, Any], made_by: str) -> None:
    """Make sure that the database is there, ours to fill, and empty.

    Raises:
        TargetRefused: it isn't.
    """
    name = settings["NAME"]
    try:
        connection = _connect(settings)
    except psycopg2.Error as fault:
        raise TargetRefused(f"Basis data {name} tidak dapat dibuka: {_line(str(fault))}") from fault
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'), "
            "has_schema_privilege('public', 'CREATE')"
        )
        tables, may_create = cursor.fetchone()
        if tables:
            raise TargetRefused(f"Basis data {name} tidak kosong ({tables} tabel). Pulihkan ke basis data baru.")
        if not may_create:
            raise TargetRefused(f"Peran {settings['USER']} tidak boleh membuat tabel di {name}; pakai portal_owner.")
        server = _major(connection)
        if made_by.isdecimal() and server < int(made_by):
            raise TargetRefused(f"Cadangan ini dari PostgreSQL {made_by}, server ini {server}. Pakai yang lebih baru.")
        if made_by.isdecimal():
            find_program("pg_restore", max(server, int(made_by)), TargetRefused)


def load(dump: Path, settings: dict[str, Any], made_by: str) -> None:
    """Fill the empty database; all of it or nothing.

    Raises:
        RestoreFailed: it could not be filled, and is empty still.
    """
    program = find_program("pg_restore", int(made_by), RestoreFailed)
    options = ["--single-transaction", "--exit-on-error", *_OPTIONS, f"--dbname={settings['NAME']}"]
    # Ours says CREATE SCHEMA public; an empty database has it.
    listing = _run([program, "--list", str(dump)], None, RestoreFailed)
    kept = [line for line in listing.splitlines() if not _PUBLIC.search(line)]
    wanted = dump.with_suffix(".daftar")
    wanted.write_text("\n".join(kept))
    _run([program, *options, f"--use-list={wanted}", str(dump)], settings, RestoreFailed)
    with closing(_connect(settings)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("ANALYZE")


def tables_in(settings: dict[str, Any]) -> dict[str, TableFacts]:
    """Hash the tables of a database."""
    with closing(_connect(settings)) as connection:
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
        return of_postgresql(connection)


def find_program(name: str, server: int, refusal: DomainErrorType) -> str:
    """Return the program of the server's version, or of the nearest newer one.

    Raises:
        refusal: there is none.
    """
    found = {int(place.parts[-3]): place for place in _PLACES.glob(f"*/bin/{name}") if place.parts[-3].isdecimal()}
    fitting = sorted(version for version in found if version >= server)
    if fitting:
        return str(found[fitting[0]])
    program = shutil.which(name)
    if program is None:
        raise refusal(f"{name} tidak ditemukan. Pasang: apt-get install postgresql-client-{server}")
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout  # noqa: S603
    version = int((re.search(r"\d+", said) or ["0"])[0])
    if version < server:
        text = f"{name} versi {version} lebih lama daripada PostgreSQL {server}."
        raise refusal(f"{text} Pasang: apt-get install postgresql-client-{server}")
    return program


def _connect(settings: dict[str, Any]) -> Any:
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {name: settings[key] for name, key in named.items() if settings.get(key)}
    options = {name: value for name, value in settings.get("OPTIONS", {}).items() if name in _SECURE}
    return open_connection(**given, **options, connect_timeout=5, options=_SESSION)


def _major(connection: Any) -> int:
    return int(connection.server_version) // 10_000


def _run(command: list[str], settings: dict[str, Any] | None, refusal: DomainErrorType) -> str:
    """Run one of PostgreSQL's programs; the password goes by the environment, where no list of processes shows it."""
    given = settings or {}
    secure = {name: given.get("OPTIONS", {}).get(name) for name in _SECURE}
    env = dict(os.environ)
    env |= {name: str(given[key]) for key, name in _ENVIRONMENT.items() if given.get(key)}
    env |= {f"PG{name.upper()}": str(value) for name, value in secure.items() if value}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env, cwd="/")  # noqa: S603
    if done.returncode:
        raise refusal(f"{Path(command[0]).name} gagal: {_line(done.stderr)}")
    return done.stdout


def _line(text: str) -> str:
    return " ".join(text.split())[:300] or "tanpa keterangan."
