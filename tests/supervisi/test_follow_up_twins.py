"""Twins of the guards of follow-up and reply: each taken out, its test goes red. And more time, by state and role."""

import pytest

from supervisi import access
from supervisi.models import Finding, FindingEvent, FindingStatus
from supervisi.services import follow_up, reply_rounds, reply_steps
from supervisi.services.follow_up import TRANSITIONS, Step
from tests.supervisi import test_follow_up as guarded
from tests.supervisi import test_right_of_reply as answered
from tests.supervisi.sheets import make_world
from tests.supervisi.test_follow_up import answer, fresh, put, reload, told
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db
RED = (AssertionError, pytest.fail.Exception, DomainError)


@pytest.fixture
def world():
    return make_world("senori")


def everybody(world):
    """Return a few of the cast: whoever may take the steps, and two who may not."""
    return {"kapolsek": world.operator, "reviewer": world.reviewer, "auditor": world.auditor}


def without_rights(monkeypatch):
    for name, step in TRANSITIONS.items():
        anybody = Step(step.old, step.new, step.act, lambda user, finding: user.scope.postings[0], step.refusal)
        monkeypatch.setitem(TRANSITIONS, name, anybody)


def without_states(monkeypatch):
    def move(finding, name, **changes):
        Finding.objects.filter(pk=finding.pk).update(status=TRANSITIONS[name].new, **changes)

    monkeypatch.setattr(follow_up, "_move", move)


def without_second(monkeypatch):
    monkeypatch.setattr(follow_up, "has_answered", lambda user, finding: False)


def without_evidence(monkeypatch):
    monkeypatch.setattr(follow_up, "answer_files", lambda finding: Finding.objects.filter(pk=finding.pk))


def without_judges(monkeypatch):
    monkeypatch.setattr(access, "posting_to_find", lambda user, unit: user.scope.postings[0])


@pytest.mark.parametrize("step", sorted(guarded.STEPS))
def test_without_rights_the_table_of_roles_goes_red(world, monkeypatch, step):
    without_rights(monkeypatch)
    with pytest.raises(RED):
        guarded.test_every_role_takes_exactly_the_steps_of_the_table(
            world, everybody(world), step, TRANSITIONS[step].old[0]
        )


@pytest.mark.parametrize("step", sorted(guarded.STEPS))
def test_without_states_the_table_of_states_and_the_hand_over_go_red(world, monkeypatch, step):
    without_states(monkeypatch)
    with pytest.raises(RED):
        guarded.test_before_the_hand_over_no_step_is_taken(world, step)
    wrong = next(status for status in FindingStatus.values if status not in TRANSITIONS[step].old)
    with pytest.raises(RED):
        guarded.test_every_role_takes_exactly_the_steps_of_the_table(world, everybody(world), step, wrong)


@pytest.mark.parametrize(("guard", "test"), [
    (without_second, guarded.test_whoever_answered_never_judges_or_closes),
    (without_evidence, guarded.test_an_answer_needs_evidence_and_one_that_came_back_may_keep_it),
    (without_evidence, guarded.test_nothing_is_closed_without_evidence),
    (without_judges, lambda world: guarded.test_only_a_supervisor_above_gives_more_time(world, "auditor")),
])  # fmt: skip
def test_without_its_guard_the_test_goes_red(world, monkeypatch, guard, test):
    guard(monkeypatch)
    with pytest.raises(RED):
        test(world)


@pytest.mark.parametrize("how", ["late", "waived", "closed"])
def test_without_its_round_a_reply_comes_after_the_end(world, monkeypatch, how):
    monkeypatch.setattr(reply_steps, "hold_round", lambda running, for_unit: None)
    with pytest.raises(RED):
        answered.test_after_the_round_the_unit_takes_no_step(world, "reply", how)


def test_without_the_close_of_its_round_a_sheet_becomes_final_too_early(world, monkeypatch):
    monkeypatch.setattr(reply_rounds, "close_round", lambda checklist, by, posting: None)
    with pytest.raises(RED):
        answered.test_the_sheet_becomes_final_once_the_round_is_over_and_all_is_decided(world)


@pytest.mark.django_db(transaction=True)
def test_without_the_conditional_update_two_at_once_both_win(world, monkeypatch):
    without_states(monkeypatch)
    monkeypatch.setattr(guarded, "ROUNDS", 2)
    with pytest.raises(RED):
        guarded.test_of_two_at_once_exactly_one_wins_in_each_of_fifty_rounds(world, "accepted", "close", "close")


@pytest.mark.parametrize("status", FindingStatus.values)
def test_more_time_is_given_by_supervisors_above_while_the_unit_must_act(world, status):
    finding = told(world)
    answer(finding, world.operator)
    cast = guarded.cast.__wrapped__(world) | {"own_operator": guarded.make_person(world.polsek, Role.OPERATOR)}
    for name, person in cast.items():
        finding = put(finding, status)
        before, events = finding.due_on, FindingEvent.objects.count()
        wanted = {"finding": finding, "days": 5, "reason": "Bahan belum datang", "by": fresh(person)}
        if name not in {"leader", "member", "reviewer"}:
            with pytest.raises(NotAllowed):
                follow_up.extend_finding(**wanted)
        elif status not in {"open", "returned"}:
            with pytest.raises(InvalidTransition):
                follow_up.extend_finding(**wanted)
        else:
            follow_up.extend_finding(**wanted)
            assert reload(finding).due_on > before
            continue
        assert (reload(finding).due_on, FindingEvent.objects.count()) == (before, events), name
