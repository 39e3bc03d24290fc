"""Two people press at once: each step becomes one finding. The twin without the held row makes them twice."""

import contextlib
import threading

import pytest
from django.db import connection, connections
from django.db.models import QuerySet

from supervisi.models import Checklist, Finding
from supervisi.services import plans
from supervisi.services.plans import Wish, make_findings, plan_sheet
from tests.supervisi.dashboards import LKE, engine_instrument, lower_area, make_district, put_lke


def press_at_once(monkeypatch, sheet, people, *, seconds):
    """Let two people press; neither writes a finding before both are there, or so many seconds are over."""
    sheet = Checklist.objects.with_frame().get(pk=sheet.pk)
    fingerprint = plan_sheet(sheet, Wish("wbbm", 0)).fingerprint
    both, real = threading.Barrier(2), plans._record

    def record_late(*args):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(seconds)
        return real(*args)

    monkeypatch.setattr(plans, "_record", record_late)

    def press(person):
        try:
            make_findings(checklist=sheet, wish=Wish("wbbm", 0), fingerprint=fingerprint, by=person)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(plan_sheet(sheet, Wish("wbbm", 0)).plan.steps)


@pytest.fixture
def district(transactional_db):
    return make_district(0)


@pytest.fixture
def sheet(district):
    return put_lke(district, changes=lower_area(engine_instrument(district.instruments[LKE]), "3"))


def test_two_clicks_at_once_make_each_finding_once(monkeypatch, district, sheet):
    steps = press_at_once(monkeypatch, sheet, (district.kapolres, district.kapolda), seconds=1.5)
    assert steps == Finding.objects.count() > 0


def test_twin_without_the_held_row_makes_them_twice(monkeypatch, district, sheet):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one transaction write at a time by itself")
    real = QuerySet.update

    def update(rows, **fields):
        held = rows.model is Checklist and list(fields) == ["status"]
        return 1 if held else real(rows, **fields)

    monkeypatch.setattr(QuerySet, "update", update)
    steps = press_at_once(monkeypatch, sheet, (district.kapolres, district.kapolda), seconds=20)
    assert steps * 2 == Finding.objects.count() > 0
