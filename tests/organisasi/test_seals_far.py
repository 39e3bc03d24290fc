"""Events that come to the trail far behind its end are sealed too, though looked for more seldom."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from tests.organisasi.test_seals import found, make_trail
from wbbm.jobs import services as jobs
from wbbm.jobs import ticks
from wbbm.organisasi.models import AuditEvent, AuditSeal
from wbbm.organisasi.services import seals

pytestmark = pytest.mark.django_db


@pytest.fixture
def far_behind(monkeypatch):
    """An event that ended so late that the near look, two ids long here, does not come to it."""
    monkeypatch.setattr(seals, "_LOOK_BACK", 2)
    monkeypatch.setattr(seals, "_far_look", seals._FarLook())
    top = make_trail(3)[-1].pk
    for number in range(top + 10, top + 14):
        AuditEvent.objects.create(pk=number, action="unit.changed")
    seals.seal_all()
    return AuditEvent.objects.create(pk=top + 1, action="unit.changed")


def at_the_end():
    """Add an event near the end, by its number: PostgreSQL's own count doesn't know of those above."""
    AuditEvent.objects.create(pk=AuditEvent.objects.latest("pk").pk + 1, action="sign-in")


def has_seal(event):
    return AuditSeal.objects.filter(event=event).exists()


def seal_by_job():
    jobs.request(seals.KIND, seals.KEY)
    assert jobs.drain(kind=seals.KIND) == 1


def test_an_event_far_behind_is_found_once_a_minute_and_sealed(far_behind):
    assert seals.want_sealing() is False
    assert seals.want_far_sealing() is True
    seal_by_job()
    assert has_seal(far_behind)
    assert seals.want_far_sealing() is False
    assert found() == []
    due = {tick.work: tick.seconds for tick in ticks._ticks}
    assert due[seals.want_far_sealing] == 60


def test_the_sealer_looks_far_once_a_minute_also_while_others_wait(far_behind):
    seals._far_look.is_due()
    at_the_end()
    seal_by_job()
    assert not seals._waiting().exists()
    assert not has_seal(far_behind)
    # A minute later.
    seals._far_look.due_at = 0.0
    at_the_end()
    seal_by_job()
    assert has_seal(far_behind)
    assert seals._far_look.is_due() is False
    assert found() == []


def test_sealing_all_leaves_nothing_far_behind(far_behind):
    assert [fault[0] for fault in found(now=timezone.now() + datetime.timedelta(seconds=61))] == ["unsealed"]
    assert seals.seal_all() == 1
    assert has_seal(far_behind)
