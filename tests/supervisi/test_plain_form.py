"""Without JavaScript an area is one form; only what differs from its base value becomes an operation."""

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from supervisi.models import AnswerRevision, Checklist, RevisionOutcome
from supervisi.services.answers import save_operation
from tests.supervisi.sheets import LETTER, PERCENT, make_world, op

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def open_form(client, world, by=None, key="1"):
    """Read the fields of the page as a browser would send them."""
    client.force_login(by or world.leader)
    page = client.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, key])).content.decode()
    return fields(page)


def fields(page):
    data = {}
    for tag in re.findall(r"<input[^>]*>", page):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("form") != "lembar" or "name" not in attributes:
            continue
        if attributes.get("type") == "radio" and not re.search(r"\schecked[\s>]", tag):
            continue
        data[attributes["name"]] = html.unescape(attributes.get("value", ""))
    for name, text in re.findall(r'<textarea[^>]*form="lembar"[^>]*name="([^"]+)"[^>]*>([^<]*)</textarea>', page):
        data[name] = html.unescape(text)
    return data


def post(client, world, data, key="1"):
    return client.post(reverse("supervisi:checklist-area", args=[world.checklist.pk, key]), data)


def save(world, operation, by=None):
    return save_operation(checklist=world.reload(), operation=operation, by=by or world.leader)


def test_only_what_changed_becomes_an_operation(client, world):
    data = open_form(client, world)
    response = post(client, world, data | {f"{LETTER}-answer": "B", f"{LETTER}-note": "di papan"})
    assert response.status_code == 302
    revision = AnswerRevision.objects.get()
    assert revision.answer == world.answer()
    assert revision.value == {"answer": "B", "note": "di papan", "checked": "", "on_behalf_of": None}


def test_an_unchanged_form_writes_nothing(client, world):
    save(world, op(answer="B", note="dua\nbaris", checked="site"))
    save(world, op(PERCENT, {"rekomendasi": 4, "selesai": 2}))
    data = open_form(client, world)
    assert data[f"{LETTER}-answer"] == "B"
    assert post(client, world, data | {f"{LETTER}-note": "dua\r\nbaris"}).status_code == 302
    assert AnswerRevision.objects.count() == 2


def test_an_old_page_does_not_reset_what_others_wrote(client, world):
    data = open_form(client, world)
    save(world, op(PERCENT, {"rekomendasi": 4, "selesai": 2}), world.members[0])
    assert post(client, world, data | {f"{LETTER}-answer": "B"}).status_code == 302
    assert world.answer(PERCENT).value["answer"] == {"rekomendasi": 4, "selesai": 2}
    assert world.answer().value["answer"] == "B"


def test_inputs_are_saved_and_shown_as_percentage(client, world):
    data = open_form(client, world)
    post(client, world, data | {f"{PERCENT}-input-rekomendasi": "3", f"{PERCENT}-input-selesai": "2"})
    assert world.answer(PERCENT).value["answer"] == {"rekomendasi": 3, "selesai": 2}
    assert "66,67%" in client.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()


def test_a_conflict_comes_back_as_a_page_with_both_values(client, world):
    data = open_form(client, world, world.members[0])
    save(world, op(answer="B"))
    response = post(client, world, data | {f"{LETTER}-answer": "A", "P.1.1.ii.a-answer": "A"})
    page = response.content.decode()
    assert response.status_code == 409
    assert "Dua jawaban berbeda" in page
    assert page.count("data-wbbm-choose") >= 2
    assert "Jabatan uji (ketua tim)" in page
    # What nobody disputes is saved.
    assert world.answer("P.1.1.ii.a").value["answer"] == "A"
    assert world.answer().value["answer"] == "B"


@pytest.mark.parametrize(("whose", "expected"), [("saya", "A"), ("tersimpan", "B")])
def test_a_conflict_is_settled_by_one_button(client, world, whose, expected):
    data = open_form(client, world, world.members[0])
    save(world, op(answer="B"))
    response = post(client, world, data | {f"{LETTER}-answer": "A"})
    again = fields(response.content.decode())
    refused = AnswerRevision.objects.get(outcome=RevisionOutcome.CONFLICT)
    response = post(client, world, again | {"pilih": f"{LETTER} {whose} {refused.uuid}"})
    assert response.status_code == 302
    assert world.answer().value["answer"] == expected
    page = client.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()
    assert "Perlu dipilih</" not in page.split("zi-conflict-template")[0].replace("Perlu dipilih <b>", "")
    assert AnswerRevision.objects.count() == 3


def test_an_open_conflict_is_still_there_when_the_page_is_opened_again(client, world):
    data = open_form(client, world, world.members[0])
    save(world, op(answer="B"))
    post(client, world, data | {f"{LETTER}-answer": "A"})
    url = reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])
    assert "zi-item--conflict" in client.get(url).content.decode()
    other = Client()
    other.force_login(world.leader)
    assert "zi-item--conflict" not in other.get(url).content.decode()


def test_two_equal_answers_are_no_dispute(client, world):
    data = open_form(client, world, world.members[0])
    save(world, op(answer="B"))
    assert post(client, world, data | {f"{LETTER}-answer": "B"}).status_code == 302


def test_a_wrong_input_comes_back_with_its_message_and_costs_nothing_else(client, world):
    data = open_form(client, world)
    response = post(client, world, data | {f"{PERCENT}-input-rekomendasi": "tiga", f"{LETTER}-answer": "B"})
    page = response.content.decode()
    assert response.status_code == 422
    assert f'href="#b-{PERCENT}"' in page
    assert "bilangan bulat" in page
    assert 'value="tiga"' in page
    # The card says so itself, and never that it is saved.
    card = page.split(f'id="b-{PERCENT}"')[1].split("</article>")[0]
    assert "Belum tersimpan" in card
    assert "Tersimpan " not in card
    assert "bilangan bulat" in card
    assert world.answer().value["answer"] == "B"
    assert world.answer(PERCENT).version == 0


def test_a_locked_sheet_is_409_and_nothing_is_written(client, world):
    data = open_form(client, world)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    response = post(client, world, data | {f"{LETTER}-answer": "B", f"{LETTER}-note": "papan di ruang tunggu"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "Diserahkan" in page
    # What was typed is shown, so that it can be copied.
    assert "1 jawaban Anda tidak tersimpan." in page
    assert f"Butir {LETTER}: B," in page
    assert "papan di ruang tunggu" in page
    assert AnswerRevision.objects.count() == 0


def test_who_may_only_read_is_refused(client, world):
    data = open_form(client, world)
    client.force_login(world.commander)
    assert post(client, world, data | {f"{LETTER}-answer": "B"}).status_code == 403
    assert AnswerRevision.objects.count() == 0


def test_items_of_other_areas_are_left_alone(client, world):
    client.force_login(world.leader)
    post(client, world, {"P.1.2.i.a-before": "{}", "P.1.2.i.a-base": "0", "P.1.2.i.a-answer": "A"})
    assert AnswerRevision.objects.count() == 0


@pytest.mark.parametrize(
    "data",
    [
        {f"{LETTER}-before": "[[[", f"{LETTER}-answer": "A\x00"},
        {f"{LETTER}-before": "null", f"{LETTER}-base": "x", f"{LETTER}-answer": "Z"},
        {f"{LETTER}-before": "{}", f"{LETTER}-note": "x" * 5000},
        {"pilih": "a b c"},
        {"pilih": "P\x00 saya 00000000-0000-4000-8000-000000000000"},
        {"pilih": f"{LETTER} saya 00000000-0000-4000-8000-000000000000"},
    ],
)
def test_a_forged_form_is_never_an_error_of_ours(client, world, data):
    client.force_login(world.leader)
    assert post(client, world, data).status_code in {302, 422}
    assert AnswerRevision.objects.count() == 0
