"""A station with a visit under way and its sheet, for tests of filling in."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from supervisi.models import Answer, Checklist, Instrument, Layer, Period, PeriodKind, Visit, VisitMember, VisitStatus
from supervisi.services.checklists import create_checklist
from supervisi.services.instruments import load_instrument
from supervisi.services.operations import Card, Operation
from tests.factories import make_person, make_posting, make_unit
from wbbm.organisasi.models import Role, Unit, UnitKind, User

LETTER = "P.1.1.i.a"  # A-D, area 1
PERCENT = "P.1.1.i.b"  # rekomendasi, selesai; area 1
SEVERE_PERCENT = "P.1.4.ii.b"  # severe below 100 %, area 4
OTHER_AREA = "P.1.2.i.a"


@dataclass
class World:
    """What the tests stand on."""

    polres: Unit
    polsek: Unit
    period: Period
    instrument: Instrument
    visit: Visit
    checklist: Checklist
    leader: User
    members: list[User]
    reviewer: User
    operator: User
    commander: User
    auditor: User
    stranger: User

    def answer(self, code: str = LETTER, sheet: Checklist | None = None) -> Answer:
        """Return the row of an item."""
        return Answer.objects.get(checklist=sheet or self.checklist, item__code=code)

    def reload(self) -> Checklist:
        """Return the sheet as a view reads it."""
        return Checklist.objects.with_frame().get(pk=self.checklist.pk)

    def end_visit(self) -> None:
        """Let the visit be done: only then is a result told."""
        Visit.objects.filter(pk=self.visit.pk).update(status=VisitStatus.DONE, done_at=timezone.now())


def make_world(code: str = "polsek", team: int = 3) -> World:
    """Make a Polres with one Polsek, a visiting team and the sheet of the visit."""
    polres = make_unit(kind=UnitKind.POLRES, name="Polres Uji", code=f"polres-{code}")
    polsek = make_unit(polres, kind=UnitKind.POLSEK, name="Polsek Senori", code=f"polsek-{code}")
    leader = make_person(polres, Role.SUPERVISOR)
    members = [make_person(polres, Role.SUPERVISOR) for _ in range(team)]
    instrument, _ = load_instrument("polsek-2026")
    today = datetime.date.today()
    period = Period.objects.create(
        unit=polres,
        name="Triwulan ini",
        kind=PeriodKind.QUARTER,
        first_day=today - datetime.timedelta(days=40),
        last_day=today + datetime.timedelta(days=40),
    )
    visit = Visit.objects.create(
        unit=polsek,
        period=period,
        sprin_number="Sprin/1/2026",
        starts_on=today,
        status=VisitStatus.ONGOING,
        team_leader=leader,
        planned_by=leader,
    )
    for number, person in enumerate([leader, *members], start=1):
        VisitMember.objects.create(visit=visit, user=person, number=number)
    checklist = create_checklist(
        unit=polsek, period=period, instrument=instrument, layer=Layer.SUPERVISION, by=leader, visit=visit
    )
    head = make_person(polsek, Role.COMMANDER)
    make_posting(head, polsek, Role.OPERATOR, title="Operator uji")
    other = make_unit(kind=UnitKind.POLRES, name="Polres Lain", code=f"lain-{code}")
    return World(
        polres=polres,
        polsek=polsek,
        period=period,
        instrument=instrument,
        visit=visit,
        checklist=Checklist.objects.with_frame().get(pk=checklist.pk),
        leader=leader,
        members=members,
        reviewer=make_person(polres, Role.SUPERVISOR),
        operator=head,
        commander=make_person(polres, Role.COMMANDER),
        auditor=make_person(polres, Role.AUDITOR),
        stranger=make_person(other, Role.SUPERVISOR),
    )


def op(code: str = LETTER, answer: Any = "A", base: int = 0, **card: Any) -> Operation:
    """Make an operation with a UUID of its own."""
    return Operation(uuid=uuid.uuid4(), item_code=code, base_version=base, card=Card(answer=answer, **card))


def body(code: str = LETTER, answer: Any = "A", base: Any = 0, **changes: Any) -> dict[str, Any]:
    """Make the JSON document of an operation."""
    value = {"answer": answer, "note": "", "checked": "", "on_behalf_of": None}
    return {"uuid": str(uuid.uuid4()), "item": code, "base": base, "value": value} | changes


class Counted(CaptureQueriesContext):
    """Counts queries without BEGIN, COMMIT and SAVEPOINT."""

    def __init__(self) -> None:
        super().__init__(connection)

    def __enter__(self) -> Counted:
        # The log of a long test would be copied at each look at it.
        connection.queries_log.clear()
        return super().__enter__()

    @property
    def statements(self) -> list[str]:
        """The counted statements."""
        free = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        return [query["sql"] for query in self.captured_queries if not query["sql"].upper().startswith(free)]
