"""Archived WAL brings PostgreSQL back to its last moment: the steps of docs/operasi.md with the files of deploy/."""

import re
import shutil
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from tests import servers
from wbbm.upkeep.backups.content import of_postgresql

pytestmark = [
    pytest.mark.servers,
    pytest.mark.once,
    pytest.mark.skipif(servers.postgres_bin() is None, reason="PostgreSQL is not installed"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
TESTING = "fsync = off\nlisten_addresses = '127.0.0.1'\n"


def run(*command):
    subprocess.run(
        [*servers._as_postgres(), *map(str, command)], check=True, cwd="/",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip


@pytest.fixture
def disk():
    """Return a folder that the server's own user may write to."""
    folder = Path(tempfile.mkdtemp(prefix="wbbm-wal-"))
    if servers._as_postgres():
        shutil.chown(folder, "postgres", "postgres")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def started(data, folder):
    """Run a server on a data folder; yield its port. It ends as by a power cut."""
    port = servers.free_port()
    control = [servers.postgres_bin() / "pg_ctl", "-D", data, "-l", folder / f"log-{port}"]
    run(*control, "-o", f"-p {port} -c unix_socket_directories={folder}", "-w", "start")
    try:
        yield port
    finally:
        run(*control, "-m", "immediate", "stop")


def write(data, name, text, mode="a"):
    """Write a file of the server as its own user would."""
    with (data / name).open(mode) as file:
        file.write(text)
    if servers._as_postgres():
        shutil.chown(data / name, "postgres", "postgres")


def opened(port):
    connection = psycopg2.connect(f"postgres://postgres@127.0.0.1:{port}/postgres", options="-c timezone=UTC")
    connection.autocommit = True
    return closing(connection)


def asked(port, sql, *values):
    with opened(port) as connection, connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() if cursor.description else None


def content(port):
    with opened(port) as connection:
        connection.autocommit = False
        return of_postgresql(connection)


def archived(port):
    """Close the segment as archive_timeout would, and wait until it lies in the archive."""
    segment = asked(port, "SELECT pg_walfile_name(pg_switch_wal())")[0]
    until = time.monotonic() + 20
    while asked(port, "SELECT coalesce(last_archived_wal, '') < %s FROM pg_stat_archiver", segment)[0]:
        assert time.monotonic() < until, asked(port, "SELECT last_failed_wal, failed_count FROM pg_stat_archiver")
        time.sleep(0.05)


def test_the_last_archived_moment_comes_back_after_the_machine_is_lost(disk):
    programs, lost, archive = servers.postgres_bin(), disk / "hilang", disk / "arsip"
    shutil.copy(ROOT / "deploy" / "server" / "archive-wal", disk / "archive-wal")
    (disk / "archive-wal").chmod(0o755)
    run("mkdir", archive)
    run(programs / "initdb", "-D", lost, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
    settings = (ROOT / "deploy" / "server" / "wal.conf").read_text()
    assert int(re.search(r"archive_timeout = (\d+)", settings)[1]) <= 300
    paths = {"/usr/local/bin/archive-wal": str(disk / "archive-wal"), "/var/backups/portal-wal": str(archive)}
    for there, here in paths.items():
        assert there in settings
        settings = settings.replace(there, here)
    write(lost, "postgresql.conf", settings + TESTING)

    with started(lost, disk) as port:
        asked(port, "CREATE TABLE jawaban (id bigserial PRIMARY KEY, isi jsonb, pada timestamptz DEFAULT now())")
        asked(port, """INSERT INTO jawaban (isi) SELECT '{"nilai": "A"}' FROM generate_series(1, 500)""")
        reach = ["-h", "127.0.0.1", "-p", port, "-U", "postgres"]
        run(programs / "pg_basebackup", "-D", disk / "dasar", *reach, "-X", "none", "--checkpoint=fast")
        asked(port, """INSERT INTO jawaban (isi) SELECT '{"nilai": "B"}' FROM generate_series(1, 500)""")
        asked(port, "UPDATE jawaban SET isi = '{}' WHERE id <= 10")
        archived(port)
        saved = content(port)
        # What came after the last archived segment is what is lost.
        asked(port, "INSERT INTO jawaban (isi) VALUES ('{}')")
    shutil.rmtree(lost)

    steps = (ROOT / "docs" / "operasi.md").read_text()
    recovery = "\n".join(re.search(r"restore_command = .*\nrecovery_target_action = .*", steps)[0].splitlines()) + "\n"
    write(disk / "dasar", "postgresql.auto.conf", recovery.replace("/var/backups/portal-wal", str(archive)))
    write(disk / "dasar", "recovery.signal", "", "w")
    with started(disk / "dasar", disk) as port:
        until = time.monotonic() + 20
        while asked(port, "SELECT pg_is_in_recovery()")[0]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert content(port) == saved
        assert saved["jawaban"].rows == 1000
        # It takes writes again, and archives them.
        asked(port, "INSERT INTO jawaban (isi) VALUES ('{}')")
        archived(port)
