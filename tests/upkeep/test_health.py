"""The page of health: who sees it, what it says when something is red, and how a dead job is tried again."""

import datetime
import shutil

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.factories import make_person, make_unit
from wbbm.jobs import canary, deaths, doorbell
from wbbm.jobs.models import MOST_ATTEMPTS, Job
from wbbm.jobs.services import request
from wbbm.notices.models import Notice, NoticeKind
from wbbm.organisasi.models import AuditEvent, Role
from wbbm.upkeep.backups import archive, places
from wbbm.upkeep.backups.archive import Archive
from wbbm.upkeep.backups.state import went_well, went_wrong
from wbbm.upkeep.health import figures, own, safety
from wbbm.upkeep.health.figures import Figure, age_words, size_words
from wbbm.upkeep.models import BackupKind, BackupState

pytestmark = pytest.mark.django_db
PAGE, RETRY = "/kesehatan/", "/kesehatan/ulangi/"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(doorbell, "ring", lambda job_id, queue: True)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(100, 40, 60))


@pytest.fixture
def polda():
    return make_unit(name="Polda Uji")


@pytest.fixture
def keeper(polda):
    return make_person(polda, Role.ADMIN)


def signed_in(person):
    client = Client()
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    return client


def make_dead(kind="rollup", key="1:2:3:self", reason="ValueError: rusak\nrincian"):
    request(kind, key)
    rows = Job.objects.filter(kind=kind, key=key)
    rows.update(attempts=MOST_ATTEMPTS, dead_at=timezone.now(), last_error=reason)
    return rows.get()


def all_is_well(monkeypatch):
    """Let sweep and workers be heard a moment ago, and backups be made and proved."""
    monkeypatch.setattr(places, "is_same_disk", lambda: False)
    monkeypatch.setattr(settings, "BACKUP_KEY", "kunci-untuk-uji-saja-" * 3)
    for kind in BackupKind.values:
        went_well(kind, name="wbbm.cadangan", size=2_000_000)
    if archive.read_archive() is not None:
        monkeypatch.setattr(archive, "read_archive", lambda: Archive(True, 60.0, 90_000.0, False))
    canary.send_canaries()
    Job.objects.filter(kind__in=canary.KINDS).update(done=1, done_at=timezone.now())


def test_the_page_is_for_the_admin_of_the_top_unit_only(polda, keeper):
    polres = make_unit(polda, name="Polres Uji")
    dead = make_dead()
    below, commander = make_person(polres, Role.ADMIN), make_person(polda, Role.COMMANDER)
    for person, status in ((keeper, 200), (below, 403), (commander, 404)):
        client = signed_in(person)
        answer = client.get(PAGE)
        assert answer.status_code == status
        assert ("Perlu ditangani" in answer.content.decode()) is (status == 200)
        if status != 200:
            for sent in ({}, {"pekerjaan": dead.pk}):
                assert client.post(RETRY, sent).status_code == status
    assert Job.objects.dead().count() == 1
    assert "admin satuan puncak" in signed_in(below).get(PAGE).content.decode()


def test_a_portal_in_good_health_says_so_and_the_first_page_is_silent(keeper, monkeypatch):
    all_is_well(monkeypatch)
    client = signed_in(keeper)
    said = client.get(PAGE).content.decode()
    assert "Semua berjalan baik." in said
    assert "Perlu ditangani" not in said
    first = client.get("/supervisi/kelengkapan/").content.decode()
    assert "Kesehatan sistem</a>" in first
    assert "perlu ditangani" not in first


def test_what_is_red_says_what_to_do_and_shows_on_the_first_page(keeper, polda, monkeypatch):
    all_is_well(monkeypatch)
    make_dead()
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(100, 97, 3))
    went_wrong(BackupKind.CHECK, "sidik tidak cocok")
    Job.objects.filter(kind="canary-berat").update(done_at=timezone.now() - datetime.timedelta(hours=3))
    said = signed_in(keeper).get(PAGE).content.decode()
    for words in (
        "5 hal perlu ditangani", "sidik tidak cocok", "restore BERKAS --check",
        "portal-worker@berat", "3 jam lalu", "Tambah ruang", "3%", "recompute_scores",
        "penghitungan nilai", "1:2:3:self", "ValueError: rusak",
    ):  # fmt: skip
        assert words in said, words
    assert "rincian" not in said
    assert "5 hal perlu ditangani" in signed_in(keeper).get("/supervisi/kelengkapan/").content.decode()
    below = make_person(make_unit(polda, name="Polres Uji"), Role.ADMIN)
    assert "/kesehatan/" not in signed_in(below).get("/supervisi/kelengkapan/").content.decode()


def test_the_page_asks_the_same_few_questions_however_much_is_wrong(keeper, django_assert_max_num_queries):
    client = signed_in(keeper)
    client.get(PAGE)
    for size in (1, 60):
        for number in range(size):
            make_dead(key=f"{size}:{number}:1:self")
        with django_assert_max_num_queries(10) as asked:
            said = client.get(PAGE).content.decode()
        found = len(asked)
    with django_assert_max_num_queries(found):
        client.get(PAGE)
    assert "Hanya 50 yang terbaru" in said


def test_backups_that_are_not_what_they_seem_are_told(keeper, monkeypatch, tmp_path):
    all_is_well(monkeypatch)
    client = signed_in(keeper)
    monkeypatch.setattr(places, "is_same_disk", lambda: True)
    assert "Di cakram yang sama dengan datanya" in client.get(PAGE).content.decode()
    BackupState.objects.filter(kind=BackupKind.FULL).update(at=timezone.now() + datetime.timedelta(days=40))
    monkeypatch.setattr(settings, "BACKUP_DIR", tmp_path / "belum-dipasang")
    said = client.get(PAGE).content.decode()
    assert "belum-dipasang tidak ada di mesin ini" in said
    assert "timedatectl" in said
    monkeypatch.setattr(settings, "BACKUP_KEY", "")
    assert "Tanpa BACKUP_KEY tidak ada cadangan" in client.get(PAGE).content.decode()


def test_a_figure_that_cannot_be_read_is_red_and_hides_no_other(keeper, monkeypatch):
    monkeypatch.setattr(figures, "_groups", dict(figures._groups))
    figures.register_figure("Rusak", lambda: [Figure("a", "b"), int("x")])
    all_is_well(monkeypatch)
    said = signed_in(keeper).get(PAGE).content.decode()
    assert "Tidak terbaca" in said
    assert "Basis data" in said


def test_a_dead_job_is_retried_once_and_it_is_written_down(keeper):
    dead = make_dead()
    client = signed_in(keeper)
    assert client.get(RETRY).status_code == 405
    assert client.post(RETRY, {"pekerjaan": dead.pk}).status_code == 302
    dead.refresh_from_db()
    assert (dead.dead_at, dead.attempts) == (None, 0)
    # A second click does no harm, and says so.
    again = client.post(RETRY, {"pekerjaan": dead.pk}, headers={"referer": f"http://testserver{PAGE}"}, follow=True)
    assert "tidak mati lagi" in again.content.decode()
    event = AuditEvent.objects.get(action="job.retried")
    assert (event.actor, event.object_id) == (keeper, str(dead.pk))
    for odd in ("987654321", "0", "-1", "²", "", "9" * 30):
        assert client.post(RETRY, {"pekerjaan": odd}).status_code == 404, odd
    assert AuditEvent.objects.filter(action__startswith="job.").count() == 1


@pytest.mark.parametrize(
    ("wal", "sign", "words"),
    [
        (Archive(False, None, 90_000.0, False), "Perhatikan", "sejak cadangan penuh terakhir hilang"),
        (Archive(True, 60.0, 90_000.0, False), "Baik", "Segmen terakhir 1 menit lalu"),
        (Archive(True, 601.0, 90_000.0, False), "Perlu ditangani", "Macet; segmen terakhir 10 menit lalu"),
        (Archive(True, None, 601.0, False), "Perlu ditangani", "Macet; segmen terakhir belum pernah"),
        (Archive(True, 60.0, 90_000.0, True), "Perlu ditangani", "Gagal; segmen terakhir 1 menit lalu"),
        # The server has just begun: what it did before says nothing yet.
        (Archive(True, 90_000.0, 30.0, False), "Baik", "Segmen terakhir 1 hari lalu"),
        (Archive(True, None, 30.0, False), "Baik", "Baru mulai"),
    ],
)
def test_an_archive_that_takes_nothing_any_more_is_told(keeper, monkeypatch, wal, sign, words):
    all_is_well(monkeypatch)
    monkeypatch.setattr(archive, "read_archive", lambda: wal)
    said = signed_in(keeper).get(PAGE).content.decode()
    assert words in said
    figure = next(figure for figure in safety.backup_figures() if figure.label == "Arsip WAL")
    assert figure.sign == sign
    assert ("Semua berjalan baik." in said) is (sign == "Baik")
    assert ("df -h" in said) is (sign == "Perlu ditangani")


def test_only_postgresql_speaks_of_an_archive(keeper):
    said = signed_in(keeper).get(PAGE).content.decode()
    assert ("Arsip WAL" in said) is (connection.vendor == "postgresql")


def test_all_dead_jobs_are_retried_at_once(keeper):
    for number in range(3):
        make_dead(key=f"1:1:{number}:self")
    client = signed_in(keeper)
    assert "3 pekerjaan diulang" in client.post(RETRY, follow=True).content.decode()
    assert not Job.objects.dead().exists()
    assert "Tidak ada pekerjaan mati." in client.post(RETRY, follow=True).content.decode()
    assert AuditEvent.objects.get(action="job.retried-all").changes == {"jobs": [None, 3]}


def test_the_keeper_hears_of_a_dead_job_once(keeper, polda):
    commander = make_person(polda, Role.COMMANDER)
    below = make_person(make_unit(polda, name="Polres Uji"), Role.ADMIN)
    for number in range(2):
        request("rollup", f"1:1:{number}:self")
    Job.objects.update(attempts=MOST_ATTEMPTS)
    assert deaths.bury_worn_out() == 2
    notice = Notice.objects.get()
    assert (notice.person, notice.kind, notice.url) == (keeper, NoticeKind.SYSTEM, PAGE)
    assert "penghitungan nilai" in notice.text
    assert not Notice.objects.filter(person__in=[commander, below]).exists()
    assert PAGE in signed_in(keeper).get("/kotak-masuk/").content.decode() or notice.url == PAGE


def test_a_failure_that_is_still_tried_is_shown_apart(keeper):
    request("document", "7")
    Job.objects.filter(kind="document").update(attempts=2, last_error="OSError: penuh")
    said = signed_in(keeper).get(PAGE).content.decode()
    assert "Dicoba lagi sendiri" in said
    assert "Percobaan 2 dari 5" in said
    assert "Pekerjaan mati</h2>" not in said


def test_dead_scores_are_healed_by_recomputing(keeper):
    """Whoever recomputes takes the dead keys as well."""
    from supervisi.services.recompute import recompute
    from tests.supervisi.districts import make_province, set_status

    province = make_province(2)
    set_status(province.sheets[0], "submitted")
    Job.objects.filter(kind="rollup").update(attempts=MOST_ATTEMPTS, dead_at=timezone.now())
    recompute(is_dry_run=False)
    assert not Job.objects.dead().exists()
    assert recompute(is_dry_run=True) == []


def test_figures_in_words():
    assert [age_words(value) for value in (None, 0, 59, 61, 7300, 200000)] == [
        "belum pernah", "0 detik lalu", "59 detik lalu", "1 menit lalu", "2 jam lalu", "2 hari lalu",
    ]  # fmt: skip
    assert [size_words(value) for value in (0, 1500, 2_340_000, 45_000_000_000)] == ["0 B", "2 kB", "2,3 MB", "45 GB"]


def test_the_database_says_how_large_and_what_it_is():
    assert own.database_bytes() > 0
    assert own._engine().split()[0] in {"SQLite", "PostgreSQL"}
