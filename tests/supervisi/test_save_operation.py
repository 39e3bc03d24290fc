"""Saving one answer: accepted, repeated, refused, locked."""

import dataclasses
import uuid

import pytest
from django.db import IntegrityError

from supervisi.models import Answer, AnswerRevision, Checklist, ChecklistStatus, RevisionOutcome, VisitMember
from supervisi.services import answers
from supervisi.services.answers import CONFLICT, LOCKED, SAVED, restore_value, save_operation
from supervisi.services.operations import InvalidOperation, UuidReused
from tests.factories import make_person
from tests.supervisi.sheets import LETTER, PERCENT, SEVERE_PERCENT, make_world, op
from wbbm.errors import NotAllowed
from wbbm.jobs.models import Job
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def save(world, operation, by=None):
    return save_operation(checklist=world.reload(), operation=operation, by=by or world.leader)


def test_a_save_moves_version_value_author_and_writes_one_revision(world):
    operation = op(answer="b", note="  di papan  ", checked="site")
    outcome = save(world, operation)
    answer = world.answer()
    assert outcome.code == SAVED
    assert (answer.version, answer.author, answer.is_answered) == (1, world.leader, True)
    assert answer.value == {"answer": "B", "note": "di papan", "checked": "site", "on_behalf_of": None}
    revision = AnswerRevision.objects.get()
    assert (revision.uuid, revision.outcome, revision.base_version, revision.new_version) == (
        operation.uuid,
        RevisionOutcome.ACCEPTED,
        0,
        1,
    )
    assert revision.posting == world.leader.scope.postings[0]
    assert revision.reply == outcome.reply


def test_the_reply_carries_version_time_scores_and_progress(world):
    reply = save(world, op(answer="A")).reply
    assert reply["version"] == 1
    assert reply["time"].count(".") == 1
    assert reply["score"]["area"]["provisional"].endswith("%")
    assert reply["progress"]["area"]["answered"] == 1
    assert reply["progress"]["sheet"] == {"answered": 1, "due": 59, "percent": 1}


def test_a_save_raises_the_roll_up_of_its_sheet(world):
    before = Job.objects.get(kind="rollup").wanted
    save(world, op())
    assert Job.objects.get(kind="rollup").wanted == before + 1


def test_the_same_operation_again_gets_the_first_reply_and_changes_nothing(world):
    operation = op(answer="A")
    first = save(world, operation)
    save(world, op(answer="B", base=1))
    again = save(world, operation)
    assert again.is_repeat
    assert again.code == SAVED
    assert again.reply == first.reply
    assert AnswerRevision.objects.count() == 2
    assert world.answer().value["answer"] == "B"


def test_a_repeat_in_other_words_is_the_same_operation(world):
    operation = op(answer="A")
    save(world, operation)
    lower = dataclasses.replace(operation, card=dataclasses.replace(operation.card, answer="a"))
    assert save(world, lower).is_repeat


@pytest.mark.parametrize("change", ["value", "item", "author"])
def test_the_uuid_of_another_operation_is_refused(world, change):
    operation = op(answer="A")
    save(world, operation)
    by = world.members[0] if change == "author" else world.leader
    other = operation
    if change == "value":
        other = dataclasses.replace(operation, base_version=1, card=dataclasses.replace(operation.card, answer="C"))
    if change == "item":
        other = dataclasses.replace(operation, item_code="P.1.1.ii.a")
    with pytest.raises(UuidReused):
        save(world, other, by)
    assert AnswerRevision.objects.count() == 1
    assert world.answer().version == 1


def test_a_stale_base_is_a_conflict_that_keeps_both_values(world):
    save(world, op(answer="B"), world.leader)
    outcome = save(world, op(answer="A", note="milik saya"), world.members[0])
    assert outcome.code == CONFLICT
    assert outcome.reply["value"]["answer"] == "B"
    assert outcome.reply["refused"]["value"]["note"] == "milik saya"
    assert outcome.reply["author"] == "Jabatan uji (ketua tim)"
    assert outcome.reply["version"] == 1
    assert world.answer().value["answer"] == "B"
    refused = AnswerRevision.objects.get(outcome=RevisionOutcome.CONFLICT)
    assert refused.value["answer"] == "A"
    assert refused.new_version is None


def test_a_repeated_conflict_gets_the_first_reply(world):
    save(world, op(answer="B"), world.leader)
    operation = op(answer="A")
    first = save(world, operation, world.members[0])
    again = save(world, operation, world.members[0])
    assert (again.code, again.is_repeat, again.reply) == (CONFLICT, True, first.reply)
    assert AnswerRevision.objects.count() == 2


def test_ones_own_second_tab_is_no_conflict(world):
    save(world, op(answer="A"))
    save(world, op(answer="B", base=1))
    outcome = save(world, op(answer="C", base=0))
    assert outcome.code == SAVED
    assert outcome.reply["version"] == 3
    assert AnswerRevision.objects.get(uuid=outcome.reply["uuid"]).base_version == 0


def test_another_person_in_between_makes_it_a_conflict(world):
    save(world, op(answer="A"))
    save(world, op(answer="B", base=1), world.members[0])
    assert save(world, op(answer="C", base=0)).code == CONFLICT
    assert save(world, op(answer="C", base=1)).code == CONFLICT
    assert save(world, op(answer="C", base=2)).code == SAVED


def test_a_base_from_the_future_is_a_conflict(world):
    save(world, op(answer="A"))
    assert save(world, op(answer="C", base=7)).code == CONFLICT


def test_incomplete_inputs_are_stored_and_count_as_unanswered(world):
    outcome = save(world, op(PERCENT, {"rekomendasi": 4}))
    answer = world.answer(PERCENT)
    assert outcome.code == SAVED
    assert answer.value["answer"] == {"rekomendasi": 4}
    assert not answer.is_answered
    assert save(world, op(PERCENT, {"rekomendasi": 4, "selesai": 3}, base=1)).reply["shown"]["letter"] == "75,00%"


def test_a_zero_denominator_is_answered_and_said_so(world):
    reply = save(world, op(PERCENT, {"rekomendasi": 0, "selesai": 0})).reply
    assert reply["shown"]["letter"] == "Tidak dapat dinilai"
    assert world.answer(PERCENT).is_answered


def test_an_answer_can_be_taken_back(world):
    save(world, op(answer="A"))
    save(world, op(answer=None, base=1))
    assert not world.answer().is_answered


def test_a_severe_trigger_is_told(world):
    assert save(world, op(SEVERE_PERCENT, {"ditanya": 5, "utuh": 4})).reply["severe"] in (True, False)


@pytest.mark.parametrize(
    ("code", "answer"),
    [(LETTER, "E"), (LETTER, {"a": 1}), (PERCENT, "A"), (PERCENT, {"lain": 1}), ("P.9.9", "A"), (LETTER, "AA")],
)
def test_what_the_item_does_not_know_is_invalid(world, code, answer):
    with pytest.raises(InvalidOperation) as caught:
        save(world, op(code, answer))
    assert caught.value.message
    assert AnswerRevision.objects.count() == 0


@pytest.mark.parametrize("note", ["x" * 4001, "a\x00b", "\ud800"])
def test_a_note_that_cannot_be_kept_is_invalid(world, note):
    with pytest.raises(InvalidOperation):
        save(world, op(note=note))


def test_on_behalf_of_keeps_both_people(world):
    save(world, op(answer="A", on_behalf_of=world.members[1].pk), world.members[0])
    revision = AnswerRevision.objects.get()
    assert (revision.author, revision.on_behalf_of) == (world.members[0], world.members[1])


def test_on_behalf_of_someone_outside_the_team_is_invalid(world):
    with pytest.raises(InvalidOperation):
        save(world, op(on_behalf_of=world.reviewer.pk))


def test_on_behalf_of_someone_who_left_is_invalid(world):
    VisitMember.objects.filter(user=world.members[0]).update(left_at="2026-01-01T00:00Z")
    with pytest.raises(InvalidOperation):
        save(world, op(on_behalf_of=world.members[0].pk))


@pytest.mark.parametrize("who", ["reviewer", "operator", "commander", "auditor", "stranger"])
def test_who_is_not_of_the_team_may_not_save(world, who):
    with pytest.raises(NotAllowed):
        save(world, op(), getattr(world, who))
    assert world.answer().version == 0


@pytest.mark.parametrize("status", [each for each in ChecklistStatus.values if each != "draft"])
def test_a_sheet_that_is_no_draft_is_locked(world, status):
    Checklist.objects.filter(pk=world.checklist.pk).update(status=status)
    outcome = save(world, op())
    assert outcome.code == LOCKED
    assert outcome.reply["status"] == status
    assert world.answer().version == 0
    assert AnswerRevision.objects.count() == 0


def test_a_sheet_locked_after_it_was_read_is_locked(world):
    read_before = world.reload()
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    assert save_operation(checklist=read_before, operation=op(), by=world.leader).code == LOCKED


def test_a_repeat_on_a_locked_sheet_still_gets_its_first_reply(world):
    operation = op()
    first = save(world, operation)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    again = save(world, operation)
    assert (again.code, again.reply) == (SAVED, first.reply)


def test_an_item_that_was_not_drawn_is_invalid(world):
    Answer.objects.filter(checklist=world.checklist, item__code=LETTER).update(is_due=False)
    with pytest.raises(InvalidOperation):
        save(world, op())


def test_a_uuid_that_arrives_twice_at_once_is_stored_once(world, monkeypatch):
    operation = op()
    first = save(world, operation)

    def crossed(_save, _base):
        # As if the other request committed between our UPDATE and our INSERT.
        return True

    monkeypatch.setattr(answers, "_move", crossed)
    again = save(world, operation)
    assert (again.code, again.reply) == (SAVED, first.reply)
    assert AnswerRevision.objects.count() == 1


def test_without_the_version_check_an_overtaken_save_would_not_be_a_conflict(world, monkeypatch):
    """Twin of the conflict test: the check in the UPDATE is what refuses."""
    save(world, op(answer="B"), world.leader)

    def unchecked(one, base):
        return Answer.objects.filter(checklist=one.checklist, item__code=one.item.code).update(
            version=base + 1, value=one.card.as_value(), author=one.by
        )

    monkeypatch.setattr(answers, "_move", unchecked)
    with pytest.raises(IntegrityError):
        save(world, op(answer="A"), world.members[0])


def test_a_refused_value_comes_back_by_one_click_as_a_new_operation(world):
    save(world, op(answer="B"), world.leader)
    refused = op(answer="A", note="milik saya")
    save(world, refused, world.members[0])
    outcome = restore_value(
        checklist=world.reload(),
        item_code=LETTER,
        revision_uuid=refused.uuid,
        base_version=1,
        by=world.members[0],
    )
    assert outcome.code == SAVED
    assert world.answer().value["note"] == "milik saya"
    assert AnswerRevision.objects.count() == 3


def test_confirming_the_stored_value_needs_the_version_that_was_seen(world):
    save(world, op(answer="B"))
    confirmed = restore_value(
        checklist=world.reload(), item_code=LETTER, revision_uuid=None, base_version=1, by=world.members[0]
    )
    assert confirmed.code == SAVED
    with pytest.raises(InvalidOperation):
        restore_value(
            checklist=world.reload(), item_code=LETTER, revision_uuid=None, base_version=1, by=world.members[0]
        )


@pytest.mark.parametrize("wanted", ["bukan-uuid", uuid.uuid4()])
def test_a_value_that_is_not_in_the_history_cannot_be_used(world, wanted):
    with pytest.raises(InvalidOperation):
        restore_value(checklist=world.reload(), item_code=LETTER, revision_uuid=wanted, base_version=0, by=world.leader)


def test_a_member_who_leaves_the_team_loses_the_right_at_once(world):
    person = make_person(world.polres, Role.SUPERVISOR)
    membership = VisitMember.objects.create(visit=world.visit, user=person, number=9)
    save(world, op(answer="A"), person)
    membership.left_at = "2026-01-01T00:00Z"
    membership.save()
    with pytest.raises(NotAllowed):
        save(world, op(answer="B", base=1), person)
