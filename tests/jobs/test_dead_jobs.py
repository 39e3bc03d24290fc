"""A job that fails, kills its worker or never returns is dead after five attempts, with its reason, and lives again."""

import datetime
import subprocess
import sys
import threading

import pytest
from django.utils import timezone

from tests import processes
from wbbm.jobs import bulk, clock, deaths, doorbell, registry, services, sweep
from wbbm.jobs.models import MOST_ATTEMPTS, Job, JobQuerySet
from wbbm.jobs.services import Postponed, claim, drain, register, request, run
from wbbm.jobs.supervise import Child, supervise

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch):
    """Note which jobs were told of as dead; nobody else listens."""
    found = []
    monkeypatch.setattr(deaths, "_listeners", [lambda job: found.append((job.pk, job.last_error))])
    monkeypatch.setattr(doorbell, "ring", lambda job_id, queue: True)
    yield found
    registry._kinds.pop("uji", None)


def job():
    return Job.objects.get(kind="uji")


def over():
    """Let every pause and lease run out."""
    now = timezone.now() - datetime.timedelta(seconds=1)
    Job.objects.update(available_at=now)
    Job.objects.filter(lease_until__isnull=False).update(lease_until=now)


def fail(held):
    raise ValueError("rusak: tandabadan\ndan lagi")


def wear_out(attempts=MOST_ATTEMPTS):
    """Let a job fail so often; return it."""
    register("uji", fail)
    request("uji", "a")
    for _ in range(attempts):
        over()
        run(job().pk)
    return job()


def test_a_job_that_fails_is_dead_after_its_fifth_attempt_and_nobody_takes_it(told):
    assert wear_out(MOST_ATTEMPTS - 1).dead_at is None
    dead = wear_out(1)
    assert dead.attempts == MOST_ATTEMPTS
    assert (dead.dead_at is not None, dead.token, dead.lease_until) == (True, None, None)
    assert dead.last_error.startswith("ValueError: rusak")
    assert told == [(dead.pk, dead.last_error)]
    over()
    assert claim(dead.pk) is None
    assert list(services.waiting(longer_than=0, now=timezone.now() + datetime.timedelta(hours=1))) == []
    assert (sweep.sweep_once(), drain()) == (0, 0)
    assert len(told) == 1


def test_without_the_mark_it_would_be_tried_for_ever(told, monkeypatch):
    """Twin: the condition on dead jobs taken out."""
    dead = wear_out()
    monkeypatch.setattr(JobQuerySet, "claimable", lambda self, now: self.open().free(now))
    assert claim(dead.pk) is not None


def test_a_job_whose_workers_die_is_buried_by_the_sweep(told):
    """Nobody is left to say what happened: the attempts are counted where a job is taken."""
    register("uji", fail)
    request("uji", "a")
    for number in range(1, MOST_ATTEMPTS + 1):
        over()
        assert sweep.deaths.bury_worn_out() == 0
        assert claim(job().pk) is not None
        assert job().attempts == number
    # In the hands of its fifth worker, who may yet bring it to an end.
    assert deaths.bury_worn_out() == 0
    over()
    sweep.sweep_once()
    assert "berhenti di tengah pekerjaan ini 5 kali" in job().last_error
    assert [pk for pk, _ in told] == [job().pk]
    assert deaths.bury_worn_out() == 0


def test_a_job_that_comes_back_after_a_death_steps_behind_the_others(told):
    register("uji", fail)
    request("uji", "a")
    claim(job().pk)
    assert job().available_at <= timezone.now()
    over()
    claim(job().pk)
    assert job().available_at > timezone.now() + datetime.timedelta(seconds=5)
    # What is done does not wait for what is wanted next.
    Job.objects.update(token="00000000-0000-0000-0000-000000000001")
    services.Claim(job().pk, "uji", "a", {}, job().token, 1).complete()
    assert job().available_at <= timezone.now()


@pytest.mark.parametrize("again", ["wanted", "retried", "bulk"])
def test_a_dead_job_lives_again_when_it_is_wanted_or_retried(told, again):
    dead = wear_out()
    done = []
    register("uji", lambda held: done.append(held.noted))
    if again == "wanted":
        request("uji", "a")
    elif again == "retried":
        assert deaths.revive([dead.pk]) == 1
        assert deaths.revive([dead.pk]) == 0
    else:
        claims = bulk.claim_many("uji", ["a"])
        assert (job().attempts, job().dead_at) == (1, None)
        claims.release()
    if again != "bulk":
        assert (job().attempts, job().dead_at) == (0, None)
    assert drain(kind="uji") == 1
    assert (len(done), job().last_error, job().done) == (1, "", job().wanted)


def test_being_wanted_again_and_again_does_not_keep_a_failing_job_from_dying(told):
    register("uji", fail)
    for _ in range(MOST_ATTEMPTS):
        request("uji", "a")
        over()
        run(job().pk)
    assert job().dead_at is not None


def test_what_has_to_wait_for_others_is_not_counted(told):
    class Later(Postponed):
        seconds = 7

    def wait(held):
        raise Later("belum")

    register("uji", wait)
    request("uji", "a")
    for _ in range(MOST_ATTEMPTS + 1):
        over()
        assert run(job().pk) is False
    assert (job().attempts, job().dead_at, job().last_error, told) == (0, None, "belum", [])
    assert 5 < (job().available_at - timezone.now()).total_seconds() <= 7


def test_somebody_who_cannot_be_told_keeps_nobody_alive(told, monkeypatch):
    monkeypatch.setattr(deaths, "_listeners", [lambda job: 1 / 0, *deaths._listeners])
    assert wear_out().dead_at is not None
    assert len(told) == 1


@pytest.mark.parametrize("fault", [MemoryError(), SystemExit(3)], ids=["memory", "exit"])
def test_work_that_ends_in_its_own_way_is_a_failed_attempt(told, fault):
    def end(held):
        raise fault

    register("uji", end)
    request("uji", "a")
    assert run(job().pk) is False
    assert (job().token, job().attempts) == (None, 1)
    assert job().last_error


def test_dead_rows_of_old_days_go_with_the_done_ones(monkeypatch):
    always = clock.Window(datetime.time(0), datetime.time.max, ("Asia/Jakarta",))
    monkeypatch.setattr(clock, "_windows", {})
    clock.register_daily("uji", lambda zone, day: None, window=always)
    old = timezone.now() - datetime.timedelta(days=40)
    Job.objects.create(kind="uji", key="lama", queue="berat", wanted=1, dead_at=old)
    clock.tick(timezone.now().replace(hour=5))
    assert not Job.objects.filter(key="lama").exists()
    registry._kinds.pop("uji")


# --- real workers -----------------------------------------------------------------------------------

POISON = ("racun-keluar", "racun-putar")


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_poison_dies_and_the_work_behind_it_is_done(monkeypatch):
    """Each had four attempts already; the worker is started again by what starts it in `serve`."""
    stop = threading.Event()
    for name, value in processes.environment().items():
        monkeypatch.setenv(name, value)
    worker = Child("pekerja", [sys.executable, *processes.worker("cepat")])
    for number, kind in enumerate((*POISON, "racun-bukan")):
        registry.add(registry.Kind(kind, fail, "cepat", 1.0, None, 1.0))
        request(kind, "a")
        Job.objects.filter(kind=kind).update(
            attempts=0 if kind == "racun-bukan" else MOST_ATTEMPTS - 1,
            wanted_at=timezone.now() - datetime.timedelta(seconds=60 - number),
        )
    keeper = threading.Thread(target=supervise, args=[[worker], stop])
    keeper.start()
    try:
        good = Job.objects.filter(kind="racun-bukan", done=1)
        with processes.process(*processes.sweep()):
            processes.wait_until(lambda: Job.objects.dead().count() == 2 and good.exists(), 180, every=0.2)
    finally:
        stop.set()
        keeper.join(timeout=20)
        for kind in (*POISON, "racun-bukan"):
            registry._kinds.pop(kind)
    said = {row.kind: row.last_error for row in Job.objects.dead()}
    assert "berhenti di tengah pekerjaan ini" in said["racun-keluar"]
    assert said["racun-putar"].startswith("Lebih lama daripada batas waktunya, 1 detik")


_STUCK = """
import sys
sys.argv = ["celery/__main__.py", "worker"]
import django; django.setup()
from wbbm.jobs import limits
limits.cap_memory()
try:
    kept = [bytearray(50_000_000) for _ in range(100)]
except MemoryError:
    print("memory", flush=True)
limits.GRACE_SECONDS = 0.5
with limits.time_limit(0.3):
    sum(iter(int, 1))
"""


def test_a_worker_gets_no_more_memory_than_its_own_and_ends_work_that_never_looks_up():
    """Python's alarm never gets to speak in C; the process ends all the same, and says where it stood."""
    done = subprocess.run(
        [sys.executable, "-c", _STUCK], cwd=processes.ROOT, env=processes.environment(WORKER_MEMORY_MB="500"),
        timeout=60, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "memory\n")
    assert "Timeout" in done.stderr


def test_a_job_that_a_clock_which_was_ahead_put_off_is_done_today(told):
    done = []
    register("uji", lambda held: done.append(held.key))
    far = timezone.now() + datetime.timedelta(days=400)
    request("uji", "a")
    Job.objects.filter(kind="uji").update(available_at=far, wanted_at=far, rung_at=far, lease_until=far)
    assert not run(job().pk)
    assert not list(services.waiting(longer_than=0))
    assert clock.call_back()
    assert job().pk in [pk for pk, _ in services.waiting(longer_than=-1)]
    over()
    assert run(job().pk)
    assert done == ["a"]
    # A pause that is meant stays.
    pause = timezone.now() + datetime.timedelta(seconds=300)
    request("uji", "a")
    Job.objects.filter(kind="uji").update(available_at=pause)
    clock.call_back()
    assert job().available_at == pause
