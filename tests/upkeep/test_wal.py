"""Archived WAL brings PostgreSQL back to its last moment: the steps of docs/operasi.md with the files of deploy/."""

import gzip
import os
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
from wbbm.upkeep.backups.archive import SQL, Archive
from wbbm.upkeep.backups.content import of_postgresql

pytestmark = [
    pytest.mark.servers,
    pytest.mark.once,
    pytest.mark.skipif(servers.postgres_bin() is None, reason="PostgreSQL is not installed"),
]
ROOT = Path(__file__).resolve().parent.parent.parent
TESTING = "fsync = off\nlisten_addresses = '127.0.0.1'\n"


def run(*command, **environment):
    subprocess.run(
        [*servers._as_postgres(), *map(str, command)], check=True, cwd="/", env=os.environ | environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip


@pytest.fixture
def disk():
    """Return a folder that the server's own user may write to, with the archive and the scripts of deploy/ in it."""
    folder = Path(tempfile.mkdtemp(prefix="wbbm-wal-"))
    if servers._as_postgres():
        shutil.chown(folder, "postgres", "postgres")
    run("mkdir", folder / "cadangan", folder / "cadangan" / "wal", folder / "cadangan" / "dasar")
    for name in ("archive-wal", "base-backup"):
        (folder / name).write_text(here((ROOT / "deploy" / "server" / name).read_text(), folder))
        (folder / name).chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def here(text, folder):
    """Let what deploy/ and docs/ say lead to the folder of the test."""
    programs = str(servers.postgres_bin())
    text = text.replace("/usr/lib/postgresql/15/bin", programs).replace("/usr/local/bin", str(folder))
    return text.replace("/var/backups/portal", str(folder / "cadangan"))


def step(pattern):
    """Return a passage of docs/operasi.md."""
    return re.search(pattern, (ROOT / "docs" / "operasi.md").read_text(), re.MULTILINE)[0]


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


def opened(port, role="postgres"):
    connection = psycopg2.connect(f"postgres://{role}@127.0.0.1:{port}/postgres", options="-c timezone=UTC")
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


def segments(disk):
    names = (path.name for path in (disk / "cadangan" / "wal").iterdir())
    return sorted(name for name in names if re.fullmatch(r"[0-9A-F]{24}\.gz", name))


def bases(disk):
    return sorted(path.name for path in (disk / "cadangan" / "dasar").iterdir())


def make_base(disk, port):
    """Make a base backup as the weekly line of deploy/server/cron does; return what it is called."""
    time.sleep(1.1)  # its name is the second
    run(disk / "base-backup", PGHOST="127.0.0.1", PGPORT=str(port), PGUSER="postgres")
    return bases(disk)[-1]


def start_of(disk, base):
    label = (disk / "cadangan" / "dasar" / base / "backup_label").read_text()
    return re.search(r"START WAL LOCATION: .*\(file ([0-9A-F]{24})\)", label)[1]


def make_server(disk):
    """Make the data folder of a server with the archive of deploy/server/wal.conf."""
    data = disk / "hilang"
    how = ["-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"]
    run(servers.postgres_bin() / "initdb", "-D", data, *how)
    settings = (ROOT / "deploy" / "server" / "wal.conf").read_text()
    assert int(re.search(r"archive_timeout = (\d+)", settings)[1]) <= 300
    write(data, "postgresql.conf", here(settings, disk) + TESTING)
    return data


def recovering(disk, base, name):
    """Lay a base backup out as docs/operasi.md says; return the data folder."""
    data = disk / name
    run("cp", "-a", disk / "cadangan" / "dasar" / base, data)
    told = step(r"^restore_command = .*\nrecovery_target_action = .*$")
    write(data, "postgresql.auto.conf", here(told, disk) + "\n")
    write(data, "recovery.signal", "", "w")
    return data


def test_the_last_archived_moment_comes_back_after_the_machine_is_lost(disk):
    lost = make_server(disk)
    with started(lost, disk) as port:
        asked(port, "CREATE TABLE jawaban (id bigserial PRIMARY KEY, isi jsonb, pada timestamptz DEFAULT now())")
        asked(port, """INSERT INTO jawaban (isi) SELECT '{"nilai": "A"}' FROM generate_series(1, 500)""")
        first = make_base(disk, port)
        asked(port, """INSERT INTO jawaban (isi) SELECT '{"nilai": "B"}' FROM generate_series(1, 500)""")
        kept = [make_base(disk, port), make_base(disk, port)]
        # Two bases stay, and of the archive what the older of them needs.
        assert bases(disk) == kept
        assert first not in kept
        assert segments(disk)[0] == f"{start_of(disk, kept[0])}.gz"
        asked(port, "UPDATE jawaban SET isi = '{}' WHERE id <= 10")
        archived(port)
        saved = content(port)
        # What came after the last archived segment is what is lost.
        asked(port, "INSERT INTO jawaban (isi) VALUES ('{}')")
    shutil.rmtree(lost)

    with started(recovering(disk, kept[0], "dasar"), disk) as port:
        until = time.monotonic() + 20
        while asked(port, "SELECT pg_is_in_recovery()")[0]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert content(port) == saved
        assert saved["jawaban"].rows == 1000
        # It takes writes again, and archives them.
        asked(port, "INSERT INTO jawaban (isi) VALUES ('{}')")
        archived(port)


def test_a_damaged_segment_is_no_end_of_the_archive(disk):
    """Recovery stops there, instead of opening a portal that lacks what came after it."""
    lost = make_server(disk)
    with started(lost, disk) as port:
        base = make_base(disk, port)
        asked(port, "CREATE TABLE jawaban (id bigint)")
        archived(port)
        asked(port, "INSERT INTO jawaban VALUES (1)")
        archived(port)
    damaged = disk / "cadangan" / "wal" / segments(disk)[-2]
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(subprocess.CalledProcessError), started(recovering(disk, base, "rusak"), disk):
        pass
    damaged.write_bytes(whole)
    with started(recovering(disk, base, "utuh"), disk) as port:
        assert asked(port, "SELECT count(*) FROM jawaban")[0] == 1


def test_a_segment_is_packed_and_never_written_over(disk):
    segment, kept = disk / "pg_wal", disk / "cadangan" / "wal" / f"{'0' * 24}.gz"
    segment.write_bytes(b"isi" + bytes(16 * 1024 * 1024 - 3))
    for _ in range(2):  # the same one again is no fault: PostgreSQL asks twice after a crash
        subprocess.run([disk / "archive-wal", segment, kept], check=True)
    assert gzip.decompress(kept.read_bytes()) == segment.read_bytes()
    assert kept.stat().st_size < 100_000
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.read_bytes()
    segment.write_bytes(b"lain" + bytes(16 * 1024 * 1024 - 4))
    assert subprocess.run([disk / "archive-wal", segment, kept], check=False).returncode != 0
    assert kept.read_bytes() == before
    # No disk below it: nothing is written anywhere else.
    shutil.rmtree(kept.parent)
    assert subprocess.run([disk / "archive-wal", segment, kept], check=False, stderr=subprocess.DEVNULL).returncode != 0
    assert not kept.parent.exists()


def test_the_page_of_health_sees_the_archive_go_and_stall(disk):
    with started(make_server(disk), disk) as port:
        asked(port, "CREATE ROLE portal_web LOGIN")
        asked(port, "CREATE TABLE jawaban (id bigint)")
        archived(port)

        def wal():
            with opened(port, "portal_web") as connection, connection.cursor() as cursor:
                cursor.execute(SQL)
                return Archive(*cursor.fetchone())

        taken = wal()
        assert (taken.is_on, taken.is_failing, taken.is_stalled) == (True, False, False)
        assert 0 <= taken.age <= taken.up
        (disk / "cadangan" / "wal").rename(disk / "terlepas")
        asked(port, "INSERT INTO jawaban VALUES (1)")
        asked(port, "SELECT pg_switch_wal()")
        until = time.monotonic() + 20
        while not wal().is_failing:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert wal().is_stalled
