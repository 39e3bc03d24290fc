"""Show 6: through every page, file and list of the resolver, what a unit may not know yet is nowhere."""

import re

import pytest

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistScore, Finding, Visit, VisitStatus
from supervisi.scoring.rounding import from_units, shown
from supervisi.services.recompute import recompute
from tests.clients import Sessions
from tests.factories import make_person, make_posting
from tests.supervisi.sheets import make_world
from tests.supervisi.test_follow_up import find
from tests.test_access_matrix import RULED, SHEET, address, objects
from wbbm.notices.models import Notice
from wbbm.organisasi.models import Role, User

pytestmark = pytest.mark.django_db
SEEN = "Rahasia sebelum penutupan"
NOTE = "Catatan rahasia tim"
SPRIN = "Sprin/77/MENDADAK"
# What these show is the same for everybody, or Django's own.
APART = re.compile(r"admin:|healthz|sign-|import-|export-|access-link")


@pytest.fixture
def hidden():
    """A station with a reviewed sheet, a finding before its hand-over and an unannounced visit; and what they say."""
    world = make_world("senori")
    items = engine_instrument(world.instrument).items
    letters = [item.code for item in items if "B" in [option.code for option in item.options]]
    rows = Answer.objects.filter(checklist=world.checklist, item__code__in=letters)
    rows.update(version=1, value={"answer": "B", "note": NOTE}, is_answered=True)
    finding = find(world, observation=SEEN)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="reviewed")
    recompute(is_dry_run=False)
    surprise = Visit.objects.create(
        unit=world.polsek, period=world.period, sprin_number=SPRIN, starts_on=world.visit.starts_on,
        status=VisitStatus.PLANNED, team_leader=world.leader, planned_by=world.leader, is_announced=False,
    )  # fmt: skip
    # What the matrix's objects add at the station has been told to it.
    things = objects(world, make_person(world.polres, Role.ADMIN)) | {"finding": finding.pk, SHEET: world.checklist.pk}
    score = shown(from_units(ChecklistScore.objects.get(checklist=world.checklist).complete))
    assert len(score) == 5  # two places before the comma and two behind it: no other figure looks like it
    return world, things, surprise, {SEEN, NOTE, SPRIN, score, finding.number}


def found(hidden, person):
    """Return which of the secrets the person comes to read, each with the route where he does."""
    _, things, surprise, secrets = hidden
    client = Sessions().of(person)
    seen = set()
    for route, rule in RULED:
        if rule.method != "GET" or APART.match(route.name):
            continue
        wanted = [surprise.pk, things["visit"]] if rule.about == "visit" else [things.get(rule.about, 1)]
        for thing in wanted:
            answer = client.get(address(route, rule, thing), {"keadaan": "semua", "pilih": "semua"})
            assert answer.status_code < 500, route.name
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            text = body.decode(errors="ignore")
            seen |= {(secret, route.name) for secret in secrets if secret in text}
    told = " ".join(Notice.objects.filter(person=person).values_list("text", flat=True))
    return seen | {(secret, "notice") for secret in secrets if secret in told}


def test_whoever_oversees_the_unit_reads_all_of_it(hidden):
    """What is looked for can be found: the test below would see it."""
    world, _, _, secrets = hidden
    assert {secret for secret, _ in found(hidden, world.reviewer)} == secrets


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.OPERATOR, Role.SUPERVISOR])
def test_the_unit_reads_none_of_it(hidden, role):
    """Whatever else he holds above."""
    world = hidden[0]
    person = make_person(world.polsek, role)
    for held in (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR):
        make_posting(person, world.polres, held, title=f"Rangkap {held}")
    assert found(hidden, User.objects.get(pk=person.pk)) == set()


def test_once_it_is_told_the_unit_reads_all_of_it(hidden):
    world, things, surprise, secrets = hidden
    Checklist.objects.filter(pk=things[SHEET]).update(status="disclosed")
    Finding.objects.filter(pk=things["finding"]).update(handed_over_at=world.visit.planned_at)
    Visit.objects.filter(pk=surprise.pk).update(status=VisitStatus.ONGOING, started_at=world.visit.planned_at)
    assert {secret for secret, _ in found(hidden, world.operator)} == secrets
