"""Evidence of answers: kept once, recognised again, taken away with its trace, only on drafts and by its writers."""

import errno
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.storage import default_storage
from django.db import connections

from supervisi.models import (
    AnswerEvidence,
    Checklist,
    ChecklistStatus,
    Evidence,
    Layer,
    Visit,
    VisitMember,
    VisitStatus,
)
from supervisi.services import evidence as service
from supervisi.services.checklists import LockedChecklist, content_hash, create_checklist
from supervisi.services.evidence import UploadReused, attach_upload, detach
from supervisi.services.visits import delete_visit
from tests.files import samples
from tests.files.test_store import everything
from tests.supervisi.sheets import LETTER, PERCENT, make_world
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.errors import FileRefused, StorageFailed
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import AuditEvent, Posting, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def add(world, data=samples.PDF, code=LETTER, by=None, sheet=None, **options):
    options = {"upload": samples.upload(data, "surat perintah.pdf"), "upload_uuid": uuid.uuid4()} | options
    return attach_upload(answer=world.answer(code, sheet), by=by or world.leader, **options)


def self_sheet(world):
    return create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.SELF, by=world.operator
    )


def test_a_file_becomes_evidence_with_the_next_number(storage, world):
    first, second = add(world), add(world, samples.photo())
    assert [first.link.evidence.number, second.link.evidence.number] == [1, 2]
    assert first.link.evidence.title == "surat perintah"
    assert (first.duplicate_of, second.duplicate_of) == (None, None)
    assert first.link.evidence.file.kind == "evidence"
    assert world.answer().evidence_links.count() == 2
    assert len(everything()) == 3


def test_each_act_is_recorded_with_its_posting(world):
    link = add(world).link
    detach(link=link, by=world.members[0])
    events = AuditEvent.objects.filter(object_type="supervisi.evidence").order_by("pk")
    assert [event.action for event in events] == ["evidence.attached", "evidence.detached"]
    assert [event.actor for event in events] == [world.leader, world.members[0]]
    assert [event.posting.user for event in events] == [world.leader, world.members[0]]
    assert {event.unit for event in events} == {world.polsek}
    assert events[0].changes["sha256"] == [None, link.evidence.file.sha256]
    link.refresh_from_db()
    assert (link.posting.user, link.detached_posting.user) == (world.leader, world.members[0])


def test_evidence_changes_no_answer_and_marks_no_score(world):
    before = world.answer()
    add(world)
    after = world.answer()
    assert (after.version, after.value, after.is_answered) == (before.version, before.value, before.is_answered)
    assert after.revisions.count() == 0


# --- the same again -----------------------------------------------------------------------------------


def test_the_same_upload_twice_is_stored_once(storage, world):
    number = uuid.uuid4()
    links = {add(world, samples.photo(), upload_uuid=number).link.pk for _ in range(3)}
    assert len(links) == 1
    assert (Evidence.objects.count(), StoredFile.objects.count(), len(everything())) == (1, 1, 2)
    assert AuditEvent.objects.filter(action="evidence.attached").count() == 1


@pytest.mark.parametrize("change", ["file", "answer", "person"])
def test_the_uuid_of_another_upload_is_refused(world, change):
    number = add(world).link.uuid
    options = {
        "file": {"data": samples.photo()},
        "answer": {"code": PERCENT},
        "person": {"by": world.members[0]},
    }[change]
    with pytest.raises(UploadReused):
        add(world, upload_uuid=number, **options)
    assert AnswerEvidence.objects.count() == 1
    assert len(everything()) == 1


def test_a_known_file_is_recognised_and_tied_to_the_evidence_that_is_there(storage, world):
    first = add(world, samples.photo())
    again = add(world, samples.photo(), code=PERCENT, by=world.members[0])
    assert again.duplicate_of == first.link.evidence.number
    assert again.link.evidence == first.link.evidence
    assert again.link.pk != first.link.pk
    assert (Evidence.objects.count(), StoredFile.objects.count(), len(everything())) == (1, 1, 2)


def test_a_file_that_was_downloaded_here_is_recognised_as_well(storage, world):
    first = add(world, samples.photo())
    with default_storage.open(first.link.evidence.file.path) as stored:
        served = stored.read()
    assert served != samples.photo()
    assert add(world, served, code=PERCENT).duplicate_of == 1


def test_a_known_file_at_the_same_item_is_not_listed_twice(world):
    link = add(world).link
    assert add(world).link == link
    assert AnswerEvidence.objects.count() == 1


def test_a_known_file_is_not_decoded_again(world, monkeypatch):
    add(world, samples.photo())
    monkeypatch.setattr(service, "store", lambda *args, **kwargs: pytest.fail("decoded again"))
    assert add(world, samples.photo(), code=PERCENT).duplicate_of == 1


def test_numbers_and_duplicates_are_the_units_own(world):
    other = make_world("lain")
    add(world, samples.photo())
    found = add(other, samples.photo())
    assert (found.duplicate_of, found.link.evidence.number) == (None, 1)


def test_a_file_on_a_sheet_out_of_sight_is_never_hinted_at(world):
    add(world, samples.photo())
    own = self_sheet(world)
    answered = add(world, samples.photo(), sheet=own, by=world.operator)
    assert answered.duplicate_of is None
    assert Evidence.objects.visible_to(world.operator).get() == answered.link.evidence
    assert Evidence.objects.count() == 2


# --- who and when -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reviewer", "commander", "operator", "auditor", "stranger"])
def test_only_those_who_fill_in_may_add_or_take_away(world, who):
    person = getattr(world, who)
    link = add(world).link
    with pytest.raises(NotAllowed):
        add(world, samples.photo(), by=person)
    with pytest.raises(NotAllowed):
        detach(link=link, by=person)
    assert len(everything()) == 1


def test_the_team_the_units_operator_and_an_auditor_above_may_on_their_own_sheets(world):
    tpi = create_checklist(
        unit=world.polsek, period=world.period, instrument=world.instrument, layer=Layer.TPI, by=world.auditor
    )
    add(world, by=world.members[1])
    add(world, by=world.operator, sheet=self_sheet(world))
    add(world, by=world.auditor, sheet=tpi)
    assert AnswerEvidence.objects.count() == 3


def test_leaving_the_team_or_the_posting_ends_it(world):
    member = world.members[0]
    VisitMember.objects.filter(user=member).update(left_at="2026-01-01T00:00:00Z")
    with pytest.raises(NotAllowed):
        add(world, by=member)
    Posting.objects.filter(user=world.leader, role=Role.SUPERVISOR).update(ends_on="2021-01-01")
    world.leader = type(world.leader).objects.get(pk=world.leader.pk)
    with pytest.raises(NotAllowed):
        add(world)
    assert everything() == []


@pytest.mark.parametrize("status", [value for value in ChecklistStatus.values if value != "draft"])
def test_a_sheet_past_draft_refuses_both(world, status):
    sent = add(world)
    Checklist.objects.filter(pk=world.checklist.pk).update(status=status)
    with pytest.raises(LockedChecklist):
        add(world, samples.photo())
    with pytest.raises(LockedChecklist):
        add(world, code=PERCENT)
    link = AnswerEvidence.objects.get(pk=sent.link.pk)
    with pytest.raises(LockedChecklist):
        detach(link=link, by=world.leader)
    # What arrived before may be asked again: the device must learn that it arrived.
    assert add(world, upload_uuid=sent.link.uuid).link == sent.link
    assert AnswerEvidence.objects.attached().count() == 1
    assert len(everything()) == 1


def test_a_sheet_handed_in_while_the_photo_is_decoded_refuses_it_and_keeps_nothing(storage, world, monkeypatch):
    real = service.store

    def slow(*args, **kwargs):
        file = real(*args, **kwargs)
        Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
        return file

    monkeypatch.setattr(service, "store", slow)
    with pytest.raises(LockedChecklist):
        add(world, samples.photo())
    assert everything() == []
    assert (StoredFile.objects.count(), Evidence.objects.count(), AnswerEvidence.objects.count()) == (0, 0, 0)


# --- nothing by halves --------------------------------------------------------------------------------


def test_a_refused_file_leaves_nothing(world):
    for data in (b"", samples.HTML, b"\xff\xd8\xff" + samples.HTML):
        with pytest.raises(FileRefused):
            add(world, data)
    assert everything() == []
    assert (StoredFile.objects.count(), AnswerEvidence.objects.count()) == (0, 0)


def test_a_full_disk_leaves_nothing_and_the_same_upload_works_later(storage, world, monkeypatch):
    number = uuid.uuid4()

    def full(self, name, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(type(storage._wrapped), "_save", full)
        with pytest.raises(StorageFailed):
            add(world, samples.photo(), upload_uuid=number)
    assert (StoredFile.objects.count(), AnswerEvidence.objects.count(), everything()) == (0, 0, [])
    assert add(world, samples.photo(), upload_uuid=number).link.evidence.number == 1


def test_a_fault_in_the_transaction_leaves_no_row_behind(world, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("gone")

    monkeypatch.setattr("supervisi.services.vault.record", fail)
    with pytest.raises(RuntimeError):
        add(world, samples.photo())
    assert (StoredFile.objects.count(), Evidence.objects.count(), AnswerEvidence.objects.count()) == (0, 0, 0)


# --- taking away --------------------------------------------------------------------------------------


def test_taken_away_evidence_leaves_the_item_but_not_the_history(world):
    link = add(world).link
    detach(link=link, by=world.leader)
    assert AnswerEvidence.objects.attached().count() == 0
    link.refresh_from_db()
    assert link.detached_by == world.leader
    assert Evidence.objects.visible_to(world.leader).get() == link.evidence
    assert len(everything()) == 1


def test_evidence_is_taken_away_once(world):
    link = add(world).link
    detach(link=link, by=world.leader)
    with pytest.raises(InvalidTransition):
        detach(link=link, by=world.members[0])
    link.refresh_from_db()
    assert link.detached_by == world.leader
    assert AuditEvent.objects.filter(action="evidence.detached").count() == 1


def test_a_late_repeat_does_not_bring_back_what_was_taken_away(world):
    link = add(world).link
    detach(link=link, by=world.leader)
    assert add(world, upload_uuid=link.uuid).link.detached_at is not None
    assert AnswerEvidence.objects.attached().count() == 0


def test_what_was_taken_away_can_be_attached_anew(world):
    link = add(world).link
    detach(link=link, by=world.leader)
    again = add(world)
    assert again.duplicate_of == 1
    assert AnswerEvidence.objects.attached().get() == again.link
    assert again.link.pk != link.pk


def test_the_content_hash_of_a_sheet_holds_what_is_attached(world):
    empty = content_hash(world.checklist)
    link = add(world).link
    full = content_hash(world.checklist)
    detach(link=link, by=world.leader)
    assert content_hash(world.checklist) == empty != full


def test_a_visit_with_evidence_is_not_deleted_even_without_answers(world):
    link = add(world).link
    detach(link=link, by=world.leader)
    Visit.objects.filter(pk=world.visit.pk).update(status=VisitStatus.PLANNED)
    with pytest.raises(DomainError, match="berisi jawaban atau bukti"):
        delete_visit(visit=Visit.objects.get(pk=world.visit.pk), by=world.leader)
    assert AnswerEvidence.objects.count() == 1


# --- at the same time ---------------------------------------------------------------------------------


def at_once(*calls):
    """Run calls in threads of their own that begin together; return what each gave."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_the_same_upload_at_once_is_one(world):
    number = uuid.uuid4()
    found = at_once(*[lambda: add(world, samples.photo(), upload_uuid=number) for _ in range(4)])
    assert len({attached.link.pk for attached in found}) == 1
    assert (Evidence.objects.count(), StoredFile.objects.count(), len(everything())) == (1, 1, 2)


@pytest.mark.django_db(transaction=True)
def test_the_same_file_at_once_by_several_is_one_evidence(world):
    people = [world.leader, *world.members]
    at_once(*[lambda person=person: add(world, samples.photo(), by=person) for person in people])
    assert (Evidence.objects.count(), AnswerEvidence.objects.count(), len(everything())) == (1, 1, 2)


@pytest.mark.django_db(transaction=True)
def test_several_files_at_once_get_numbers_of_their_own(world):
    at_once(*[lambda seed=seed: add(world, samples.photo(seed=seed)) for seed in range(6)])
    assert sorted(Evidence.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert len(everything()) == 12
