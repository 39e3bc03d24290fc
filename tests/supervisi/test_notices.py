"""Whom each step tells, by role: the right people, once, and a unit nothing that it may not know yet."""

import datetime

import pytest

from supervisi import access
from supervisi.models import ChecklistStatus, Finding, Layer, Severity, VisitStatus
from supervisi.services import follow_up, notices, visits
from supervisi.services.checklists import (
    approve_reopening,
    create_checklist,
    disclose_checklist,
    finalise_checklist,
    request_reopening,
    return_checklist,
    review_checklist,
    submit_checklist,
)
from supervisi.services.findings import record_finding
from supervisi.services.visits import Team, cancel_visit, change_visit, finish_visit, plan_visit, start_visit
from tests.factories import make_person, make_posting, make_unit
from tests.files.samples import photo, upload
from tests.supervisi.sheets import LETTER, make_world
from wbbm.errors import DomainError
from wbbm.notices.models import Notice
from wbbm.organisasi.access import nearest_people
from wbbm.organisasi.models import Posting, Role, UnitKind, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture(autouse=True)
def _complete(monkeypatch):
    """Let every sheet be complete: this is about who is told."""
    monkeypatch.setattr("supervisi.services.checklists._require_complete", lambda checklist: None)


def fresh(person):
    """Return the person as the next request reads him."""
    return User.objects.get(pk=person.pk)


def told(text=""):
    """Return the ids of who was told something with the text."""
    return sorted(Notice.objects.filter(text__icontains=text).values_list("person_id", flat=True))


def waiting():
    """Return the ids of whose bell rings."""
    return sorted(Notice.objects.unread().values_list("person_id", flat=True))


def ids(*people):
    return sorted(person.pk for person in people)


def planned(world, **changes):
    wanted = {
        "unit": world.polsek,
        "period": world.period,
        "sprin_number": "Sprin/9",
        "starts_on": datetime.date.today(),
        "ends_on": None,
        "team": Team(world.leader, None, tuple(world.members[:2])),
        "by": world.reviewer,
    } | changes
    return plan_visit(**wanted)


def change(visit, **changes):
    wanted = {
        "visit": visit,
        "sprin_number": visit.sprin_number,
        "starts_on": visit.starts_on,
        "ends_on": None,
        "by": visit.planned_by,
    } | changes
    return change_visit(**wanted)


def to(world, status):
    """Take the world's sheet through its steps up to a state, as the people who may."""
    sheet = world.reload()
    steps = [
        (submit_checklist, world.leader),
        (review_checklist, world.reviewer),
        (disclose_checklist, world.commander),
        (finalise_checklist, world.commander),
    ]
    for step, person in steps:
        if sheet.status == status:
            break
        if step is disclose_checklist:
            world.end_visit()
        sheet = step(checklist=sheet, by=fresh(person))
    Notice.objects.all().delete()
    return sheet


# --- visits -------------------------------------------------------------------------------------------


def test_a_planned_visit_is_told_to_its_team_and_its_unit(world):
    planned(world)
    assert told("Anda masuk tim") == ids(world.leader, *world.members[:2])
    assert told("Tim supervisi akan berkunjung") == ids(world.operator)
    assert Notice.objects.count() == 4


def test_whoever_planned_it_is_not_told(world):
    planned(world, by=world.leader)
    assert world.leader.pk not in told()


def test_a_refused_plan_tells_nobody(world):
    planned(world)
    Notice.objects.all().delete()
    with pytest.raises(visits.VisitExists):
        planned(world)
    assert told() == []


def test_a_changed_team_tells_who_came_and_who_went(world):
    visit = planned(world)
    Notice.objects.all().delete()
    change(visit, team=Team(world.leader, None, (world.members[0], world.members[2])))
    assert told("Anda masuk tim") == ids(world.members[2])
    assert told("tidak lagi masuk tim") == ids(world.members[1])
    assert Notice.objects.count() == 2


def test_new_days_are_told_to_team_and_unit(world):
    visit = planned(world)
    Notice.objects.all().delete()
    day = visit.starts_on + datetime.timedelta(days=2)
    change(visit, starts_on=day, team=Team(world.leader, None, tuple(world.members[:2])))
    assert told("berubah menjadi") == ids(world.leader, *world.members[:2], world.operator)
    assert Notice.objects.count() == 4


def test_a_change_that_changes_nothing_for_them_tells_nobody(world):
    visit = planned(world)
    Notice.objects.all().delete()
    change(visit, sprin_number="Sprin/10", team=Team(world.leader, None, tuple(world.members[:2])))
    assert told() == []


def test_a_cancelled_visit_is_told_without_its_reason(world):
    visit = planned(world)
    Notice.objects.all().delete()
    cancel_visit(visit=visit, by=world.reviewer, reason="Alasan yang rahasia")
    assert told("dibatalkan") == ids(world.leader, *world.members[:2], world.operator)
    assert told("rahasia") == []


def test_beginning_a_visit_tells_nobody(world):
    visit = planned(world)
    Notice.objects.all().delete()
    start_visit(visit=visit, by=world.leader)
    assert told() == []


# --- findings -----------------------------------------------------------------------------------------


def found(world, title="Jabatan uji"):
    return record_finding(
        checklist=world.reload(), item_code=LETTER, severity=Severity.MINOR, observation="Papan tarif belum dipasang.",
        recommendation="Pasang papan tarif.", owner_title=title, by=world.leader,
    )  # fmt: skip


def test_a_finding_is_told_at_the_hand_over_and_not_before(world):
    found(world)
    found(world)
    assert told() == []
    finish_visit(visit=world.visit, by=world.leader)
    assert told("2 temuan") == ids(world.operator)
    assert Notice.objects.count() == 1
    words = Notice.objects.get().text
    assert "Papan tarif" not in words
    assert world.operator.name not in words


def test_a_finding_recorded_after_the_hand_over_is_told_at_once(world):
    finish_visit(visit=world.visit, by=world.leader)
    assert told() == []
    finding = found(world)
    assert told(finding.number) == ids(world.operator)


def test_the_office_is_told_whoever_holds_it(world):
    holder = make_person(world.polsek, Role.OPERATOR)
    Posting.objects.filter(user=holder).update(title="Kanit Samapta")
    found(world, "kanit samapta")
    finish_visit(visit=world.visit, by=world.leader)
    assert told() == ids(holder)


def test_a_vacant_office_falls_to_a_commander(world):
    found(world, "Jabatan kosong")
    finish_visit(visit=world.visit, by=world.leader)
    assert told() == ids(world.operator)
    Notice.objects.all().delete()
    Posting.objects.filter(unit=world.polsek).update(ends_on=datetime.date(2021, 1, 1))
    found(world)
    assert told() == ids(world.commander)


def test_each_step_of_a_finding_is_told_to_whose_turn_it_is(world):
    found(world)
    finish_visit(visit=world.visit, by=world.leader)
    finding = Finding.objects.get()
    Notice.objects.all().delete()
    answer = {"finding": finding, "text": "Sudah dipasang.", "by": fresh(world.operator)}
    finding = follow_up.answer_finding(uploads=[upload(photo(), "papan.jpg")], **answer)
    assert told("dijawab") == told() == waiting() == ids(world.leader)
    finding = follow_up.return_finding(finding=finding, by=fresh(world.reviewer), reason="Alasan yang rahasia")
    assert told("dikembalikan") == waiting() == ids(world.operator)
    finding = follow_up.extend_finding(finding=finding, days=3, reason="Alasan yang rahasia", by=fresh(world.reviewer))
    assert told("tenggat baru") == ids(world.operator)
    finding = follow_up.answer_finding(**answer | {"finding": finding, "uploads": []})
    finding = follow_up.accept_finding(finding=finding, by=fresh(world.reviewer))
    assert waiting() == []
    follow_up.close_finding(finding=finding, by=fresh(world.reviewer))
    assert told("ditutup") == ids(world.operator)
    assert told("rahasia") == []
    assert told("Papan tarif") == []


def test_without_who_knows_it_every_nearest_supervisor_judges(world):
    found(world)
    finish_visit(visit=world.visit, by=world.leader)
    Posting.objects.filter(user=world.leader).update(ends_on=datetime.date(2021, 1, 1))
    assert {person.pk for person in notices.judges(Finding.objects.get())} == set(ids(world.reviewer, *world.members))


def test_a_visit_without_findings_tells_nobody(world):
    finish_visit(visit=world.visit, by=world.leader)
    assert told() == []


# --- sheets -------------------------------------------------------------------------------------------


def test_a_submitted_sheet_is_told_to_exactly_those_who_may_review_it(world):
    submit_checklist(checklist=world.reload(), by=world.leader)
    sheet = world.reload()
    may = [person for person in User.objects.all() if access.posting_to_review(person, sheet) is not None]
    assert told("menunggu ditinjau") == ids(*may) == ids(world.reviewer)


def test_of_those_above_the_nearest_are_asked():
    polda = make_unit(kind=UnitKind.POLDA)
    polres = make_unit(polda, kind=UnitKind.POLRES)
    polsek = make_unit(polres)
    far, near, own = (make_person(unit, Role.COMMANDER) for unit in (polda, polres, polsek))
    assert nearest_people(polsek, Role.COMMANDER) == [near]
    assert nearest_people(polsek, Role.COMMANDER, is_above=False) == [own]
    assert nearest_people(polsek, Role.COMMANDER, besides=[near.pk]) == [far]
    assert nearest_people(polda, Role.COMMANDER) == []


def test_a_supervisor_who_commands_the_station_is_not_asked_to_review_it(world):
    make_posting(world.reviewer, world.polsek, Role.COMMANDER)
    submit_checklist(checklist=world.reload(), by=world.leader)
    assert told() == []


def test_a_returned_sheet_is_told_to_the_whole_team(world):
    to(world, ChecklistStatus.SUBMITTED)
    return_checklist(checklist=world.reload(), by=world.reviewer, reason="Alasan yang rahasia")
    assert told("dikembalikan") == ids(world.leader, *world.members)
    assert told("rahasia") == []


def test_a_reviewed_sheet_is_told_to_exactly_those_who_may_disclose_it(world):
    world.end_visit()
    to(world, ChecklistStatus.SUBMITTED)
    review_checklist(checklist=world.reload(), by=world.reviewer)
    sheet = world.reload()
    may = [person for person in User.objects.all() if access.posting_to_disclose(person, sheet) is not None]
    assert told("menunggu disampaikan") == ids(*may) == ids(world.commander)


def test_a_sheet_reviewed_before_its_visit_ends_is_asked_for_when_it_ends(world):
    to(world, ChecklistStatus.SUBMITTED)
    review_checklist(checklist=world.reload(), by=world.reviewer)
    assert told("menunggu disampaikan") == []
    assert told("setelah kunjungannya selesai") == waiting() == ids(world.commander)
    finish_visit(visit=world.visit, by=world.leader)
    assert told("menunggu disampaikan") == waiting() == ids(world.commander)
    assert not Notice.objects.unread().filter(text__contains="setelah kunjungannya selesai").exists()


def test_what_asked_for_a_step_is_settled_by_the_step_and_results_stay(world):
    sheet = submit_checklist(checklist=world.reload(), by=world.leader)
    assert waiting() == ids(world.reviewer)
    sheet = review_checklist(checklist=sheet, by=fresh(world.reviewer))
    assert waiting() == ids(world.commander)
    world.end_visit()
    sheet = disclose_checklist(checklist=sheet, by=fresh(world.commander))
    assert waiting() == ids(world.operator)
    finalise_checklist(checklist=sheet, by=fresh(world.commander))
    assert waiting() == ids(world.operator)


def test_another_sheet_keeps_asking(world):
    other = make_world("lain")
    submit_checklist(checklist=other.reload(), by=other.leader)
    sheet = submit_checklist(checklist=world.reload(), by=world.leader)
    review_checklist(checklist=sheet, by=fresh(world.reviewer))
    assert waiting() == ids(world.commander, other.reviewer)


def test_a_disclosed_sheet_is_told_to_commander_and_operators_of_its_unit(world):
    operator = make_person(world.polsek, Role.OPERATOR)
    to(world, ChecklistStatus.REVIEWED)
    world.end_visit()
    disclose_checklist(checklist=world.reload(), by=world.commander)
    assert told("sudah disampaikan") == ids(world.operator, operator)
    assert Notice.objects.count() == 2


def test_a_reopening_is_asked_of_another_commander(world):
    to(world, ChecklistStatus.FINAL)
    second = make_person(world.polres, Role.COMMANDER)
    request_reopening(checklist=world.reload(), by=fresh(world.commander), reason="Ada butir yang keliru")
    sheet = world.reload()
    may = [person for person in User.objects.all() if access.posting_to_approve_reopening(person, sheet) is not None]
    assert told("Pembukaan kembali") == ids(*may) == ids(second)
    Notice.objects.all().delete()
    approve_reopening(checklist=sheet, by=fresh(second))
    assert told("dibuka kembali") == ids(world.leader, *world.members)


def test_a_self_sheet_waits_for_nobody_and_goes_back_to_its_unit(world):
    sheet = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )
    submit_checklist(checklist=sheet, by=world.operator)
    assert told() == []
    return_checklist(checklist=sheet, by=world.reviewer, reason="Butir pertama keliru")
    assert told("dikembalikan") == ids(world.operator)


def test_a_tpi_sheet_is_told_to_another_auditor_and_goes_back_to_its_author(world):
    second = make_person(world.polres, Role.AUDITOR)
    sheet = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.TPI, by=world.auditor
    )
    submit_checklist(checklist=sheet, by=world.auditor)
    assert told("menunggu ditinjau") == ids(second)
    return_checklist(checklist=sheet, by=second, reason="Butir pertama keliru")
    assert told("dikembalikan") == ids(world.auditor)


def test_a_refused_step_tells_nobody(world):
    to(world, ChecklistStatus.SUBMITTED)
    with pytest.raises(DomainError):
        review_checklist(checklist=world.reload(), by=world.leader)
    assert told() == []


# --- what a unit may not know yet ---------------------------------------------------------------------

UNIT_ROLES = (Role.COMMANDER, Role.OPERATOR, Role.SUPERVISOR)


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_the_unit_hears_nothing_of_its_sheet_before_it_is_disclosed(world, role):
    """Show 6: through every step back and forth, with a finding recorded, whatever else he holds above."""
    person = make_person(world.polsek, role)
    for held in (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR):
        make_posting(person, world.polres, held, title=f"Rangkap {held}")
    found(world)
    sheet = submit_checklist(checklist=world.reload(), by=world.leader)
    sheet = return_checklist(checklist=sheet, by=world.reviewer, reason="Butir pertama keliru")
    sheet = submit_checklist(checklist=sheet, by=world.leader)
    sheet = review_checklist(checklist=sheet, by=world.reviewer)
    assert person.pk not in told()
    assert world.operator.pk not in told()
    world.end_visit()
    disclose_checklist(checklist=sheet, by=world.commander)
    assert (person.pk in told("sudah disampaikan")) == (role != Role.SUPERVISOR)


@pytest.mark.parametrize("role", UNIT_ROLES)
def test_of_a_visit_that_is_cancelled_the_unit_hears_what_was_found_and_no_result(world, role):
    person = make_person(world.polsek, role)
    for held in (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR):
        make_posting(person, world.polres, held, title=f"Rangkap {held}")
    found(world)
    assert told("temuan") == []
    cancel_visit(visit=world.visit, by=world.leader, reason="Tim ditarik kembali")
    assert world.operator.pk in told("temuan")
    assert told("sudah disampaikan") == []
    assert Finding.objects.filter(handed_over_at__isnull=True).count() == 0
    assert world.visit.status == VisitStatus.CANCELLED


def test_the_twin_a_step_told_too_early_is_seen(world, monkeypatch):
    """Twin: with the review told to the unit, and with its own people asked to review, the tests above go red."""
    kind, _, text = notices._STEPS["review"]
    monkeypatch.setitem(notices._STEPS, "review", (kind, notices.assessed, text))
    with pytest.raises(AssertionError):
        test_the_unit_hears_nothing_of_its_sheet_before_it_is_disclosed(world, Role.COMMANDER)


def test_the_twin_a_reviewer_of_the_own_station_is_seen(world, monkeypatch):
    monkeypatch.setattr(notices, "people_at", lambda unit, *roles: [])
    with pytest.raises(AssertionError):
        test_a_supervisor_who_commands_the_station_is_not_asked_to_review_it(world)
