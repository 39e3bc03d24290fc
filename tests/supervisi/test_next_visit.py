"""Which station next: every reason in figures, from stored rows, and what is left out."""

import datetime
import uuid
from fractions import Fraction

import pytest
from django.urls import reverse
from django.utils import timezone

from supervisi.models import AnswerEvidence, Checklist, Evidence, Finding, UnitScore, Visit, VisitStatus
from supervisi.pages.next_visit import _distance, _of_days, _of_evidence, _of_late, read_next_visits
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted, make_world
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Role, UnitKind, User

TODAY = datetime.date.today()


@pytest.mark.parametrize(
    ("days", "points"), [(None, 20), (0, 0), (9, 0), (10, 1), (199, 19), (200, 20), (5000, 20), (-3, 0)]
)
def test_days_add_one_point_for_ten_up_to_twenty(days, points):
    seen = None if days is None else TODAY - datetime.timedelta(days=days)
    assert _of_days(seen, TODAY).points == points


@pytest.mark.parametrize(("count", "points"), [(1, 3), (5, 15), (6, 15)])
def test_late_findings_add_three_each_up_to_fifteen(count, points):
    assert (_of_late(count).text, _of_late(count).points) == (f"{count} temuan lewat tenggat", points)


def test_nothing_late_and_no_evidence_are_no_reasons():
    assert _of_late(0) is None
    assert _of_evidence(0, 0) is None
    assert _of_evidence(1, 9).points == 10
    assert _of_evidence(1, 2).text == "1 bukti sudah kedaluwarsa, 2 bukti kedaluwarsa dalam 30 hari"


@pytest.mark.parametrize(
    ("distance", "text"), [("2.5", "2,50"), ("0.004", "0,004"), ("0.0000000001", "0,0000000001"), ("0.005", "0,01")]
)
def test_a_distance_is_never_written_as_nothing(distance, text):
    assert _distance(Fraction(distance)) == text


# --- from the database ------------------------------------------------------------------------------------


@pytest.fixture
def world(db):
    world = make_world()
    Visit.objects.filter(pk=world.visit.pk).update(status=VisitStatus.DONE)
    return world


def rated(world, unit, score, sheet=None):
    sheet = sheet or world.checklist
    return UnitScore.objects.create(
        unit=unit, period=world.period, instrument=world.instrument, layer="supervision", counting=sheet,
        units_due=1, units_submitted=1, score_sum=int(Fraction(score) * 10**10), computed_at=timezone.now(),
    )  # fmt: skip


def finding(world, number, **changes):
    wanted = {
        "number": f"T-{number}", "unit": world.polsek, "owner_unit": world.polsek, "owner_title": "Kapolsek",
        "severity": "minor", "observation": "Papan kosong", "created_by": world.leader,
        "handed_over_at": timezone.now(), "due_on": TODAY - datetime.timedelta(days=1),
    } | changes  # fmt: skip
    return Finding.objects.create(**wanted)


def evidence(world, number, until, **changes):
    file = StoredFile.objects.create(
        kind="evidence", name="a.jpg", content_type="image/jpeg", size=1, sha256=f"{number}", original_sha256="a",
        path=f"aa/{number}.jpg", created_by=world.leader,
    )  # fmt: skip
    row = Evidence.objects.create(
        file=file, unit=world.polsek, number=number, title="SK", valid_until=until, added_by=world.leader
    )
    AnswerEvidence.objects.create(
        uuid=uuid.uuid4(), answer=world.answer(), evidence=row, added_by=world.leader, **changes
    )


def reasons(world, viewer=None, **more):
    page = read_next_visits(User.objects.get(pk=(viewer or world.reviewer).pk), today=TODAY, **more)
    return {line.unit.name: [(reason.points, reason.text) for reason in line.reasons] for line in page.proposals}


def test_every_reason_carries_its_figure(world):
    Visit.objects.filter(pk=world.visit.pk).update(starts_on=TODAY - datetime.timedelta(days=55))
    rated(world, world.polsek, "74.996")
    finding(world, 1)
    finding(world, 2)
    finding(world, 3, due_on=TODAY)
    finding(world, 4, status="answered")
    finding(world, 5, handed_over_at=None)
    evidence(world, 1, TODAY - datetime.timedelta(days=1))
    evidence(world, 2, TODAY + datetime.timedelta(days=30))
    evidence(world, 3, TODAY + datetime.timedelta(days=31))
    evidence(world, 4, TODAY, detached_at=timezone.now(), detached_by=world.leader)
    found = reasons(world)["Polsek Senori"]
    assert [points for points, _ in found] == [20, 6, 5, 4]
    assert found[0][1].startswith("0,004 poin lagi ke ambang ")
    assert found[0][1].endswith("(Triwulan ini)")
    assert [text for _, text in found[1:]] == [
        "2 temuan lewat tenggat", "55 hari sejak kunjungan terakhir",
        "1 bukti sudah kedaluwarsa, 1 bukti kedaluwarsa dalam 30 hari",
    ]  # fmt: skip


@pytest.mark.parametrize(("score", "points"), [("74", 16), ("70.1", 0), ("70.2", 1), ("60", 0), ("100", None)])
def test_the_nearer_the_gate_the_more(world, score, points):
    rated(world, world.polsek, score)
    found = [entry for entry in reasons(world)["Polsek Senori"] if "ambang" in entry[1]]
    assert [entry[0] for entry in found] == ([] if points is None else [points])


def test_the_weightiest_station_comes_first_and_a_scheduled_one_not_at_all(world):
    never = make_unit(world.polres, kind=UnitKind.POLSEK, name="Polsek Baru")
    assert list(reasons(world)) == ["Polsek Baru", "Polsek Senori"]
    assert reasons(world)["Polsek Baru"] == [(20, "belum pernah dikunjungi"), (10, "belum punya nilai supervisi")]
    assert list(reasons(world, search="polres uji")) == ["Polsek Baru", "Polsek Senori"]
    assert list(reasons(world, search="senori")) == ["Polsek Senori"]
    Visit.objects.create(
        unit=never, period=world.period, sprin_number="S", starts_on=TODAY, team_leader=world.leader,
        planned_by=world.leader,
    )  # fmt: skip
    page = read_next_visits(world.reviewer, today=TODAY)
    assert [line.unit.name for line in page.proposals] == ["Polsek Senori"]
    assert (page.stations, page.scheduled, page.left) == (2, 1, 0)


def test_a_station_of_ones_own_is_never_proposed(world):
    both = make_person(world.polres, Role.SUPERVISOR)
    make_posting(both, world.polsek, Role.OPERATOR)
    assert reasons(world, viewer=both) == {}
    assert reasons(world, viewer=world.stranger) == {}


def test_the_page_plans_for_who_may_and_only_shows_the_others(client, world):
    url, add = reverse("supervisi:visit-next"), reverse("supervisi:visit-add", args=[world.polsek.pk])
    for person, may in ((world.reviewer, True), (world.commander, False), (world.auditor, False)):
        client.force_login(User.objects.get(pk=person.pk), backend="wbbm.organisasi.auth.PostingBackend")
        page = client.get(url).content.decode()
        assert "Polsek Senori" in page
        assert (add in page) == may
    client.force_login(User.objects.get(pk=world.operator.pk), backend="wbbm.organisasi.auth.PostingBackend")
    assert client.get(url).status_code == 404
    assert url not in client.get(reverse("supervisi:visit-list")).content.decode()


def test_the_number_of_queries_does_not_grow(world):
    def count():
        person = User.objects.get(pk=world.reviewer.pk)
        person.scope  # noqa: B018
        with Counted() as counted:
            read_next_visits(person, today=TODAY)
        return len(counted.statements)

    count()
    first = count()
    for number in range(6):
        unit = make_unit(world.polres, kind=UnitKind.POLSEK)
        sheet = Checklist.objects.create(
            unit=unit, period=world.period, instrument=world.instrument, layer="tpi", created_by=world.leader
        )
        rated(world, unit, 60 + number, sheet)
        finding(world, f"x{number}", unit=unit, owner_unit=unit)
    assert count() == first <= 7
