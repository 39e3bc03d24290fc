"""A final sheet refuses every write from every route: the resolver is walked, and the sheet's content compared."""

import io
import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from PIL import Image

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerEvidence, AnswerRevision, Checklist, Finding, Visit
from supervisi.services.answers import save_operation
from supervisi.services.checklists import content_hash, finalise_checklist
from tests.clients import Sessions
from tests.factories import make_person
from tests.supervisi.sheets import LETTER, make_world, op
from tests.test_access_matrix import ROUTES, SHEET, Rule, address, objects, rule_of
from tests.unguarded import unguarded
from wbbm.organisasi.models import Role

pytestmark = pytest.mark.django_db

# Steps by which a final sheet is lawfully opened again take two people; that way has its own tests.
STEPS = ("submit", "review", "disclose", "finalise", "return", "reopen")
# With the guard taken out, the team can write by these routes: the walk reaches them all.
WRITING = {
    "supervisi:checklist-area",
    "supervisi:checklist-operations",
    "supervisi:answer-history",
    "supervisi:finding-add",
    "supervisi:evidence-add",
    "supervisi:evidence-detach",
}


class Undo(Exception):
    """Takes back what one request wrote."""


def photo():
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(made, "PNG")
    return SimpleUploadedFile("foto.png", made.getvalue(), content_type="image/png")


@pytest.fixture
def scene():
    """A sheet with answers, a refused value and evidence, final; the people; and the ids by what a rule is about."""
    world = make_world()
    for item in engine_instrument(world.instrument).items:
        raw = item.options[0].code if item.options else {entry.key: 2 for entry in item.inputs}
        Answer.objects.filter(checklist=world.checklist, item__code=item.code).update(
            version=1, value={"answer": raw}, is_answered=True
        )
    save_operation(checklist=world.reload(), operation=op(answer="B", base=1), by=world.leader)
    for person in (world.members[0], world.leader):
        save_operation(checklist=world.reload(), operation=op(answer="C", base=1), by=person)
    admin = make_person(world.polres, Role.ADMIN)
    ids = objects(world, admin)
    Visit.objects.update(status="done")
    Checklist.objects.filter(pk=world.checklist.pk).update(status="disclosed")
    finalise_checklist(checklist=world.reload(), by=world.commander)
    people = [
        world.leader, world.members[0], world.reviewer, world.commander, make_person(world.polres, Role.COMMANDER),
        world.auditor, world.operator, admin,
    ]  # fmt: skip
    return world, people, ids


def content(world):
    """Return everything that a final sheet holds."""
    sheet = Checklist.objects.get(pk=world.checklist.pk)
    return (
        sheet.status,
        sheet.content_hash,
        content_hash(sheet),
        list(Answer.objects.filter(checklist=sheet).order_by("pk").values_list("pk", "version", "value", "saved_at")),
        list(AnswerRevision.objects.filter(checklist=sheet).order_by("pk").values_list("pk", "outcome")),
        list(AnswerEvidence.objects.filter(answer__checklist=sheet).order_by("pk").values_list()),
        list(Finding.objects.filter(checklist=sheet).order_by("pk").values_list()),
    )


def form_fields(world):
    """Return one form that means something to every route that takes one."""
    refused = AnswerRevision.objects.filter(outcome="conflict").first()
    return {
        f"{LETTER}-before": "{}", f"{LETTER}-base": "2", f"{LETTER}-version": "2", f"{LETTER}-answer": "D",
        "uuid": str(refused.uuid), "item": LETTER, "severity": "minor", "observation": "Rencana aksi tidak ada",
        "recommendation": "Buat rencana aksi", "owner_title": "Kapolsek", "reason": "Lembar ini harus dibuka lagi",
        "sprin_number": "Sprin/9", "starts_on": world.visit.starts_on.isoformat(), "team_leader": world.reviewer.pk,
        "unit": world.polsek.pk, "period": world.period.pk, "instrument": world.instrument.pk,
    }  # fmt: skip


def bodies(world, route):
    """Return what is posted to a route: an operation as JSON, or the form, or the form with a photo."""
    if route.name == "supervisi:checklist-operations":
        value = {"answer": "D", "note": "", "checked": "", "on_behalf_of": None}
        document = {"uuid": str(uuid.uuid4()), "item": LETTER, "base": 2, "value": value}
        return {"data": json.dumps(document), "content_type": "application/json"}
    if route.name == "supervisi:evidence-add":
        return {"data": {"uuid": str(uuid.uuid4()), "file": photo()}}
    return {"data": form_fields(world)}


def targets(route, ids):
    # A route that has no rule yet is tried with the sheet itself.
    rule = rule_of(route.name) or Rule()
    thing = ids.get(rule.about, ids[SHEET])
    if "step" in route.arguments:
        return [address(route, rule, {"pk": thing, "step": step}) for step in STEPS]
    if "key" in route.arguments:
        return [address(route, rule, {"pk": thing, "key": key}) for key in ("1", "2")]
    return [address(route, rule, thing)]


def walk(scene, routes=ROUTES, *, shows_faults=True):
    """Post to every route as everybody; return the routes that changed the sheet, and how many let somebody in."""
    world, people, ids = scene
    before, changed, let_in, sessions = content(world), set(), set(), Sessions()
    assert before[1] == before[2]
    for route in routes:
        for person in people:
            for target in targets(route, ids):
                client = sessions.of(person)
                client.raise_request_exception = shows_faults
                try:
                    with transaction.atomic():
                        answer = client.post(target, **bodies(world, route))
                        if answer.status_code not in {403, 404, 405}:
                            let_in.add(route.name)
                            if content(world) != before:
                                changed.add(route.name)
                        raise Undo
                except Undo:
                    continue
    return changed, let_in


# Which checks stand in the way of a route is the same on both databases; what each of them refuses: test_guards.py.
@pytest.mark.once
def test_no_route_changes_a_final_sheet(scene):
    changed, let_in = walk(scene)
    assert changed == set()
    assert let_in >= WRITING - {"supervisi:evidence-detach"}


def without_checks(monkeypatch):
    """Take the checks out of the services."""
    monkeypatch.setattr(Checklist, "is_draft", property(lambda sheet: True))
    for place in ("answers", "findings", "evidence"):
        monkeypatch.setattr(f"supervisi.services.{place}.hold_draft", lambda checklist: None)


def writing_routes():
    return [route for route in ROUTES if route.name in WRITING]


def test_without_the_guards_the_same_walk_finds_the_routes_that_write(scene, monkeypatch):
    """The twin: checks and guards taken out, the walk must go red."""
    without_checks(monkeypatch)
    with unguarded():
        changed, _ = walk(scene, writing_routes())
    assert changed == WRITING


def test_the_database_alone_keeps_the_sheet_from_the_routes_that_write(scene, monkeypatch):
    """The checks taken out of the services, its guards refuse; a finding is no part of the sheet's content."""
    without_checks(monkeypatch)
    changed, _ = walk(scene, writing_routes(), shows_faults=False)
    assert changed == {"supervisi:finding-add"}


def test_refused_requests_write_nothing_either(scene):
    """What answers 403, 404 or 405 is not looked at in the walk: here it is, for the routes of the sheet."""
    world, people, ids = scene
    before, sessions = content(world), Sessions()
    for route in ROUTES:
        if not route.name.startswith("supervisi:"):
            continue
        for person in (people[2], people[5], people[6]):
            for target in targets(route, ids):
                if "minta-buka" in target:
                    continue
                sessions.of(person).post(target, **bodies(world, route))
    assert content(world) == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_write_nothing(scene, method):
    world, people, ids = scene
    before = content(world)
    client = Client()
    client.force_login(people[0])
    for route in ROUTES:
        if route.name.startswith("supervisi:"):
            for target in targets(route, ids):
                assert getattr(client, method)(target).status_code in {403, 404, 405}
    assert content(world) == before
