"""A set brings back everything, proved; a damaged one is refused before anything changes."""

import contextlib
import datetime
import hashlib
import io
import json
import os

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from supervisi.models import UnitScore
from supervisi.services.recompute import recompute
from tests.factories import make_person
from tests.supervisi.districts import make_province
from tests.upkeep import machines
from wbbm.jobs.models import Job
from wbbm.notices import digests
from wbbm.organisasi.models import AccessLink, AuditEvent, FactorReset, Role, SecondFactor
from wbbm.organisasi.services.verify import verify
from wbbm.upkeep.backups import afterwards, crypt, keys, making, manifest, reading, state
from wbbm.upkeep.backups.errors import SetRefused
from wbbm.upkeep.models import BackupKind, BackupState

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = "Asia/Jakarta"


@pytest.fixture
def usb(settings, tmp_path):
    """Return the folder of the sets, on a portal whose data lie in a folder of their own."""
    settings.BACKUP_KEY = "kunci-untuk-uji-saja-" * 3
    settings.DATA_DIR = tmp_path / "lama"
    settings.DATA_DIR.mkdir()
    settings.BACKUP_DIR = tmp_path / "usb"
    settings.BACKUP_DIR.mkdir()
    return settings.BACKUP_DIR


def said(command, *arguments, **options):
    """Run a command; return its lines."""
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=out, **options)
    return out.getvalue().splitlines()


def scores():
    return list(UnitScore.objects.order_by("pk").values("pk", "total_sum", "area_sums", "submitted", "verdicts"))


def test_a_set_brings_everything_back_on_an_empty_machine(usb, settings, tmp_path, monkeypatch):
    machines.live_in()
    lines = said("backup")
    path = usb / lines[-1].rpartition("/")[2]
    assert [str(path)] == [str(each) for each in usb.iterdir()] == [lines[-1]]
    assert path.stat().st_mode & 0o777 == 0o600
    content = next(line for line in lines if line.startswith("Sidik isi")).split()[-1]
    for secret in (settings.SECRET_KEY, settings.REPORT_KEY, settings.BACKUP_KEY, "Polda Uji"):
        assert secret.encode() not in path.read_bytes()
    said("restore", str(path), check=True)
    assert state.last_check().name == str(path)
    # One of long ago says nothing about the sets of today.
    BackupState.objects.filter(kind=BackupKind.CHECK).update(at=machines.yesterday())
    with monkeypatch.context() as later:
        later.setattr(timezone, "now", lambda now=timezone.now: now() + datetime.timedelta(days=9))
        assert "tidak dicatat" in said("restore", str(path), check=True)[-2]
    assert state.last_check().at < timezone.now() - datetime.timedelta(hours=23)
    files = machines.stored()
    seals = AuditEvent.objects.count()

    with machines.empty_machine(settings, tmp_path / "baru") as machine:
        lines = said("restore", str(usb), into=machine.into)
        assert content in "\n".join(lines)
        # In a folder of its own it would make itself other keys, and open neither reports nor second factors.
        if machines.IS_SQLITE and "REPORT_KEY" not in os.environ:
            assert (machine.folder / "report_key").read_text() == settings.REPORT_KEY
        for what in ("Nilai: utuh", "Jejak audit: utuh", "Pelindung basis data: utuh"):
            assert what in lines
        with machine.inside():
            assert machines.stored() == files
            for place, sha256 in files:
                with default_storage.open(place) as opened:
                    assert hashlib.sha256(opened.read()).hexdigest() == sha256
            assert recompute(is_dry_run=True) == []
            assert not Job.objects.open().filter(kind="rollup").exists()
            assert verify().is_whole
            # The restore itself stands in the trail.
            assert AuditEvent.objects.count() == seals + 1
            with pytest.raises(DatabaseError), transaction.atomic():
                AuditEvent.objects.all().update(reason="diubah")
            # Nothing goes on from before: no session, no link, no mail.
            assert not Session.objects.exists()
            assert not AccessLink.objects.usable(timezone.now()).exists()
            assert not FactorReset.objects.unsettled().exists()
            digests.send_digests(ZONE, timezone.localdate())
            assert mail.outbox == []
        # It is not empty any more.
        with pytest.raises(CommandError, match="tidak kosong"):
            said("restore", str(usb), into=machine.into)
    # Without the restore the mail would have gone.
    digests.send_digests(ZONE, timezone.localdate())
    assert len(mail.outbox) == 1
    assert Session.objects.exists()


def test_a_database_that_came_back_by_wal_is_closed_off_alike(usb, monkeypatch):
    machines.live_in()
    for answer, words in (("", "Dibatalkan"), (None, "--no-input")):
        monkeypatch.setattr("sys.stdin", io.StringIO("" if answer is None else f"{answer}\n"))
        with pytest.raises(CommandError, match=words):
            said("restore", finish=True)
        assert Session.objects.exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("ya\n"))
    assert "Nilai: utuh" in said("restore", finish=True)
    assert not Session.objects.exists()
    digests.send_digests(ZONE, timezone.localdate())
    assert mail.outbox == []


@contextlib.contextmanager
def as_before(app, migration):
    """Let the database be that of a portal before a migration."""
    loader = MigrationExecutor(connection).loader
    MigrationExecutor(connection).migrate([(app, migration)])
    try:
        yield
    finally:
        MigrationExecutor(connection).migrate(loader.graph.leaf_nodes(app))


def test_a_set_of_an_older_portal_is_brought_up_to_date(usb, settings, tmp_path):
    machines.live_in()
    with as_before("organisasi", "0009_second_factor"):
        path = making.make_full(usb).path
    with machines.empty_machine(settings, tmp_path / "baru") as machine:
        lines = said("restore", str(path), into=machine.into)
        assert {"Tabel dibarui dari versi cadangan: 1 langkah", "Nilai: utuh", "Jejak audit: utuh"} <= set(lines)
        with machine.inside():
            # A column that the set knew nothing of.
            assert not SecondFactor.objects.filter(approved_at__isnull=False).exists()
            assert recompute(is_dry_run=True) == []


def columns(table):
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def test_wal_of_an_older_portal_is_closed_off_only_after_its_owner_prepared_the_tables(usb, monkeypatch):
    machines.live_in()
    with as_before("organisasi", "0009_second_factor"):
        with pytest.raises(CommandError, match="jalankan dulu systemctl start portal-prepare"):
            said("restore", finish=True, interactive=False)
        # Nothing was migrated by whoever may not, and nothing was ended.
        assert "approved_at" not in columns("organisasi_secondfactor")
        assert Session.objects.exists()
    assert "Nilai: utuh" in said("restore", finish=True, interactive=False)


@pytest.mark.parametrize("kind", [OperationalError, ProgrammingError, InterfaceError])
def test_what_the_database_refuses_is_one_line(usb, monkeypatch, kind):
    def refuse():
        raise kind("password authentication failed for user rahasia")

    monkeypatch.setattr(afterwards, "seal_all", refuse)
    with pytest.raises(CommandError, match=kind.__name__) as caught:
        said("restore", finish=True, interactive=False)
    assert "rahasia" not in str(caught.value)


def damage(path, name, change):
    """Write a changed copy of a set beside it."""
    copy = path.with_name(name)
    copy.write_bytes(change(path.read_bytes()))
    return copy


def flipped(place):
    def change(data):
        at = place if place >= 0 else len(data) + place
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return change


def of_tomorrow(monkeypatch):
    """Let sets be made as by a portal that has one migration more."""
    pack = manifest.Manifest.packed

    def packed(self):
        facts = json.loads(pack(self))
        facts["migrations"].append(["supervisi", "9999_tomorrow"])
        return json.dumps(facts).encode()

    monkeypatch.setattr(manifest.Manifest, "packed", packed)


def test_damaged_sets_are_refused_and_nothing_changes(usb, settings, tmp_path, monkeypatch):
    machines.keep_file(make_person(make_province().polda, Role.ADMIN))
    path = making.make_full(usb).path
    with monkeypatch.context() as tomorrow:
        of_tomorrow(tomorrow)
        newer = making.make_full(usb).path
    settings.BACKUP_KEY, own = "kunci-portal-yang-lain-" * 3, settings.BACKUP_KEY
    foreign = making.make_full(usb).path
    settings.BACKUP_KEY = own
    whole = path.read_bytes()
    start = len(crypt.MAGIC) + 4 + int.from_bytes(whole[len(crypt.MAGIC) :][:4])
    refused = {
        damage(path, "bit-kepala", flipped(len(crypt.MAGIC) + 30)): "rusak",
        damage(path, "bit-isi", flipped(len(whole) // 2)): "rusak",
        damage(path, "bit-akhir", flipped(-1)): "rusak",
        damage(path, "bukan-kami", flipped(0)): "bukan berkas cadangan",
        damage(path, "terpotong", lambda data: data[:-100_000]): "terpotong",
        damage(path, "kepala-saja", lambda data: data[:start]): "tidak ada",
        damage(path, "terlalu-panjang", lambda data: data + b"\0"): "rusak",
        newer: "lebih baru",
        foreign: "kunci lain",
    }
    with machines.empty_machine(settings, tmp_path / "baru") as machine:
        before = machine.everything()
        for broken, words in refused.items():
            for how in ({"check": True}, {"into": machine.into}):
                with pytest.raises(CommandError, match=words) as fault:
                    said("restore", str(broken), **how)
                assert "\n" not in str(fault.value)
                assert "idak ada yang diubah" in str(fault.value)
            assert machine.everything() == before, broken


def no_tags(monkeypatch):
    """Let pieces be opened without looking at their tags."""

    class Unproved:
        def __init__(self, key):
            self.key = key

        def decrypt(self, nonce, data, about):
            stream = Cipher(algorithms.AES(self.key), modes.CTR(nonce + (2).to_bytes(4))).decryptor()
            return stream.update(data[:-16])

    monkeypatch.setattr(crypt, "AESGCM", Unproved)


def test_the_twin_without_tags_and_hashes_takes_a_damaged_set(usb, settings, tmp_path, monkeypatch):
    file = machines.keep_file(make_person(make_province().polda, Role.ADMIN))
    path = making.make_full(usb).path

    def folder(name):
        (tmp_path / name).mkdir()
        return tmp_path / name

    # A bit in the middle of the photo.
    plain = io.BytesIO()
    with path.open("rb") as source:
        plain.write(crypt.Opener(source, keys.parted(settings.BACKUP_KEY)).read())
    with default_storage.open(file.path) as opened:
        at = plain.getvalue().index(opened.read()[200:260])
    head = len(path.read_bytes()) - len(plain.getvalue()) - 16 * -(-len(plain.getvalue()) // crypt.PIECE)
    broken = damage(path, "rusak", flipped(head + at + 16 * (at // crypt.PIECE)))
    opening = keys.parted(settings.BACKUP_KEY)
    with pytest.raises(SetRefused, match="bagian ke-"):
        reading.prove(broken, opening, folder("c"))
    no_tags(monkeypatch)
    # The hashes alone find it as well.
    with pytest.raises(SetRefused, match="tidak sama dengan manifesnya"):
        reading.prove(broken, opening, folder("a"))
    monkeypatch.setattr(reading, "require_hash", lambda *_: None)
    assert reading.prove(broken, opening, folder("b")).manifest.files
