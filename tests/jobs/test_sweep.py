"""The sweep rings for what was left behind, and goes on whatever fails."""

import datetime
import itertools
import threading

import pytest
from django.db import OperationalError
from django.utils import timezone

from wbbm.jobs import canary, clock, doorbell, registry, sweep, ticks
from wbbm.jobs.bulk import claim_many
from wbbm.jobs.deaths import revive
from wbbm.jobs.models import Job
from wbbm.jobs.services import claim, register, request, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def rung(monkeypatch):
    """Note what is rung for; the broker takes everything."""
    calls = []
    monkeypatch.setattr(doorbell, "ring", lambda job_id, queue: calls.append((job_id, queue)) or True)
    register("uji", lambda held: None)
    yield calls
    registry._kinds.pop("uji")


def left_behind(key, seconds=3, **changes):
    """Make an open job that was wanted some seconds ago."""
    request("uji", key)
    rows = Job.objects.filter(kind="uji", key=key)
    rows.update(wanted_at=timezone.now() - datetime.timedelta(seconds=seconds), **changes)
    return rows.get()


def test_what_waits_too_long_is_rung_for_once_in_a_while(rung):
    job = left_behind("a")
    assert sweep.sweep_once() == 1
    assert rung == [(job.pk, "cepat")]
    assert sweep.sweep_once() == 0
    Job.objects.update(rung_at=timezone.now() - datetime.timedelta(seconds=3))
    assert sweep.sweep_once() == 1


@pytest.fixture
def pass_by(rung, monkeypatch):
    """Return how to let seconds pass, with a sweep every two of them; it tells at which seconds a bell rang."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def wait(seconds, each_round=lambda: None):
        begin = now[0]
        heard = []
        while now[0] < begin + datetime.timedelta(seconds=seconds):
            now[0] += datetime.timedelta(seconds=sweep.EVERY_SECONDS)
            each_round()
            heard += [round((now[0] - begin).total_seconds())] * sweep.sweep_once()
        return heard

    return wait


def test_a_job_that_nobody_takes_is_rung_for_less_and_less_often(pass_by):
    """A worker that is dead or busy for long: the broker isn't filled with messages that nobody reads."""
    request("uji", "a")
    heard = pass_by(3600)
    # A bell that got lost, even twice, is rung again within seconds.
    assert heard[0] <= 4
    assert heard[2] <= 14
    assert len(heard) <= 25
    pauses = [later - sooner for sooner, later in itertools.pairwise(heard)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 260


def test_wanting_it_again_and_again_makes_the_bell_no_louder(pass_by):
    """Canaries and backups are wanted every so often whether or not the last one came back."""
    rounds = itertools.count()
    assert 5 < len(pass_by(600, lambda: next(rounds) % 5 or request("uji", "a"))) <= 12


def test_what_was_taken_meanwhile_is_rung_for_soon_again(pass_by):
    """Retries, leases of dead workers and what is wanted anew begin with the short pause."""
    request("uji", "a")
    pass_by(200)
    job = Job.objects.get(kind="uji")
    assert claim(job.pk)
    # The worker dies: five seconds of its lease, and the sweep's next look.
    assert pass_by(20)[0] <= 8
    pass_by(200)
    assert run(job.pk)
    request("uji", "a")
    assert pass_by(4)
    pass_by(200)
    Job.objects.update(dead_at=timezone.now())
    assert revive([job.pk]) == 1
    assert len(pass_by(10)) == 2
    pass_by(200)
    claim_many("uji", ["a"]).release()
    assert pass_by(4)


def test_what_was_just_asked_for_what_is_held_and_what_is_done_is_left_alone(rung):
    soon = timezone.now() + datetime.timedelta(minutes=1)
    left_behind("held", lease_until=soon)
    left_behind("done", done=1)
    left_behind("paused", available_at=soon)
    left_behind("new", seconds=1)
    assert sweep.sweep_once() == 0
    assert rung == []


def test_a_lease_that_ran_out_is_rung_for(rung):
    left_behind("a", lease_until=timezone.now() - datetime.timedelta(seconds=1))
    assert sweep.sweep_once() == 1


def test_a_broker_that_takes_nothing_is_asked_once_and_again_the_next_time(rung, monkeypatch):
    asked = []
    monkeypatch.setattr(doorbell, "ring", lambda job_id, queue: bool(asked.append(job_id)))
    for key in "abc":
        left_behind(key)
    assert sweep.sweep_once() == 0
    assert len(asked) == 1
    assert not Job.objects.filter(rung_at__isnull=False).exists()
    sweep.sweep_once()
    assert len(asked) == 2


def test_the_sweep_breaks_the_silence_that_a_dead_broker_left(rung, monkeypatch):
    monkeypatch.setattr(doorbell, "_silent_until", float("inf"))
    sweep.sweep_once()
    assert doorbell._silent_until == 0


def test_the_loop_goes_on_after_a_fault_and_sends_canaries(monkeypatch, caplog):
    stop, rounds, canaries = threading.Event(), [], []

    def once():
        rounds.append(1)
        if len(rounds) == 1:
            raise OperationalError("putus")
        stop.set()
        return 0

    monkeypatch.setattr(sweep, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(sweep, "sweep_once", once)
    monkeypatch.setattr(sweep, "close_old_connections", lambda: None)
    monkeypatch.setattr(canary, "send_canaries", lambda: canaries.append(1))
    sweep.sweep_forever(stop)
    assert len(rounds) == 2
    assert len(canaries) == 1
    assert "putus" in caplog.text


def test_what_is_due_is_done_at_its_pace_and_what_fails_at_the_next_look(monkeypatch):
    done, broken = [], []

    def works():
        done.append(1)

    def fails():
        broken.append(1)
        raise OperationalError("gone")

    monkeypatch.setattr(ticks, "_ticks", [])
    for _ in range(2):
        ticks.every(10, works)
        ticks.every(10, fails)
    assert [ticks.run_due(now) for now in (1.0, 3.0, 10.9, 11.0)] == [1, 0, 0, 1]
    assert (len(done), len(broken)) == (2, 4)


def test_the_loop_does_what_is_due_and_looks_at_the_clock(monkeypatch):
    stop, looked = threading.Event(), []
    monkeypatch.setattr(ticks, "_ticks", [ticks.Tick(60, lambda: looked.append("due"))])
    monkeypatch.setattr(clock, "tick", lambda: (looked.append("clock"), stop.set()))
    monkeypatch.setattr(canary, "send_canaries", lambda: None)
    monkeypatch.setattr(sweep, "close_old_connections", lambda: None)
    sweep.sweep_forever(stop)
    assert looked == ["due", "clock"]
