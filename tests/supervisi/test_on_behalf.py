"""A member enters for another: both are kept, shown by office, and an untouched form never takes it back."""

import html
import re

import pytest
from django.urls import reverse

from supervisi.models import AnswerRevision, Checklist, VisitMember
from supervisi.services.answers import save_operation
from tests.supervisi.sheets import LETTER, make_world, op
from wbbm.organisasi.models import Posting

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    world = make_world()
    Posting.objects.filter(user=world.members[0]).update(title="Kasiwas (Tim 3)")
    return world


def show(client, world, by):
    client.force_login(by)
    return client.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()


def card_of(page):
    return page.split(f'id="b-{LETTER}"')[1].split("</article>")[0]


def fill(world, by, **card):
    save_operation(checklist=world.reload(), operation=op(answer="B", **card), by=by)


def posted_as_it_stands(card):
    """Return what a browser posts of a card that nobody touched."""
    data = {name: html.unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', card)}
    data = {name: value for name, value in data.items() if name.endswith(("-base", "-before"))}
    for name, value in re.findall(r'name="([^"]+)" (?:id="[^"]+" )?value="([^"]*)"[^>]* checked', card):
        data[name] = value
    chosen = re.search(r'<option value="(\d+)" selected', card)
    return data | {f"{LETTER}-behalf": chosen[1] if chosen else "", f"{LETTER}-note": ""}


def test_people_are_offered_by_their_office(client, world):
    card = card_of(show(client, world, world.leader))
    assert "Kasiwas (Tim 3)" in card
    assert f'value="{world.leader.pk}"' not in card


def test_author_and_the_person_he_entered_for_are_both_kept_and_shown(client, world):
    fill(world, world.leader, on_behalf_of=world.members[0].pk)
    revision = AnswerRevision.objects.get()
    assert (revision.author, revision.on_behalf_of) == (world.leader, world.members[0])
    assert "Jabatan uji (ketua tim), atas nama Kasiwas (Tim 3)" not in show(client, world, world.leader)
    reader = card_of(show(client, world, world.commander))
    assert "Jabatan uji (ketua tim), atas nama Kasiwas (Tim 3)" in reader


@pytest.mark.parametrize("case", ["himself", "left"])
def test_a_form_that_nobody_touched_keeps_the_entry_for_another(client, world, case):
    fill(world, world.leader, on_behalf_of=world.members[0].pk)
    by = world.members[0] if case == "himself" else world.members[1]
    if case == "left":
        VisitMember.objects.filter(user=world.members[0]).update(left_at="2026-01-01T00:00Z")
    data = posted_as_it_stands(card_of(show(client, world, by)))
    assert data[f"{LETTER}-answer"] == "B"
    answer = client.post(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"]), data)
    assert answer.status_code == 302
    assert AnswerRevision.objects.count() == 1
    assert world.answer().version == 1


def test_nobody_outside_the_team_is_entered_for(client, world):
    client.force_login(world.leader)
    url = reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])
    data = {f"{LETTER}-base": "0", f"{LETTER}-before": "{}", f"{LETTER}-answer": "B"}
    answer = client.post(url, data | {f"{LETTER}-behalf": str(world.reviewer.pk)})
    assert answer.status_code == 422
    assert "Atas nama hanya dapat diisi dengan anggota lain" in answer.content.decode()
    assert not Checklist.objects.get(pk=world.checklist.pk).answers.filter(version__gt=0).exists()
