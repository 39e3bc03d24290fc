"""What a posting that ends leaves behind, and who takes each."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from supervisi.models import Checklist, Finding, Layer, VisitStatus
from supervisi.pages.handover import VACANT, read_handover
from tests.factories import make_person, make_posting, make_unit
from tests.supervisi.sheets import Counted, make_world
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent, Role, UnitKind, User
from wbbm.organisasi.services.postings import end_posting

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def client_of(user):
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend="wbbm.organisasi.auth.PostingBackend")
    return client


def make_finding(world, **changes):
    fields = {
        "number": f"T-{Finding.objects.count() + 1}",
        "unit": world.polsek,
        "severity": "minor",
        "observation": "Jadwal piket belum ditempel",
        "owner_unit": world.polsek,
        "owner_title": "Kasium",
        "created_by": world.leader,
        "handed_over_at": timezone.now(),
    } | changes
    return Finding.objects.create(**fields)


def office(world, title="Kasium"):
    return make_posting(make_person(world.polsek, Role.OPERATOR), world.polsek, Role.OPERATOR, title=title)


def test_findings_stay_with_the_office_and_name_the_next_holder(world):
    posting = office(world)
    make_finding(world)
    make_finding(world, owner_title="Kanit")
    make_finding(world, handed_over_at=None)
    make_finding(world, status="closed")
    lines = read_handover(posting, world.commander).findings
    assert [line.label for line in lines] == ["T-1, ringan"]
    assert lines[0].taker == VACANT
    assert "Jadwal piket" in lines[0].detail
    successor = office(world)
    assert successor.user.name in read_handover(posting, world.commander).findings[0].taker


def test_an_admin_sees_that_there_is_a_finding_but_not_what_it_says(world):
    posting = office(world)
    make_finding(world)
    admin = make_person(world.polres, Role.ADMIN)
    said = client_of(admin).get(f"/supervisi/serah-terima/{posting.pk}/").content.decode()
    assert "T-1" in said
    assert "Jadwal piket" not in said


def test_a_draft_self_sheet_goes_to_the_other_operators(world):
    posting = world.operator.postings.get(role=Role.OPERATOR)
    Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, created_by=world.operator
    )
    taker = make_person(world.polsek, Role.OPERATOR)
    line = read_handover(posting, world.operator).sheets[0]
    assert taker.name in line.taker
    assert line.url


def test_a_supervisor_puts_another_leader_in_place(world):
    posting = world.leader.postings.get()
    browser = client_of(world.reviewer)
    page = browser.get(f"/supervisi/serah-terima/{posting.pk}/")
    assert page.status_code == 200
    assert "Kunjungan Polsek Senori" in page.content.decode()
    answer = browser.post(
        f"/supervisi/serah-terima/{posting.pk}/kunjungan/{world.visit.pk}/",
        {f"visit-{world.visit.pk}-new_leader": world.members[0].pk},
    )
    assert answer.status_code == 302
    world.visit.refresh_from_db()
    assert world.visit.team_leader == world.members[0]
    assert AuditEvent.objects.filter(action="visit.changed", actor=world.reviewer).exists()
    assert read_handover(posting, world.reviewer).visits == ()


def test_a_person_from_elsewhere_can_not_be_put_in_place(world):
    posting = world.leader.postings.get()
    answer = client_of(world.reviewer).post(
        f"/supervisi/serah-terima/{posting.pk}/kunjungan/{world.visit.pk}/",
        {f"visit-{world.visit.pk}-new_leader": world.stranger.pk},
    )
    assert answer.status_code == 422
    world.visit.refresh_from_db()
    assert world.visit.team_leader == world.leader


@pytest.mark.parametrize("role", ["commander", "admin"])
def test_who_may_not_change_the_team_only_reads(world, role):
    posting = world.leader.postings.get()
    person = world.commander if role == "commander" else make_person(world.polres, Role.ADMIN)
    browser = client_of(person)
    said = browser.get(f"/supervisi/serah-terima/{posting.pk}/").content.decode()
    assert "Kunjungan Polsek Senori" in said
    assert "<select" not in said
    answer = browser.post(
        f"/supervisi/serah-terima/{posting.pk}/kunjungan/{world.visit.pk}/",
        {f"visit-{world.visit.pk}-new_leader": world.members[0].pk},
    )
    assert answer.status_code == (403 if role == "commander" else 404)


def test_a_visit_of_somebody_else_is_not_reached_through_an_office(world):
    posting = world.members[0].postings.get()
    answer = client_of(world.reviewer).post(f"/supervisi/serah-terima/{posting.pk}/kunjungan/{world.visit.pk}/")
    assert answer.status_code == 404


def test_a_finished_visit_has_nothing_to_hand_over(world):
    world.visit.status = VisitStatus.DONE
    world.visit.save(update_fields=["status"])
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    page = read_handover(world.leader.postings.get(), world.reviewer)
    assert page.is_empty
    said = client_of(world.reviewer).get(f"/supervisi/serah-terima/{world.leader.postings.get().pk}/").content.decode()
    assert "Tidak ada yang perlu diserahkan" in said


def test_who_sees_which_posting(world):
    station, team = office(world), world.leader.postings.get()
    elsewhere = make_person(make_unit(kind=UnitKind.POLRES), Role.ADMIN)

    def status(user, posting):
        return client_of(user).get(f"/supervisi/serah-terima/{posting.pk}/").status_code

    assert status(world.operator, station) == 200
    assert status(station.user, station) == 200
    assert status(world.auditor, station) == 403
    assert status(world.reviewer, station) == 404
    assert status(world.operator, team) == 404
    assert status(elsewhere, station) == 404
    assert client_of(elsewhere).get("/supervisi/serah-terima/999999/").status_code == 404


def test_the_former_holder_sees_nothing_any_more(world):
    posting = office(world)
    posting.user.postings.update(ends_on=datetime.date(2021, 1, 1))
    assert client_of(posting.user).get(f"/supervisi/serah-terima/{posting.pk}/").status_code == 403


def test_the_page_takes_as_many_queries_for_one_finding_as_for_nine(world):
    posting = office(world)

    def count():
        browser = client_of(world.commander)
        with Counted() as counted:
            assert browser.get(f"/supervisi/serah-terima/{posting.pk}/").status_code == 200
        return len(counted.statements)

    make_finding(world)
    first = count()
    for _ in range(8):
        make_finding(world)
    assert count() == first <= 12


def test_who_ends_a_posting_has_the_commander_told_of_what_it_leaves(world):
    admin, posting = make_person(world.polres, Role.ADMIN), office(world)
    idle = office(world, title="Kanit")
    make_finding(world)
    member = world.members[0].postings.get()
    for held in (posting, idle, member):
        end_posting(posting=held, by=User.objects.get(pk=admin.pk))
    told = Notice.objects.filter(kind="posting").order_by("pk").values_list("person", "text", "url")
    assert list(told) == [
        (world.operator.pk, "Penugasan Kasium di Polsek Senori berakhir dan meninggalkan 1 temuan terbuka. "
         "Lihat serah terimanya.", f"/supervisi/serah-terima/{posting.pk}/"),
        (world.commander.pk, f"Penugasan {member} di Polres Uji berakhir dan meninggalkan 1 kunjungan. "
         "Lihat serah terimanya.", f"/supervisi/serah-terima/{member.pk}/"),
    ]  # fmt: skip
    line = read_handover(member, world.reviewer).visits[0]
    assert (line.can_choose, line.taker) == (False, f"Anggota tim; tugasnya dibagi ulang oleh {world.leader}")
