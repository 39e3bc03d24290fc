"""The job table: wanted and done, claims by lease, failures, the sweep's choice."""

import datetime
import functools
import time

import pytest
from django.db import transaction
from django.utils import timezone

from wbbm.jobs import canary, doorbell, health, registry, services, views
from wbbm.jobs.models import Job, JobQuerySet
from wbbm.jobs.services import LeaseLost, claim, drain, register, request, request_many, run, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen():
    """Register a kind that notes what it did; forget it afterwards."""
    calls = []
    register("uji", lambda held: calls.append(held.key))
    yield calls
    registry._kinds.pop("uji")


def job(key="a"):
    return Job.objects.get(kind="uji", key=key)


def test_a_request_makes_one_row_for_its_key(seen):
    request("uji", "a")
    request("uji", "a")
    assert (job().wanted, job().done) == (2, 0)
    assert Job.objects.filter(kind="uji").count() == 1


def test_a_job_is_done_once_for_all_that_was_wanted(seen):
    request("uji", "a")
    request("uji", "a")
    assert drain() == 1
    assert seen == ["a"]
    assert job().done == 2


def test_what_is_wanted_while_it_runs_keeps_the_job_open():
    calls = []

    def handler(held):
        calls.append(held.noted)
        if len(calls) == 1:
            request("uji", "a")
        held.complete()

    register("uji", handler)
    request("uji", "a")
    drain()
    assert calls == [1, 2]
    assert job().done == 2


def test_a_request_is_undone_with_its_transaction(seen):
    with pytest.raises(RuntimeError), transaction.atomic():
        request("uji", "a")
        raise RuntimeError
    assert not Job.objects.filter(kind="uji").exists()


def test_two_cannot_hold_the_same_job(seen):
    request("uji", "a")
    assert claim(job().pk) is not None
    assert claim(job().pk) is None


def test_a_lease_that_ran_out_may_be_taken_and_the_first_one_writes_nothing(seen):
    request("uji", "a")
    first = claim(job().pk)
    Job.objects.filter(pk=first.job_id).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    second = claim(job().pk)
    assert second is not None
    with pytest.raises(LeaseLost):
        first.complete()
    second.complete()
    assert job().done == 1


def test_without_the_lease_two_would_hold_the_same_job(seen, monkeypatch):
    """Twin: the condition taken out of the claim."""
    request("uji", "a")
    monkeypatch.setattr(JobQuerySet, "free", lambda self, now: self)
    assert claim(job().pk) is not None
    assert claim(job().pk) is not None


def test_draining_a_kind_leaves_the_others_open(seen):
    request("uji", "a")
    canary.send_canaries()
    assert drain(kind="uji") == 1
    assert Job.objects.open().count() == 2


def do_longer_than_a_lease(*, seconds, lease_seconds, renew_seconds):
    """Run heavy work for longer than its lease; tell whether it was done, and how often another could take it."""
    taken = []

    def handler(held):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.2)
            taken.append(claim(held.job_id) is not None)

    registry.add(registry.Kind("uji-lama", handler, "berat", lease_seconds, renew_seconds))
    try:
        request("uji-lama", "a")
        is_done = run(Job.objects.get(kind="uji-lama").pk)
    finally:
        registry._kinds.pop("uji-lama")
    return is_done, sum(taken)


@pytest.mark.django_db(transaction=True)
def test_long_work_keeps_its_lease():
    assert do_longer_than_a_lease(seconds=6, lease_seconds=5, renew_seconds=0.2) == (True, 0)


@pytest.mark.django_db(transaction=True)
def test_without_renewal_long_work_loses_its_lease_and_writes_nothing():
    """Twin: the renewing thread taken out, the test above must fail."""
    is_done, taken = do_longer_than_a_lease(seconds=1, lease_seconds=0.3, renew_seconds=None)
    assert is_done is False
    assert taken > 0
    assert Job.objects.get(kind="uji-lama").done == 0


def test_a_failure_leaves_the_job_open_with_a_growing_pause():
    def fail(held):
        raise ValueError("rusak")

    register("uji", fail)
    request("uji", "a")
    assert run(job().pk) is False
    row = job()
    assert row.done == 0
    assert row.token is None
    assert "rusak" in row.last_error
    first = row.available_at
    Job.objects.filter(pk=row.pk).update(available_at=timezone.now())
    run(row.pk)
    assert job().available_at - timezone.now() > first - timezone.now() - datetime.timedelta(seconds=2)
    assert claim(row.pk) is None


def test_an_unknown_kind_is_refused_and_an_unknown_row_is_left():
    with pytest.raises(LookupError):
        request("tidak-ada", "a")
    Job.objects.create(kind="lama", key="x", queue="cepat", wanted=1)
    assert claim(Job.objects.get(kind="lama").pk) is None


def test_keys_are_raised_in_one_order(seen, monkeypatch):
    order = []
    monkeypatch.setattr(services, "request", lambda kind, key: order.append(key))
    request_many("uji", ["c", "a", "b", "a"])
    assert order == ["a", "b", "c"]


def test_the_sweep_sees_what_waits_too_long_and_what_lost_its_worker(seen):
    request("uji", "a")
    request("uji", "b")
    now = timezone.now()
    assert list(waiting(longer_than=2, now=now)) == []
    later = now + datetime.timedelta(seconds=3)
    assert {pk for pk, _ in waiting(longer_than=2, now=later)} == {job("a").pk, job("b").pk}
    claim(job("a").pk)
    assert {pk for pk, _ in waiting(longer_than=2, now=later)} == {job("b").pk}
    gone = now + datetime.timedelta(seconds=30)
    assert {pk for pk, _ in waiting(longer_than=2, now=gone)} == {job("a").pk, job("b").pk}


def test_a_dead_broker_is_not_asked_again_for_a_while(monkeypatch):
    asked = []

    def dead(*args, **kwargs):
        asked.append(args)
        raise OSError("mati")

    monkeypatch.setattr(doorbell.app, "send_task", dead)
    assert doorbell.ring(1, "cepat") is False
    assert doorbell.ring(2, "cepat") is False
    assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_never_fails_the_request(seen, monkeypatch):
    monkeypatch.setattr(doorbell.app, "send_task", lambda *a, **k: (_ for _ in ()).throw(OSError("mati")))
    with transaction.atomic():
        request("uji", "a")
    assert job().wanted == 1


@pytest.mark.django_db(transaction=True)
def test_health_is_good_only_while_both_canaries_come_back(client, caplog, monkeypatch):
    monkeypatch.setattr(views, "_said", [])
    # Whether the answer comes in time, tests/jobs/test_processes.py asks.
    monkeypatch.setattr(views, "silent_queues", functools.partial(health.silent_queues, 30))
    caplog.set_level("INFO")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["bagian"] == ["antrean cepat", "antrean berat"]
    canary.send_canaries()
    drain()
    assert client.get("/healthz").status_code == 200
    Job.objects.filter(kind="canary-berat").update(done_at=timezone.now() - datetime.timedelta(seconds=31))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["bagian"] == ["antrean berat"]
    # Asked again and again, it says each change once, and calls none an error.
    assert client.get("/healthz").status_code == 503
    ours = {"wbbm.jobs.views", "django.request"}
    said = [(line.levelname, line.getMessage()) for line in caplog.records if line.name in ours]
    assert said == [
        ("WARNING", "silent: antrean cepat, antrean berat"), ("INFO", "all parts answer again"),
        ("WARNING", "silent: antrean berat"),
    ]  # fmt: skip


def test_health_names_the_database_and_shows_no_trace(client, monkeypatch):
    from django.db import OperationalError

    def down():
        raise OperationalError("/rahasia/jalur")

    monkeypatch.setattr(health, "missing_queues", down)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["bagian"] == ["basis data"]
    assert b"rahasia" not in answer.content
