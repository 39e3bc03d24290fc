"""Rights come from postings alone: the table of roles, and what ends with a posting."""

import datetime
import json

import pytest
from django.utils import timezone

from supervisi.models import AnswerRevision, Checklist, ChecklistStatus, Finding, Layer, UnitScore
from tests.factories import make_person, make_posting, make_unit, make_user
from tests.supervisi.sheets import body, make_world
from wbbm.organisasi.models import AuditEvent, Posting, Role, Unit, UnitKind, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.postings import add_posting, approve_posting, end_posting

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def reader(world, role, where):
    unit = {"own": world.polsek, "above": world.polres, "elsewhere": world.stranger.postings.get().unit}[where]
    return make_person(unit, role)


# role, where posted → sees the station, its people, its draft sheet, its disclosed sheet, its self sheet, its trail
# (the trail tells of sheets and findings before the unit may know of them: not to whoever stands at the unit).
TABLE = [
    (Role.ADMIN, "above", True, True, False, False, False, False),
    (Role.ADMIN, "own", True, True, False, False, False, False),
    (Role.SUPERVISOR, "above", True, False, True, True, True, False),
    (Role.SUPERVISOR, "own", True, False, False, True, True, False),
    (Role.COMMANDER, "above", True, True, True, True, True, True),
    (Role.COMMANDER, "own", True, True, False, True, True, False),
    (Role.OPERATOR, "above", False, False, False, False, False, False),
    (Role.OPERATOR, "own", True, False, False, True, True, False),
    (Role.AUDITOR, "above", True, True, True, True, True, True),
    (Role.AUDITOR, "own", True, True, True, True, True, True),
    (Role.INTEGRITY_OFFICER, "above", True, False, False, False, False, False),
    (Role.INTEGRITY_OFFICER, "own", True, False, False, False, False, False),
    *[(role, "elsewhere", False, False, False, False, False, False) for role in Role.values],
]


@pytest.mark.parametrize(("role", "where", "unit", "people", "draft", "disclosed", "own", "trail"), TABLE)
def test_a_role_reads_what_the_table_says(world, role, where, unit, people, draft, disclosed, own, trail):
    person = reader(world, role, where)
    other = make_person(world.polsek, Role.OPERATOR)
    self_sheet = Checklist.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, created_by=world.operator
    )
    assert Unit.objects.visible_to(person).filter(pk=world.polsek.pk).exists() is unit
    assert User.objects.visible_to(person).filter(pk=other.pk).exists() is people
    sheets = Checklist.objects.visible_to(person)
    assert sheets.filter(pk=world.checklist.pk).exists() is draft
    assert sheets.filter(pk=self_sheet.pk).exists() is own
    Checklist.objects.filter(pk=world.checklist.pk).update(status=ChecklistStatus.DISCLOSED)
    assert Checklist.objects.visible_to(person).filter(pk=world.checklist.pk).exists() is disclosed
    events = AuditEvent.objects.visible_to(person).about(world.checklist)
    assert events.exists() is trail


def test_whoever_also_oversees_still_sees_of_his_own_unit_what_the_unit_sees(world):
    person = world.operator
    make_posting(person, world.polres, Role.AUDITOR)
    assert not Checklist.objects.visible_to(User.objects.get(pk=person.pk)).filter(pk=world.checklist.pk).exists()


def test_of_his_own_unit_s_trail_a_commander_reads_what_admins_write(world):
    unit = record("unit.changed", by=None, about=world.polsek, unit=world.polsek)
    visit = record("visit.changed", by=None, about=world.visit, unit=world.polsek)
    make_posting(world.operator, world.polres, Role.AUDITOR)
    person = User.objects.get(pk=world.operator.pk)
    seen = AuditEvent.objects.visible_to(person)
    assert (seen.filter(pk=unit.pk).exists(), seen.filter(pk=visit.pk).exists()) == (True, False)
    assert AuditEvent.objects.visible_to(world.auditor).filter(pk=visit.pk).exists()


def test_findings_of_the_own_unit_show_from_the_hand_over(world):
    finding = Finding.objects.create(
        number="T-9", unit=world.polsek, severity="minor", observation="Jadwal tidak terpasang",
        owner_unit=world.polsek, owner_title="Kasium", created_by=world.leader,
    )  # fmt: skip
    assert not Finding.objects.visible_to(world.operator).exists()
    assert Finding.objects.visible_to(world.leader).exists()
    Finding.objects.filter(pk=finding.pk).update(handed_over_at=timezone.now())
    assert Finding.objects.visible_to(world.operator).exists()


def test_stored_scores_are_not_for_admins_or_integrity_officers(world):
    UnitScore.objects.create(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer="self", computed_at=timezone.now()
    )
    assert UnitScore.objects.visible_to(world.commander).exists()
    for role in (Role.ADMIN, Role.INTEGRITY_OFFICER):
        assert not UnitScore.objects.visible_to(make_person(world.polres, role)).exists()


@pytest.mark.parametrize("ending", ["ended", "moved", "closed", "not begun", "not approved"])
def test_a_posting_that_does_not_run_gives_nothing_on_the_very_next_request(client, world, ending):
    member = world.members[0]
    client.force_login(member, backend="wbbm.organisasi.auth.PostingBackend")
    address = world.checklist.get_absolute_url()
    assert client.get(address).status_code == 200
    posting = member.postings.get()
    tomorrow = timezone.localdate() + datetime.timedelta(days=2)
    admin = make_person(world.polres, Role.ADMIN)
    if ending == "ended":
        end_posting(posting=posting, by=admin)
    elif ending == "moved":
        Posting.objects.filter(pk=posting.pk).update(unit=make_unit(kind=UnitKind.POLRES))
    elif ending == "closed":
        from wbbm.organisasi.services.people import close_person

        close_person(person=member, by=admin)
    elif ending == "not begun":
        Posting.objects.filter(pk=posting.pk).update(starts_on=tomorrow)
    else:
        Posting.objects.filter(pk=posting.pk).update(approved_at=None)
    answer = client.get(address)
    assert answer.status_code == (302 if ending == "closed" else 404)
    # What an open tab still sends gets an answer that a script understands, and writes nothing.
    before = AnswerRevision.objects.count()
    sent = client.post(
        f"{address}operasi/", json.dumps(body()), "application/json", headers={"Accept": "application/json"}
    )
    assert sent.status_code == (401 if ending == "closed" else 404)
    assert client.get(address, headers={"HX-Request": "true"}).status_code == (401 if ending == "closed" else 404)
    assert AnswerRevision.objects.count() == before


# --- who gives postings -----------------------------------------------------------------------------------


def give(admin, user, unit, role, **changes):
    fields = {"title": "Jabatan", "starts_on": datetime.date(2026, 1, 1)} | changes
    return add_posting(by=admin, user=user, unit=unit, role=role, **fields)


def test_an_admin_gives_postings_in_his_subtree_only(world):
    from wbbm.organisasi.errors import NotYourUnit

    admin = make_person(world.polsek, Role.ADMIN)
    assert give(admin, make_user(), world.polsek, Role.OPERATOR).approved_at is not None
    with pytest.raises(NotYourUnit):
        give(admin, make_user(), world.polres, Role.OPERATOR)


def test_an_admin_never_gives_himself_a_posting(world):
    from wbbm.organisasi.errors import OrganisationError

    admin = make_person(world.polres, Role.ADMIN)
    with pytest.raises(OrganisationError):
        give(admin, admin, world.polres, Role.OPERATOR)


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.INTEGRITY_OFFICER])
def test_some_postings_wait_for_a_second_admin(world, role):
    from wbbm.errors import DomainError

    first, second = make_person(world.polres, Role.ADMIN), make_person(world.polres, Role.ADMIN)
    user = make_user()
    posting = give(first, user, world.polsek, role)
    assert posting.approved_at is None
    assert User.objects.get(pk=user.pk).scope.postings == ()
    with pytest.raises(DomainError):
        approve_posting(posting=posting, by=first)
    approve_posting(posting=posting, by=second)
    assert User.objects.get(pk=user.pk).scope.has_role(role)
    with pytest.raises(DomainError):
        approve_posting(posting=posting, by=second)


def test_every_change_of_rights_is_in_the_trail_with_the_posting_used(world):
    admin = make_person(world.polres, Role.ADMIN)
    posting = give(admin, make_user(), world.polsek, Role.OPERATOR)
    end_posting(posting=posting, by=admin)
    events = AuditEvent.objects.about(posting).order_by("pk")
    assert [event.action for event in events] == ["posting.added", "posting.ended"]
    assert all(event.posting == admin.postings.get() for event in events)


def test_the_scope_costs_one_query(world, django_assert_num_queries):
    user = User.objects.get(pk=world.leader.pk)
    with django_assert_num_queries(1):
        assert user.scope.has_role(Role.SUPERVISOR)
        assert not user.scope.has_role(Role.ADMIN)
