"""POST /supervisi/lembar/<pk>/operasi/: `code` decides."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from supervisi.models import Answer, AnswerRevision, Checklist
from tests.supervisi.sheets import LETTER, PERCENT, Counted, body, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def url(world):
    return reverse("supervisi:checklist-operations", args=[world.checklist.pk])


def send(client, url, document, **headers):
    data = document if isinstance(document, str | bytes) else json.dumps(document)
    return client.post(url, data, content_type="application/json", headers={"accept": "application/json"} | headers)


@pytest.fixture
def leader(client, world):
    client.force_login(world.leader)
    return client


def test_a_saved_operation_answers_200(leader, url, world):
    response = send(leader, url, body(answer="A"))
    assert response.status_code == 200
    assert response.json()["code"] == "saved"
    assert response.json()["value"]["answer"] == "A"
    assert world.answer().version == 1


def test_a_repeat_answers_the_same_200(leader, url):
    document = body()
    assert send(leader, url, document).json() == send(leader, url, document).json()
    assert AnswerRevision.objects.count() == 1


def test_a_conflict_answers_409_with_value_version_author_and_time(leader, url, world):
    send(leader, url, body(answer="B"))
    other = Client()
    other.force_login(world.members[0])
    response = send(other, url, body(answer="A"))
    reply = response.json()
    assert (response.status_code, reply["code"]) == (409, "conflict")
    assert (reply["value"]["answer"], reply["version"]) == ("B", 1)
    assert reply["author"]
    assert reply["time"]


def test_a_locked_sheet_answers_409_with_its_state(leader, url, world):
    Checklist.objects.filter(pk=world.checklist.pk).update(status="final")
    response = send(leader, url, body())
    assert (response.status_code, response.json()["code"], response.json()["status"]) == (409, "locked", "final")


def test_a_reused_uuid_answers_422(leader, url):
    document = body(answer="A")
    send(leader, url, document)
    response = send(leader, url, body(answer="B", base=1, uuid=document["uuid"]))
    assert (response.status_code, response.json()["code"]) == (422, "uuid-reused")


BAD = {
    "no json": "tidak",
    "empty": "",
    "list": [],
    "number": "1",
    "nan": '{"uuid": NaN}',
    "deep": "[" * 20000,
    "deep object": '{"a":' * 9000 + "1" + "}" * 9000,
    "huge number": '{"base": ' + "9" * 5000 + "}",
    "no uuid": body(uuid=None),
    "odd uuid": body(uuid="x" * 36),
    "uuid a number": body(uuid=5),
    "no item": body(code=None),
    "unknown item": body(code="P.9.9.i.a"),
    "item with NUL": body(code="P\x00"),
    "item a list": body(code=["P.1.1.i.a"]),
    "base a text": body(base="0"),
    "base below zero": body(base=-1),
    "base true": body(base=True),
    "base a fraction": body(base=0.5),
    "base too large": body(base=10**30),
    "value missing": body(value=None),
    "value a list": body(value=[]),
    "letter unknown": body(answer="Z"),
    "letter a list": body(answer=["A"]),
    "letter true": body(answer=True),
    "letter with NUL": body(answer="A\x00"),
    "letter half a pair": body(answer="\ud800"),
    "letter too long": body(answer="A" * 9999),
    "inputs for a letter": body(answer={"a": 1}),
    "input unknown": body(PERCENT, {"lain": 1}),
    "input below zero": body(PERCENT, {"rekomendasi": -1}),
    "input a fraction": body(PERCENT, {"rekomendasi": 1.5}),
    "input a text": body(PERCENT, {"rekomendasi": "12a"}),
    "input too large": body(PERCENT, {"rekomendasi": 10**12}),
    "input true": body(PERCENT, {"rekomendasi": True}),
    "input nested": body(PERCENT, {"rekomendasi": {"a": {}}}),
    "input key with NUL": body(PERCENT, {"\x00": 1}),
    "many inputs": body(PERCENT, {str(number): 1 for number in range(500)}),
    "exponent": json.dumps(body(answer="angka")).replace('"angka"', "1e-999999999"),
    "note a number": body(value={"answer": "A", "note": 5}),
    "note too long": body(value={"answer": "A", "note": "x" * 4001}),
    "note with NUL": body(value={"answer": "A", "note": "a\x00b"}),
    "note half a pair": body(value={"answer": "A", "note": "\ud83d"}),
    "note huge": body(value={"answer": "A", "note": "x" * 100_000}),
    "checked unknown": body(value={"answer": "A", "checked": "mars"}),
    "checked a list": body(value={"answer": "A", "checked": ["site"]}),
    "behalf a text": body(value={"answer": "A", "on_behalf_of": "1"}),
    "behalf unknown": body(value={"answer": "A", "on_behalf_of": 10**9}),
}


@pytest.mark.parametrize("document", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_stored_answers_422_and_writes_nothing(leader, url, document):
    response = send(leader, url, document)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert response.json()["message"]
    assert AnswerRevision.objects.count() == 0


def test_a_form_is_no_operation(leader, url):
    response = leader.post(url, {"uuid": "x"}, headers={"accept": "application/json"})
    assert response.status_code == 422


def test_fields_of_a_request_cannot_name_columns(leader, url, world):
    document = body() | {
        "author": world.members[0].pk,
        "version": 9,
        "unit": 1,
        "status": "final",
        "is_answered": False,
    }
    send(leader, url, document)
    answer = world.answer()
    assert (answer.author, answer.version, answer.is_answered) == (world.leader, 1, True)


def test_without_a_session_the_answer_is_401(client, url):
    response = send(client, url, body())
    assert (response.status_code, response["Content-Type"]) == (401, "application/json")


@pytest.mark.parametrize("who", ["reviewer", "commander", "auditor"])
def test_in_scope_without_the_right_is_403(client, url, world, who):
    client.force_login(getattr(world, who))
    response = send(client, url, body())
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("who", ["stranger", "operator"])
def test_out_of_scope_is_the_same_404_as_a_missing_sheet(client, url, world, who):
    client.force_login(getattr(world, who))
    foreign = send(client, url, body())
    missing = send(client, reverse("supervisi:checklist-operations", args=[10**6]), body())
    assert (foreign.status_code, foreign.content) == (missing.status_code, missing.content)
    assert foreign.status_code == 404


def test_another_persons_queue_is_refused_and_stays(leader, url, world):
    response = send(leader, url, body(), **{"X-WBBM-User": str(world.members[0].pk)})
    assert (response.status_code, response.json()["code"]) == (403, "user")
    assert AnswerRevision.objects.count() == 0
    assert send(leader, url, body(), **{"X-WBBM-User": str(world.leader.pk)}).status_code == 200


def test_csrf_is_kept(world, url):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.leader)
    assert send(strict, url, body()).status_code == 403
    assert AnswerRevision.objects.count() == 0


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post_is_taken(leader, url, method):
    assert getattr(leader, method)(url).status_code == 405


@pytest.mark.parametrize("answered", [0, 50])
def test_a_save_takes_at_most_twelve_queries(leader, url, world, answered, django_capture_on_commit_callbacks):
    rows = Answer.objects.filter(checklist=world.checklist).exclude(item__code=LETTER).order_by("pk")[:answered]
    Answer.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(version=1)
    member = Client()
    member.force_login(world.members[0])
    send(member, url, body("P.1.1.ii.a"))
    document = body(value={"answer": "A", "note": "ada", "checked": "site", "on_behalf_of": world.leader.pk})
    with django_capture_on_commit_callbacks(execute=True), Counted() as counted:
        assert send(member, url, document).status_code == 200
    ringing = 1
    assert len(counted.statements) + ringing <= 12, "\n".join(counted.statements)
