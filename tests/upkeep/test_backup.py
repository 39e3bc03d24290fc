"""Making sets: while writers go on, by themselves each night, the changes between, and never by halves."""

import collections
import datetime
import errno
import io
import os
import shutil
import sqlite3
import threading
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from tests.factories import make_person, make_unit
from tests.upkeep import machines
from wbbm.jobs.models import Job
from wbbm.notices.models import Notice, NoticeKind
from wbbm.organisasi.models import AuditEvent, Role, UnitKind
from wbbm.organisasi.services.audit import record
from wbbm.upkeep.backups import afterwards, engines, keys, making, nightly, places, postgres, reading, restore, state
from wbbm.upkeep.backups.errors import BackupFailed, SetRefused
from wbbm.upkeep.models import BackupKind, BackupState

pytestmark = pytest.mark.django_db(transaction=True)
once = pytest.mark.once
sqlite_only = pytest.mark.skipif(not machines.IS_SQLITE, reason="PostgreSQL has WAL archiving")


@pytest.fixture(autouse=True)
def usb(settings, tmp_path):
    """Return the folder of the sets, on a portal whose data lie in a folder of their own."""
    settings.BACKUP_KEY = "kunci-untuk-uji-saja-" * 3
    settings.DATA_DIR = tmp_path / "lama"
    settings.DATA_DIR.mkdir()
    settings.BACKUP_DIR = tmp_path / "usb"
    settings.BACKUP_DIR.mkdir()
    return settings.BACKUP_DIR


@pytest.fixture
def admin():
    return make_person(make_unit(kind=UnitKind.POLRES), Role.ADMIN)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_set_is_of_one_moment_while_writers_go_on(usb, settings, tmp_path, admin):
    stop, waited, moment = threading.Event(), [], timezone.now()

    def write():
        # Always two rows in one transaction: in every set their number is even.
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        while not stop.is_set():
            begun = timezone.now()
            AuditEvent.objects.bulk_create([AuditEvent(action="uji", at=moment) for _ in range(2)])
            waited.append((timezone.now() - begun).total_seconds())
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [making.make_full(usb) for _ in range(3)]
    finally:
        stop.set()
        writer.join()
    rows = [each.manifest.tables[AuditEvent._meta.db_table].rows for each in made]
    assert rows == sorted(rows)
    assert rows[-1] > rows[0]
    before = AuditEvent.objects.exclude(action="uji").count()
    assert [(count - before) % 2 for count in rows] == [0, 0, 0]
    assert max(waited) < 5
    for each in made:
        assert restore.check(each.path, keys.parted(settings.BACKUP_KEY)).content == each.manifest.content


class Full(io.RawIOBase):
    """A disk that is full after so many bytes."""

    def __init__(self, sink, room):
        self.sink, self.room = sink, room

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.sink.write(data)


@pytest.mark.parametrize("room", [10, 20_000])
def test_a_full_disk_leaves_nothing_half_and_the_admin_hears_of_it(usb, admin, monkeypatch, room):
    seal = making.Sealer
    monkeypatch.setattr(making, "Sealer", lambda sink, *about: seal(Full(sink, room), *about))
    with pytest.raises(BackupFailed, match="No space left"):
        nightly.run()
    assert names(usb) == []
    assert state.runs()[BackupKind.FULL].at is None
    assert "No space left" in state.runs()[BackupKind.FULL].fault
    with pytest.raises(CommandError, match="Tidak ada yang setengah jadi"):
        call_command("backup")
    assert Notice.objects.filter(person=admin, kind=NoticeKind.SYSTEM, text__startswith="Cadangan gagal").count() == 1
    monkeypatch.undo()
    with monkeypatch.context() as closed:
        closed.setattr(
            places, "clear_asides", lambda folder: (_ for _ in ()).throw(PermissionError(13, "denied", "usb"))
        )
        with pytest.raises(CommandError, match=r"usb: denied\."):
            call_command("backup")
    nightly.run()
    assert state.runs()[BackupKind.FULL].fault == ""


@once
def test_a_set_that_would_not_fit_is_not_begun_and_a_low_disk_is_told(usb, admin, monkeypatch):
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 0, 10**6))
    with pytest.raises(CommandError, match=r"tidak cukup untuk .*perlu \d+ MB, tersisa 1 MB"):
        call_command("backup")
    assert names(usb) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 149 * 10**9))
    nightly.run()
    assert Notice.objects.filter(person=admin, text__contains="tinggal 14 %").exists()
    assert all(disk.is_low for disk in state.disk())


@once
def test_a_folder_that_is_not_mounted_and_a_missing_key_are_said(usb, settings, admin):
    usb.rmdir()
    with pytest.raises(CommandError, match=r"tidak ada\. Pasang cakramnya"):
        call_command("backup")
    settings.BACKUP_KEY = ""
    with pytest.raises(CommandError, match="BACKUP_KEY belum diisi"):
        call_command("backup", to=str(usb))
    assert not nightly.want()
    settings.BACKUP_KEY = "pendek"
    with pytest.raises(CommandError, match="terlalu pendek"):
        call_command("backup", to=str(usb))


@once
def test_what_a_killed_backup_left_is_cleared_after_a_day(usb, settings):
    left = [usb / ".wbbm-20260101-010203-penuh-00000000.cadangan.tulis", settings.DATA_DIR / ".cadangan-mati"]
    young = settings.DATA_DIR / ".cadangan-muda"
    left[0].write_bytes(b"setengah")
    for folder in (left[1], young):
        folder.mkdir()
        (folder / "portal.sqlite3").write_bytes(b"terbuka")
    for path in left:
        os.utime(path, (0, 0))
    made = making.make_full(usb)
    assert names(usb) == [made.path.name]
    assert not left[1].exists()
    # Another backup may be at work there.
    assert young.exists()


@once
def test_files_that_are_gone_or_changed_are_named_and_the_rest_is_kept(usb, admin, capsys):
    good, gone, changed = (machines.keep_file(admin, seed) for seed in (1, 2, 3))
    default_storage.delete(gone.path)
    default_storage.delete(good.thumbnail_path)
    with open(default_storage.path(changed.path), "ab") as photo:
        photo.write(b"!")
    made = making.make_full(usb)
    assert sorted(made.manifest.missing) == sorted([gone.path, changed.path])
    assert good.path in made.manifest.files
    nightly.make(BackupKind.FULL, "", usb)
    assert Notice.objects.filter(person=admin, text__startswith="2 berkas hilang").exists()


def test_the_night_makes_a_full_set_and_the_minutes_the_changes(usb, settings, admin, monkeypatch):
    """On PostgreSQL only the nights; every step as the sweep would ask for it."""
    now = timezone.now()
    first = nightly.run(now)
    assert first.manifest.kind == places.FULL
    assert Job.objects.filter(kind=nightly.CHECK_KIND).exists()
    nightly.check_newest()
    assert state.last_check().name == str(first.path)
    assert nightly.run(now) is None  # another host asked at the same time
    (usb / "catatan.txt").write_text("bukan kami")
    foreign = usb / first.path.name.replace("penuh-", "penuh-0000")[: len(first.path.name)]
    foreign.write_bytes(first.path.read_bytes().replace(keys.fingerprint(settings.BACKUP_KEY).encode(), b"0" * 16))
    later = now + datetime.timedelta(minutes=4)
    assert nightly.run(later) is None  # nothing changed
    assert state.last_backup().at >= now
    record("sign-out", by=admin)
    changed = nightly.run(later)
    assert (changed is not None) == machines.IS_SQLITE
    second = nightly.run(now + datetime.timedelta(days=1))
    assert second.manifest.kind == places.FULL
    settings.BACKUP_KEEP = "1d"
    before = set(names(usb))
    by_hand = nightly.make(BackupKind.FULL, "1d", usb)
    assert set(names(usb)) == before | {by_hand.path.name}
    with monkeypatch.context() as later_on:
        later_on.setattr(timezone, "now", lambda: now + datetime.timedelta(days=3))
        third = nightly.make(BackupKind.FULL, "1d", usb)
    # Of one day the newest stays; what isn't ours is left alone, and changes go with the set below them.
    assert names(usb) == sorted(["catatan.txt", foreign.name, third.path.name])


def test_a_clock_that_was_ahead_holds_no_backup_back(usb, settings, admin, monkeypatch):
    now, wrong = timezone.now(), timezone.now() + datetime.timedelta(days=400)
    with monkeypatch.context() as ahead:
        ahead.setattr(timezone, "now", lambda: wrong)
        late = nightly.run()
    first = nightly.run(now)
    assert first.manifest.kind == places.FULL
    record("sign-out", by=admin)
    BackupState.objects.update(at=wrong)
    changed = nightly.make(BackupKind.CHANGES, settings.BACKUP_KEEP)
    assert places.FULL in changed.path.name or changed.manifest.base == first.path.name
    # Neither the right ones nor what was dated wrongly goes, and a folder gives the newest right one.
    assert set(names(usb)) >= {late.path.name, first.path.name, changed.path.name}
    opening = keys.parted(settings.BACKUP_KEY)
    assert reading.newest_in(usb, opening) == changed.path
    # Of two portals that share a folder each finds its own.
    settings.BACKUP_KEY = "kunci-portal-yang-lain-" * 3
    other = making.make_full(usb).path
    assert reading.newest_in(usb, opening) == changed.path
    assert reading.newest_in(usb, keys.parted(settings.BACKUP_KEY)) == other


@once
def test_a_set_made_elsewhere_is_no_automatic_one_and_deletes_nothing_unasked(usb, settings, admin, tmp_path):
    nightly.run()
    record("sign-out", by=admin)
    nightly.make(BackupKind.CHANGES, settings.BACKUP_KEEP)
    archive = tmp_path / "arsip"
    shutil.copytree(usb, archive)
    before = names(archive)
    state.went_wrong(BackupKind.FULL, "cakram lepas")
    call_command("backup", to=str(archive), stdout=io.StringIO(), stderr=io.StringIO())
    assert set(names(archive)) > set(before)
    assert state.runs()[BackupKind.FULL].fault == "cakram lepas"


@once
def test_a_file_that_a_disk_no_longer_gives_keeps_the_others_in(usb, admin, monkeypatch):
    good, bad = machines.keep_file(admin, 1), machines.keep_file(admin, 2)
    give = default_storage.open

    def dying(path, *mode):
        if path == bad.path:
            raise OSError(errno.EIO, "Input/output error")
        return give(path, *mode)

    monkeypatch.setattr(making, "default_storage", SimpleNamespace(open=dying))
    made = making.make_full(usb)
    assert made.manifest.missing == [bad.path]
    assert good.path in made.manifest.files


@once
def test_a_full_disk_under_the_copies_is_told_as_that(usb, settings, admin, monkeypatch):
    path = making.make_full(usb).path

    def full(*about):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as crowded:
        crowded.setattr(reading, "open_new", full)
        with pytest.raises(SetRefused, match=r"Salinan sementara di .* No space left"):
            restore.check(path, keys.parted(settings.BACKUP_KEY))
    monkeypatch.setattr(engines, "snapshot_here", full)
    with pytest.raises(BackupFailed, match="No space left"):
        nightly.run()
    assert "No space left" in state.runs()[BackupKind.FULL].fault


@sqlite_only
def test_changes_made_elsewhere_hold_back_none_here_nor_those_here_any_there(usb, settings, tmp_path, admin):
    nightly.make(BackupKind.FULL, "7d")
    archive = tmp_path / "arsip"
    shutil.copytree(usb, archive)
    record("sign-out", by=admin)
    there = nightly.make(BackupKind.CHANGES, "", archive)
    assert there.path.parent == archive
    here = nightly.make(BackupKind.CHANGES, "7d")
    assert here.path.parent == usb
    assert here.manifest.content == there.manifest.content
    assert nightly.make(BackupKind.CHANGES, "7d") is None
    there.path.unlink()
    assert nightly.make(BackupKind.CHANGES, "", archive).path.parent == archive


@pytest.mark.skipif(machines.IS_SQLITE, reason="of PostgreSQL's sessions")
def test_a_dump_may_take_longer_than_a_session_may_be_idle(usb, settings, monkeypatch):
    """roles.sql ends a session after five idle minutes in a transaction; a province's dump takes longer."""
    run = postgres._run

    def slowly(*about):
        time.sleep(1)
        return run(*about)

    monkeypatch.setattr(postgres, "_run", slowly)
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET idle_in_transaction_session_timeout = '200ms'")
        try:
            made = making.make_full(usb)
        finally:
            cursor.execute(f"ALTER ROLE CURRENT_USER IN DATABASE {name} RESET idle_in_transaction_session_timeout")
    assert restore.check(made.path, keys.parted(settings.BACKUP_KEY)).content == made.manifest.content


@sqlite_only
def test_a_set_of_changes_holds_only_new_files_and_comes_back_with_the_one_below(usb, settings, tmp_path, admin):
    old = machines.keep_file(admin, 1)
    full = nightly.make(BackupKind.FULL, "7d")
    new = machines.keep_file(admin, 2)
    changes = nightly.make(BackupKind.CHANGES, "7d")
    assert changes.manifest.base == full.path.name
    places_of = {path: facts.place for path, facts in changes.manifest.files.items()}
    assert (places_of[old.path], places_of[new.path]) == ("base", "own")
    with machines.empty_machine(settings, tmp_path / "baru") as machine:
        # The folder is enough: the newest set is taken.
        call_command("restore", str(usb), into=machine.into, stdout=io.StringIO())
        with machine.inside():
            assert machines.stored() == {(old.path, old.sha256), (new.path, new.sha256)}
        for file in (old, new):
            with default_storage.open(file.path) as opened:
                assert len(opened.read()) == file.size
    full.path.rename(usb / "pindah")
    with pytest.raises(SetRefused, match="berdiri di atas"):
        restore.check(changes.path, keys.parted(settings.BACKUP_KEY))
    # With nothing to stand on, the next one is full.
    assert nightly.make(BackupKind.CHANGES, "7d").manifest.kind == places.FULL


@once
def test_the_sheet_of_keys_opens_the_sets_on_a_new_machine(usb, settings, tmp_path, admin):
    sheet = tmp_path / "kunci.txt"
    call_command("backup", keys=str(sheet), stdout=io.StringIO())
    assert sheet.stat().st_mode & 0o777 == 0o600
    assert state.runs()[BackupKind.KEYS].at is not None
    with pytest.raises(CommandError, match="sudah ada"):
        call_command("backup", keys=str(sheet))
    with pytest.raises(CommandError, match="tidak ada cadangan portal"):
        call_command("restore", str(usb), check=True)
    own = keys.current()
    call_command("backup", stdout=io.StringIO(), stderr=io.StringIO())
    settings.BACKUP_KEY, settings.REPORT_KEY = "kunci-baru-" * 5, "kunci-lain-" * 5
    with machines.empty_machine(settings, tmp_path / "baru") as machine:
        with pytest.raises(CommandError, match="kunci lain"):
            call_command("restore", str(usb), into=machine.into)
        if machines.IS_SQLITE:
            # As a command leaves it that looked for a database before there was one.
            with closing(sqlite3.connect(machine.folder / "portal.sqlite3")) as blank:
                blank.execute("PRAGMA journal_mode=WAL")
        out = io.StringIO()
        call_command("restore", str(usb), into=machine.into, keys=str(sheet), stdout=out)
        assert "PERHATIAN" not in out.getvalue()
        if machines.IS_SQLITE:
            assert (machine.folder / "report_key").read_text() == own.values["REPORT_KEY"]
            assert (machine.folder / "report_key").stat().st_mode & 0o777 == 0o600


@once
def test_keys_are_placed_when_what_came_back_has_a_fault_and_missing_files_are_told(
    usb, settings, tmp_path, admin, monkeypatch
):
    sheet = tmp_path / "kunci.txt"
    file = machines.keep_file(admin)
    call_command("backup", keys=str(sheet), stdout=io.StringIO())
    call_command("backup", stdout=io.StringIO(), stderr=io.StringIO())
    own, settings.REPORT_KEY = settings.REPORT_KEY, "kunci-lain-" * 5
    with machines.empty_machine(settings, tmp_path / "baru") as machine, monkeypatch.context() as wrong:
        wrong.setattr(afterwards, "_checks", [("Nilai", lambda: ["beda"])])
        with pytest.raises(CommandError, match="1 hal di dalamnya tidak benar"):
            call_command("restore", str(usb), into=machine.into, keys=str(sheet), stdout=io.StringIO())
        if machines.IS_SQLITE:
            assert (machine.folder / "report_key").read_text() == own
    # Brought back from archived WAL: the database is whole, a file was not copied.
    default_storage.delete(file.path)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 berkas yang disebut basis data tidak ada"):
        call_command("restore", finish=True, interactive=False, stdout=out)
    assert file.path in out.getvalue()


@once
def test_minutes_begin_only_when_the_portal_runs_for_a_while(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(nightly.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(nightly, "_begin", nightly._Begin())
    assert not nightly.want()
    clock[0] = nightly.EVERY_SECONDS
    assert nightly.want()
    assert Job.objects.open().filter(kind=nightly.KIND).count() == 1
    # A set that begins each four minutes is there within five, even if making it takes half a minute.
    assert nightly.EVERY_SECONDS + 30 <= 300


@once
def test_an_interrupted_restore_leaves_the_place_empty_for_the_next_try(usb, settings, tmp_path, admin, monkeypatch):
    machines.keep_file(admin, 1)
    path = making.make_full(usb).path
    with machines.empty_machine(settings, tmp_path / "baru") as machine:
        before = machine.everything()
        calls = []

        def full(self, name, content):
            calls.append(name)
            raise OSError(errno.ENOSPC, "No space left on device")

        default_storage.exists("x")
        monkeypatch.setattr(type(default_storage._wrapped), "_save", full)
        with pytest.raises(CommandError, match="Yang sudah ditulis dihapus lagi"):
            call_command("restore", str(path), into=machine.into, stdout=io.StringIO())
        assert calls
        assert machine.everything() == before
        monkeypatch.undo()
        call_command("restore", str(path), into=machine.into, stdout=io.StringIO())
