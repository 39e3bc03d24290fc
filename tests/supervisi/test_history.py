"""The history of an item: saves of one person within minutes open from one line; nothing is merged or lost."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from supervisi.models import AnswerRevision, Checklist
from supervisi.pages.history import read_history
from supervisi.services.answers import save_operation
from tests.supervisi.sheets import LETTER, Counted, make_world, op
from tests.unguarded import unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def save(world, operation, by=None, minutes_ago=0):
    outcome = save_operation(checklist=world.reload(), operation=operation, by=by or world.leader)
    at = timezone.now() - datetime.timedelta(minutes=minutes_ago)
    with unguarded():
        AnswerRevision.objects.filter(uuid=operation.uuid).update(saved_at=at)
    return outcome


def url(world, code=LETTER):
    return reverse("supervisi:answer-history", args=[world.checklist.pk, code])


def history(world, by=None):
    return read_history(checklist=world.reload(), item_code=LETTER, viewer=by or world.leader)


def test_saves_of_one_person_within_five_minutes_are_one_line(world):
    for base, (answer, ago) in enumerate([("A", 18), ("B", 17), ("C", 14)]):
        save(world, op(answer=answer, base=base), minutes_ago=ago)
    lines = history(world).lines
    assert [len(line.saves) for line in lines] == [3]
    assert lines[0].newest.shown.letter == "C"
    assert AnswerRevision.objects.count() == 3


def test_a_longer_pause_begins_a_new_line(world):
    save(world, op(answer="A"), minutes_ago=20)
    save(world, op(answer="B", base=1), minutes_ago=14)
    assert [len(line.saves) for line in history(world).lines] == [1, 1]


def test_a_line_never_spans_more_than_five_minutes(world):
    for base, ago in enumerate([20, 17, 14, 11]):
        save(world, op(answer="AB"[base % 2], base=base), minutes_ago=ago)
    assert [len(line.saves) for line in history(world).lines] == [2, 2]


def test_a_line_is_named_by_what_was_accepted(world):
    save(world, op(answer="A"), world.members[0], minutes_ago=30)
    save(world, op(answer="B", base=1), minutes_ago=20)
    save(world, op(answer="C", base=2), world.members[0], minutes_ago=10)
    save(world, op(answer="D", base=2), minutes_ago=4)
    save(world, op(answer="B", base=3), minutes_ago=3)
    save(world, op(answer="A", base=0), minutes_ago=2)
    line = history(world).lines[0]
    assert (line.newest.is_refused, line.refused, len(line.saves)) == (True, 2, 3)
    assert line.leading.shown.letter == "B"


def test_another_person_begins_a_new_line(world):
    save(world, op(answer="A"), minutes_ago=3)
    save(world, op(answer="B", base=1), world.members[0], minutes_ago=2)
    save(world, op(answer="C", base=2), minutes_ago=1)
    assert [line.newest.shown.letter for line in history(world).lines] == ["C", "B", "A"]


def test_the_page_shows_author_answer_note_and_on_whose_behalf(client, world):
    save(world, op(answer="A", note="lihat papan", on_behalf_of=world.members[1].pk))
    client.force_login(world.commander)
    html = client.get(url(world)).content.decode()
    assert "Jabatan uji (ketua tim)" in html
    assert "lihat papan" in html
    assert f"atas nama {world.members[1].name}" in html


def test_a_refused_value_comes_back_by_one_click(client, world):
    save(world, op(answer="B"))
    refused = op(answer="A", note="milik saya")
    save(world, refused, world.members[0])
    client.force_login(world.members[0])
    html = client.get(url(world)).content.decode()
    assert "Tidak dipakai" in html
    assert "Pakai jawaban ini" in html
    response = client.post(url(world), {"uuid": str(refused.uuid), f"{LETTER}-version": "1"})
    assert response.status_code == 302
    assert world.answer().value["answer"] == "A"
    assert AnswerRevision.objects.count() == 3
    assert "Pakai jawaban ini" not in client.get(url(world)).content.decode()


def test_a_refused_value_does_not_overwrite_what_came_meanwhile(client, world):
    save(world, op(answer="B"))
    refused = op(answer="A")
    save(world, refused, world.members[0])
    save(world, op(answer="C", base=1))
    client.force_login(world.members[0])
    client.post(url(world), {"uuid": str(refused.uuid), f"{LETTER}-version": "1"})
    assert world.answer().value["answer"] == "C"


@pytest.mark.parametrize("who", ["commander", "auditor", "reviewer"])
def test_who_may_only_read_sees_no_button_and_may_not_restore(client, world, who):
    save(world, op(answer="B"))
    refused = op(answer="A")
    save(world, refused, world.members[0])
    client.force_login(getattr(world, who))
    assert "Pakai jawaban ini" not in client.get(url(world)).content.decode()
    data = {"uuid": str(refused.uuid), f"{LETTER}-version": "1"}
    assert client.post(url(world), data).status_code == 403
    assert world.answer().value["answer"] == "B"


def test_on_a_final_sheet_nothing_is_restored(client, world):
    save(world, op(answer="B"))
    refused = op(answer="A")
    save(world, refused, world.members[0])
    Checklist.objects.filter(pk=world.checklist.pk).update(status="final")
    client.force_login(world.members[0])
    assert "Pakai jawaban ini" not in client.get(url(world)).content.decode()
    client.post(url(world), {"uuid": str(refused.uuid), f"{LETTER}-version": "1"})
    assert world.answer().value["answer"] == "B"


@pytest.mark.parametrize("uuid", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_a_forged_uuid_changes_nothing(client, world, uuid):
    save(world, op(answer="B"))
    client.force_login(world.leader)
    assert client.post(url(world), {"uuid": uuid, f"{LETTER}-version": "1"}).status_code == 302
    assert AnswerRevision.objects.count() == 1


def test_foreign_missing_and_unknown_are_404(client, world):
    client.force_login(world.stranger)
    assert client.get(url(world)).status_code == 404
    client.force_login(world.leader)
    assert client.get(url(world, "P.9")).status_code == 404
    assert client.get(reverse("supervisi:answer-history", args=[10**6, LETTER])).status_code == 404


def test_an_item_without_saves_says_so(client, world):
    client.force_login(world.leader)
    assert "Belum ada riwayat" in client.get(url(world)).content.decode()


def test_the_number_of_queries_does_not_grow(client, world):
    def count():
        client.get(url(world))
        with Counted() as counted:
            client.get(url(world))
        return len(counted.statements)

    client.force_login(world.leader)
    save(world, op(answer="A"))
    small = count()
    for base in range(1, 12):
        save(world, op(answer="AB"[base % 2], base=base), world.members[base % 2])
    assert count() == small <= 10
