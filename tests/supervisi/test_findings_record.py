"""Recording a finding: numbered for ever, and what severe answers ask for."""

import datetime
import importlib
import threading

import pytest
from django.apps import apps
from django.db import connections
from django.db.models import F
from django.urls import reverse

from supervisi.models import Checklist, Finding, FindingEvent, Severity, Visit, VisitStatus
from supervisi.services import checklists
from supervisi.services.answers import save_operation
from supervisi.services.checklists import LockedChecklist, missing_severe_findings
from supervisi.services.findings import mark_still_good, number_prefix, record_finding, record_free_finding
from supervisi.services.late_handover import LATE, WORDS
from supervisi.services.visits import cancel_visit, finish_visit
from tests.supervisi.sheets import LETTER, SEVERE_PERCENT, make_world, op
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs.models import Job
from wbbm.jobs.services import drain
from wbbm.notices.models import Notice
from wbbm.organisasi.models import AuditEvent
from wbbm.organisasi.services.audit import record

pytestmark = pytest.mark.django_db
TEXTS = {"observation": "Papan tarif kosong.", "recommendation": "Pasang papan tarif.", "owner_title": "Kapolsek"}


@pytest.fixture
def world():
    return make_world("senori")


def find(world, by=None, **changes):
    fields = {"checklist": world.reload(), "item_code": LETTER, "severity": "severe", "by": by or world.leader}
    return record_finding(**(fields | TEXTS | changes))


def url(world):
    return reverse("supervisi:finding-add", args=[world.checklist.pk])


def test_a_finding_has_a_number_an_owner_and_an_event(world):
    save_operation(checklist=world.reload(), operation=op(answer="D"), by=world.leader)
    finding = find(world)
    year = datetime.date.today().year
    assert finding.number == f"T-{year}-SENORI-001"
    assert (finding.unit, finding.owner_unit, finding.visit) == (world.polsek, world.polsek, world.visit)
    assert (finding.option_code, finding.severity, finding.status) == ("D", Severity.SEVERE, "open")
    assert finding.handed_over_at is None
    assert AuditEvent.objects.filter(action="finding.recorded", actor=world.leader).count() == 1


def test_numbers_run_on_by_unit_and_year(world):
    numbers = [find(world).number for _ in range(3)]
    assert [number[-3:] for number in numbers] == ["001", "002", "003"]
    Finding.objects.create(
        number=f"{number_prefix(world.polsek)}1041",
        unit=world.polsek,
        severity="minor",
        observation="x",
        owner_unit=world.polsek,
        owner_title="Kapolsek",
        created_by=world.leader,
    )
    assert find(world).number.endswith("-1042")


@pytest.mark.django_db(transaction=True)
def test_findings_recorded_at_once_get_numbers_of_their_own(world):
    faults = []

    def record(person):
        try:
            find(world, by=person)
        except DomainError as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    people = [world.leader, *world.members] * 2
    threads = [threading.Thread(target=record, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert Finding.objects.count() == len(people)


@pytest.mark.parametrize("who", ["reviewer", "operator", "commander", "auditor", "stranger"])
def test_only_who_fills_in_the_sheet_records(world, who):
    with pytest.raises(NotAllowed):
        find(world, by=getattr(world, who))


@pytest.mark.parametrize("status", ["submitted", "reviewed", "disclosed", "final"])
def test_on_a_locked_sheet_nothing_is_recorded(world, status):
    Checklist.objects.filter(pk=world.checklist.pk).update(status=status)
    with pytest.raises(LockedChecklist):
        find(world)


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "worst"},
        {"item_code": "P.9"},
        {"item_code": "P\x00"},
        {"observation": " "},
        {"observation": "a\x00bcd"},
        {"recommendation": "x" * 5000},
        {"owner_title": ""},
    ],
)
def test_what_cannot_be_recorded_is_refused(world, changes):
    with pytest.raises(DomainError):
        find(world, **changes)
    assert Finding.objects.count() == 0


def test_after_the_closing_meeting_a_finding_is_handed_over_at_once(world):
    Visit.objects.filter(pk=world.visit.pk).update(status=VisitStatus.DONE)
    assert find(world).handed_over_at is not None


def test_a_finding_that_was_on_its_way_while_the_visit_ended_reaches_the_unit(world):
    sheet, visit = world.reload(), Visit.objects.select_related("unit").get(pk=world.visit.pk)
    finish_visit(visit=world.visit, by=world.leader)
    assert (sheet.visit.status, visit.status) == ("ongoing", "ongoing")
    found = find(world, checklist=sheet)
    free = record_free_finding(unit=world.polsek, severity="minor", by=world.leader, visit=visit, **TEXTS)
    assert None not in (found.handed_over_at, found.due_on, free.handed_over_at, free.due_on)


def test_what_was_found_on_a_visit_that_is_cancelled_reaches_the_unit(world):
    found = find(world)
    world.operator = type(world.operator).objects.get(pk=world.operator.pk)
    assert not Finding.objects.visible_to(world.operator).exists()
    cancel_visit(visit=world.visit, by=world.leader, reason="Jalan terputus banjir")
    found.refresh_from_db()
    assert None not in (found.handed_over_at, found.due_on)
    events = FindingEvent.objects.visible_to(world.operator).filter(finding=found)
    assert [event.kind for event in events] == ["recorded", "handed_over"]


def test_what_visits_found_that_were_cancelled_before_is_handed_over_once(world):
    """As it stood before cancelling handed over: the migration wants the job, the job hands over."""
    found = find(world)
    other = make_world("lain")
    running = find(other)
    Visit.objects.filter(pk=world.visit.pk).update(status=VisitStatus.CANCELLED)
    posting = world.leader.postings.get()
    record("visit.cancelled", by=world.leader, posting=posting, about=world.visit, unit=world.polsek)
    importlib.import_module("supervisi.migrations.0026_hand_over_cancelled").want_handing_over(apps, None)
    wanted = Job.objects.filter(kind=LATE)
    assert [job.key for job in wanted] == [str(world.visit.pk)]
    for _ in range(2):
        drain()
        wanted.update(wanted=F("wanted") + 1)
    found.refresh_from_db()
    running.refresh_from_db()
    assert found.handed_over_at is not None and found.due_on > datetime.date.today() and running.handed_over_at is None
    world.operator = type(world.operator).objects.get(pk=world.operator.pk)
    events = FindingEvent.objects.visible_to(world.operator).filter(finding=found)
    assert [(event.kind, event.text) for event in events][1:] == [("handed_over", WORDS)]
    assert (events[1].by, events[1].posting) == (world.leader, posting)
    assert AuditEvent.objects.get(action="finding.handed-over").reason == WORDS
    assert Notice.objects.filter(person=world.operator, kind="finding").count() == 1


def test_a_sheet_and_the_cancelling_of_its_visit_never_both_pass(world, monkeypatch):
    """Whoever comes second read the state of before; the row that the first one wrote stops him."""
    monkeypatch.setattr(checklists, "_require_complete", lambda checklist: None)
    late = world.reload()
    cancel_visit(visit=world.visit, by=world.leader, reason="Jalan terputus banjir")
    with pytest.raises(InvalidTransition, match="dibatalkan"):
        checklists.submit_checklist(checklist=late, by=world.leader)
    assert world.reload().is_draft


def test_a_visit_that_was_cancelled_meanwhile_takes_no_finding(world):
    """On its way while the visit is cancelled: the hand-over is past, so that the unit would never see it."""
    sheet, visit = world.reload(), Visit.objects.select_related("unit").get(pk=world.visit.pk)
    closed = Finding.objects.create(
        number="T-1", unit=world.polsek, item=world.answer().item, severity="minor", observation="x",
        owner_unit=world.polsek, owner_title="Kapolsek", created_by=world.leader, status="closed",
    )  # fmt: skip
    cancel_visit(visit=world.visit, by=world.leader, reason="Jalan terputus banjir")
    assert sheet.visit.status == visit.status == "ongoing"
    with pytest.raises(DomainError):
        record_free_finding(unit=world.polsek, severity="minor", by=world.leader, visit=visit, **TEXTS)
    for act in (
        lambda: find(world, checklist=sheet),
        lambda: find(world, checklist=sheet, same_as=closed),
        lambda: mark_still_good(finding=closed, checklist=sheet, by=world.leader),
    ):
        with pytest.raises(InvalidTransition, match="sudah dibatalkan"):
            act()
    assert Finding.objects.values_list("status", "visit").get() == ("closed", None)
    assert not FindingEvent.objects.exists()


def test_a_severe_answer_without_a_finding_is_missing_until_it_is_recorded(world):
    inputs = {"ditanya": 5, "utuh": 4}
    from supervisi.instrument_cache import engine_instrument

    keys = [each.key for each in engine_instrument(world.instrument).item(SEVERE_PERCENT).inputs]
    inputs = dict(zip(keys, [5, 4], strict=True))
    save_operation(checklist=world.reload(), operation=op(SEVERE_PERCENT, inputs), by=world.leader)
    assert missing_severe_findings(world.reload()) == [SEVERE_PERCENT]
    find(world, item_code=SEVERE_PERCENT, severity="minor")
    assert missing_severe_findings(world.reload()) == [SEVERE_PERCENT]
    find(world, item_code=SEVERE_PERCENT)
    assert missing_severe_findings(world.reload()) == []


def test_the_form_records_and_leads_back_to_the_item(client, world):
    client.force_login(world.leader)
    page = client.get(url(world) + f"?butir={LETTER}")
    assert "Catat temuan" in page.content.decode()
    response = client.post(url(world), TEXTS | {"item": LETTER, "severity": "moderate"})
    assert response.status_code == 302
    assert response["Location"].endswith(f"/area/1/#b-{LETTER}")
    assert Finding.objects.get().severity == "moderate"


def test_the_form_by_script_answers_json(client, world):
    client.force_login(world.leader)
    data = TEXTS | {"item": LETTER, "severity": "severe"}
    reply = client.post(url(world), data, headers={"accept": "application/json"}).json()
    assert reply["code"] == "saved"
    assert reply["number"].endswith("-SENORI-001")
    bad = client.post(url(world), data | {"observation": ""}, headers={"accept": "application/json"})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid")


def test_a_form_with_gaps_comes_back_as_422(client, world):
    client.force_login(world.leader)
    response = client.post(url(world), {"item": LETTER, "severity": "severe", "observation": "Ada tulisan saya"})
    assert response.status_code == 422
    assert "Ada tulisan saya" in response.content.decode()
    assert Finding.objects.count() == 0


@pytest.mark.parametrize(("case", "status", "message"), [
    ("locked", 409, "Lembar sudah diserahkan"), ("no such item", 422, "Butir ini tidak ada pada lembar."),
])  # fmt: skip
def test_what_was_typed_stays_when_the_sheet_refuses_it(client, world, case, status, message):
    client.force_login(world.leader)
    data = {
        "item": LETTER if case == "locked" else "X.9", "severity": "minor", "observation": "Papan tarif miring",
        "recommendation": "Pasang ulang", "owner_title": "Kapolsek",
    }  # fmt: skip
    if case == "locked":
        Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    response = client.post(url(world), data)
    assert response.status_code == status
    page = response.content.decode()
    assert message in page
    assert "Papan tarif miring" in page
    assert "Pasang ulang" in page
    assert not Finding.objects.exists()


def test_rights_at_the_form(client, world):
    client.force_login(world.commander)
    assert client.get(url(world)).status_code == 403
    client.force_login(world.stranger)
    assert client.get(url(world)).status_code == 404
    client.logout()
    assert client.get(url(world)).status_code == 302
