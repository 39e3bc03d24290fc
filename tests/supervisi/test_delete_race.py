"""A visit is deleted while somebody saves on its sheet: what was saved is never lost."""

import threading

import pytest
from django.db import connections, transaction

from supervisi.models import AnswerRevision, Visit
from supervisi.services import answers
from supervisi.services.visits import delete_visit
from tests.supervisi.sheets import make_world, op
from wbbm.errors import DomainError


@pytest.fixture
def world(transactional_db):
    return make_world("hapus")


def test_a_save_that_is_under_way_keeps_its_visit(world, monkeypatch):
    holding, go_on, outcomes = threading.Event(), threading.Event(), []
    real = answers.hold_draft

    def hold_and_wait(checklist):
        real(checklist)
        holding.set()
        go_on.wait(5)

    monkeypatch.setattr("supervisi.services.answers.hold_draft", hold_and_wait)

    def save():
        try:
            outcomes.append(answers.save_operation(checklist=world.reload(), operation=op(answer="B"), by=world.leader))
        finally:
            connections.close_all()

    def delete():
        try:
            delete_visit(visit=Visit.objects.select_related("unit").get(pk=world.visit.pk), by=world.leader)
        except DomainError as refusal:
            outcomes.append(refusal)
        finally:
            connections.close_all()

    saver, deleter = threading.Thread(target=save), threading.Thread(target=delete)
    saver.start()
    assert holding.wait(10)
    deleter.start()
    # The deleter has had time to run into the saver's lock before the saver writes.
    deleter.join(1)
    go_on.set()
    saver.join()
    deleter.join()
    saved = [outcome for outcome in outcomes if getattr(outcome, "code", "") == "saved"]
    refused = [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
    assert len(saved) == 1
    assert "Batalkan dengan alasan" in refused[0].message
    assert AnswerRevision.objects.get().value["answer"] == "B"
    assert Visit.objects.filter(pk=world.visit.pk, status="ongoing").exists()


def test_a_save_that_comes_after_the_deletion_is_refused(world):
    checklist = world.reload()
    with transaction.atomic():
        delete_visit(visit=world.visit, by=world.leader)
    outcome = answers.save_operation(checklist=checklist, operation=op(answer="B"), by=world.leader)
    assert outcome.code == answers.LOCKED
    assert not AnswerRevision.objects.exists()
