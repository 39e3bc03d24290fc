"""What each role may write: each role, at each place, takes exactly the steps it should."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from supervisi.models import Checklist, Finding, Layer, VisitMember
from supervisi.services import answers, checklists, evidence, findings, periods, visits
from tests.factories import make_person, make_posting, make_unit, make_user
from tests.supervisi.sheets import World, make_world, op
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.models import Posting, Role, UnitKind, User
from wbbm.organisasi.services import imports, links, people, postings, units

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class Stage:
    """A station with its three sheets, and somebody who works there."""

    world: World
    own: Checklist
    tpi: Checklist
    officer: User
    waiting: Posting

    def sheet(self, layer: str) -> Checklist:
        """Return the sheet of a layer."""
        return {Layer.SELF: self.own, Layer.TPI: self.tpi}.get(layer, self.world.checklist)


@pytest.fixture
def stage() -> Stage:
    world = make_world()
    frame = {"unit": world.polsek, "period": world.period, "instrument": world.instrument}
    own = checklists.create_checklist(**frame, layer=Layer.SELF, by=world.operator)
    tpi = checklists.create_checklist(**frame, layer=Layer.TPI, by=world.auditor)
    officer = make_person(world.polsek, Role.OPERATOR)
    waiting = make_posting(
        make_user(), world.polsek, Role.COMMANDER, title="Menunggu", approved_at=None, created_by=make_user()
    )
    sheets = Checklist.objects.with_frame()
    return Stage(world, sheets.get(pk=own.pk), sheets.get(pk=tpi.pk), officer, waiting)


def save(stage: Stage, by: User, layer: str) -> object:
    return answers.save_operation(checklist=stage.sheet(layer), operation=op(), by=by)


def attach(stage: Stage, by: User, layer: str) -> object:
    answer = stage.world.answer(sheet=stage.sheet(layer))
    upload = SimpleUploadedFile("surat.pdf", PDF, "application/pdf")
    return evidence.attach_upload(answer=answer, upload=upload, upload_uuid=uuid.uuid4(), by=by)


def find(stage: Stage, by: User) -> object:
    return findings.record_finding(
        checklist=stage.world.checklist, item_code="P.1.1.i.a", severity="minor", observation="Jadwal tidak ada",
        recommendation="Pasang jadwal", owner_title="Kasium", by=by,
    )  # fmt: skip


def plan(stage: Stage, by: User) -> object:
    world = stage.world
    return visits.plan_visit(
        unit=world.polsek, period=world.period, sprin_number="Sprin/77", starts_on=datetime.date.today(),
        ends_on=None, team=visits.Team(world.leader, None, [world.leader, *world.members]), by=by,
    )  # fmt: skip


def upload(stage: Stage, by: User) -> object:
    """An import reaches as far as its rows: here a new unit below the station's."""
    from io import BytesIO

    text = f"Kode;Nama;Jenis;Kode induk\nsatfung-x;Satfung;satfung;{stage.world.polsek.code}\n".encode()
    draft = imports.keep_upload(kind="units", file=BytesIO(text), name="a.csv", size=len(text), by=by)
    try:
        return imports.apply_draft(draft=draft, by=by)
    except DomainError as refusal:
        raise NotAllowed(refusal.message) from refusal


WORDS = {"title": "Jabatan", "starts_on": datetime.date(2026, 1, 1), "role": Role.OPERATOR}
DAYS = {"first_day": datetime.date(2031, 1, 1), "last_day": datetime.date(2031, 12, 31)}


def fresh(row):
    """Read a row anew: a step that was taken back left its marks on the object."""
    return type(row).objects.get(pk=row.pk)


STEPS: dict[str, Callable[[Stage, User], object]] = {
    "unit": lambda s, by: units.create_unit(parent=s.world.polsek, by=by, code="u", name="U", kind=UnitKind.SATFUNG),
    "unit facts": lambda s, by: units.update_unit(unit=fresh(s.world.polsek), by=by, name="Nama Baru"),
    "predicate": lambda s, by: units.record_predicate(unit=s.world.polsek, by=by, predicate="wbk", year=2020),
    "import": upload,
    "person": lambda s, by: people.create_person(by=by, unit=s.world.polsek, username="baru", name="Baru"),
    "person facts": lambda s, by: people.update_person(person=fresh(s.officer), by=by, rank="Aipda"),
    "close": lambda s, by: people.close_person(person=fresh(s.officer), by=by),
    "link": lambda s, by: links.make_access_link(user=fresh(s.officer), by=by),
    "lock-out": lambda s, by: links.clear_lockouts(user=fresh(s.officer), by=by),
    "sign out": lambda s, by: people.end_sessions(person=fresh(s.officer), by=by),
    "posting": lambda s, by: postings.add_posting(by=by, user=make_user(), unit=s.world.polsek, **WORDS),
    "approve": lambda s, by: postings.approve_posting(posting=fresh(s.waiting), by=by),
    "end": lambda s, by: postings.end_posting(posting=s.officer.postings.get(), by=by),
    "period": lambda s, by: periods.create_period(unit=s.world.polsek, name="2031", kind="year", by=by, **DAYS),
    "plan": plan,
    "save supervision": lambda s, by: save(s, by, Layer.SUPERVISION),
    "evidence supervision": lambda s, by: attach(s, by, Layer.SUPERVISION),
    "finding": find,
    "save self": lambda s, by: save(s, by, Layer.SELF),
    "evidence self": lambda s, by: attach(s, by, Layer.SELF),
    "save tpi": lambda s, by: save(s, by, Layer.TPI),
    "evidence tpi": lambda s, by: attach(s, by, Layer.TPI),
}
ADMIN = frozenset(list(STEPS)[:14])
SUPERVISION = frozenset({"save supervision", "evidence supervision", "finding"})
SELF = frozenset({"save self", "evidence self"})
TPI = frozenset({"save tpi", "evidence tpi"})
NONE: frozenset[str] = frozenset()

# role, where posted (own: the station itself; above: its Polres), of the visit's team → the steps taken
TABLE = [
    (Role.ADMIN, "above", False, ADMIN),
    (Role.ADMIN, "own", False, ADMIN),
    (Role.ADMIN, "above", True, ADMIN),
    (Role.SUPERVISOR, "above", False, frozenset({"plan"})),
    (Role.SUPERVISOR, "above", True, SUPERVISION | {"plan"}),
    (Role.SUPERVISOR, "own", False, NONE),
    (Role.SUPERVISOR, "own", True, NONE),
    (Role.COMMANDER, "above", False, NONE),
    (Role.COMMANDER, "above", True, NONE),
    (Role.COMMANDER, "own", False, NONE),
    (Role.OPERATOR, "above", False, NONE),
    (Role.OPERATOR, "above", True, NONE),
    (Role.OPERATOR, "own", False, SELF),
    (Role.AUDITOR, "above", False, TPI),
    (Role.AUDITOR, "above", True, TPI),
    (Role.AUDITOR, "own", False, NONE),
    (Role.INTEGRITY_OFFICER, "above", False, NONE),
    (Role.INTEGRITY_OFFICER, "own", False, NONE),
    *[(role, "elsewhere", True, NONE) for role in Role.values],
]


class Undo(Exception):
    """Takes a step back."""


def taken(stage: Stage, by: User) -> set[str]:
    """Return the steps that the person may take; each is taken back. A refusal for another reason fails the test."""
    found = set()
    for name, step in STEPS.items():
        try:
            with transaction.atomic():
                step(stage, User.objects.get(pk=by.pk))
                found.add(name)
                raise Undo
        except (NotAllowed, Undo):
            continue
    return found


def somebody(stage: Stage, role: str, where: str, is_member: bool) -> User:
    world = stage.world
    unit = {"own": world.polsek, "above": world.polres}.get(where) or make_unit(kind=UnitKind.POLRES)
    person = make_person(unit, role)
    if is_member:
        VisitMember.objects.create(visit=world.visit, user=person, number=9)
    return person


@pytest.mark.parametrize(("role", "where", "is_member", "steps"), TABLE)
def test_a_role_writes_what_the_table_says(stage, role, where, is_member, steps):
    assert taken(stage, somebody(stage, role, where, is_member)) == steps


def test_the_table_has_every_role_at_every_place():
    assert {(role, where) for role, where, *_ in TABLE} == {
        (role, where) for role in Role.values for where in ("own", "above", "elsewhere")
    }


def test_several_postings_add_up(stage):
    person = somebody(stage, Role.ADMIN, "above", False)
    make_posting(person, stage.world.polres, Role.AUDITOR)
    assert taken(stage, person) == ADMIN | TPI


@pytest.mark.parametrize("role", [Role.COMMANDER, Role.OPERATOR])
def test_whoever_serves_at_the_station_never_judges_it_from_above(stage, role):
    person = somebody(stage, Role.SUPERVISOR, "above", True)
    make_posting(person, stage.world.polsek, role)
    make_posting(person, stage.world.polres, Role.AUDITOR)
    assert taken(stage, person) == (SELF if role == Role.OPERATOR else NONE)


def test_each_act_records_the_posting_it_used(stage):
    from wbbm.organisasi.models import AuditEvent

    admin = somebody(stage, Role.ADMIN, "above", False)
    for name in ADMIN - {"import"}:
        with pytest.raises(Undo), transaction.atomic():
            STEPS[name](stage, User.objects.get(pk=admin.pk))
            assert AuditEvent.objects.latest("pk").posting == admin.postings.get(), name
            raise Undo
    assert not Finding.objects.exists()
