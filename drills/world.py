"""Who and what the drills work on: made once, copied for each drill. `python -m drills.world FILE` fills a database."""

from __future__ import annotations

import datetime
import json
import secrets
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

EDITORS = 8


@dataclass(frozen=True)
class World:
    """What the load needs to know: ids, and sessions by person."""

    polres: int
    sheets: list[int]
    # Item code → letters, and sheet → item code → id of the answer.
    items: dict[str, list[str]]
    answers: dict[str, dict[str, int]]
    editors: list[int]
    reader: int
    stranger: int
    admin: int
    commanders: list[int]
    sessions: dict[str, str]

    @classmethod
    def read(cls, place: Path) -> World:
        """Read what was written beside the database."""
        return cls(**json.loads(place.read_text()))

    def headers(self, person: int) -> dict[str, str]:
        """Return the headers of a signed-in device."""
        token = secrets.token_hex(16)
        cookie = f"sessionid={self.sessions[str(person)]}; csrftoken={token}"
        return {"Cookie": cookie, "X-CSRFToken": token, "Accept": "application/json"}


def make() -> World:
    """Make a Polres with a sheet that eight people fill in together, and a sheet of his own for each of them."""
    from django.test import Client

    from supervisi.instrument_cache import engine_instrument
    from supervisi.models import Answer, Layer, Visit, VisitMember, VisitStatus
    from supervisi.services.checklists import create_checklist
    from tests.factories import make_person, make_unit
    from tests.supervisi.sheets import make_world
    from wbbm.organisasi.models import Role, UnitKind, User

    made = make_world("latihan", team=EDITORS - 1)
    editors = [made.leader, *made.members]
    sheets = [made.checklist]
    for number, editor in enumerate(editors, start=1):
        station = make_unit(made.polres, kind=UnitKind.POLSEK, name=f"Polsek {number}", code=f"polsek-latihan-{number}")
        visit = Visit.objects.create(
            unit=station, period=made.period, sprin_number=f"Sprin/{number + 1}/2026", starts_on=datetime.date.today(),
            status=VisitStatus.ONGOING, team_leader=editor, planned_by=editor,
        )  # fmt: skip
        VisitMember.objects.create(visit=visit, user=editor, number=1)
        sheets.append(
            create_checklist(
                unit=station,
                period=made.period,
                instrument=made.instrument,
                layer=Layer.SUPERVISION,
                by=editor,
                visit=visit,
            )
        )
    options = [item for item in engine_instrument(made.instrument).items if item.options][:12]
    rows = Answer.objects.filter(checklist__in=sheets, item__code__in=[item.code for item in options])
    answers: dict[str, dict[str, int]] = {str(sheet.pk): {} for sheet in sheets}
    for sheet, code, pk in rows.values_list("checklist", "item__code", "pk"):
        answers[str(sheet)][code] = pk
    commanders = [made.commander, make_person(made.polres, Role.COMMANDER)]
    admin = make_person(made.polres, Role.ADMIN)
    people = [*editors, *commanders, admin, made.stranger]
    return World(
        polres=made.polres.pk,
        sheets=[sheet.pk for sheet in sheets],
        items={item.code: [option.code for option in item.options] for item in options},
        answers=answers,
        editors=[person.pk for person in editors],
        reader=made.commander.pk,
        stranger=made.stranger.pk,
        admin=admin.pk,
        commanders=[person.pk for person in commanders],
        sessions={str(person.pk): session_of(Client(), User.objects.get(pk=person.pk)) for person in people},
    )


def session_of(client: Any, person: Any) -> str:
    """Sign a person in without the form; return the session."""
    client.force_login(person, backend="wbbm.organisasi.auth.PostingBackend")
    return client.cookies["sessionid"].value


def main(place: Path) -> None:
    """Fill the database of the environment, and say what is in it."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    place.write_text(json.dumps(asdict(make())))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
