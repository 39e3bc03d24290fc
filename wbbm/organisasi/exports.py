"""Lists of units and people as CSV and XLSX, in the columns that the import reads."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils import timezone

from .imports.columns import COLUMNS, Column
from .imports.unit_rows import units_in_reach
from .models import AuditEvent, ImportKind, Posting, Role, Unit, User
from .models.units import TimeZone
from .services.people import reached_people
from .tables import table_bytes, table_of


def export(kind: str, suffix: str, by: User) -> bytes:
    """Return the list that the admin may see, as a file."""
    rows = _unit_rows(by) if kind == ImportKind.UNITS else _people_rows(by)
    return _file(COLUMNS[kind], rows, suffix)


def template(kind: str, suffix: str) -> bytes:
    """Return an empty list with its headings and one example."""
    columns = COLUMNS[kind]
    return _file(columns, [[column.example for column in columns]], suffix)


def _file(columns: tuple[Column, ...], rows: Iterable[list[str]], suffix: str) -> bytes:
    return table_bytes(table_of("daftar", tuple(column.label for column in columns), rows), suffix)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    return value.strftime("%d/%m/%Y") if hasattr(value, "strftime") else str(value)


def _unit_rows(by: User) -> list[list[str]]:
    units = units_in_reach(by)
    codes = {unit.path: unit.code for unit in units.values()}
    return [_unit_row(unit, codes.get(unit.parent_path, "")) for unit in units.values()]


def _unit_row(unit: Unit, parent: str) -> list[str]:
    zone = str(TimeZone(unit.own_time_zone).label) if unit.own_time_zone else ""
    return [
        unit.code, unit.name, unit.kind, parent, _text(unit.latitude), _text(unit.longitude), zone,
        _text(unit.active_from), _text(unit.active_to),
    ]  # fmt: skip


def _people_rows(by: User) -> list[list[str]]:
    """One row for each office that runs or comes, in reach; people added but not posted with their unit only."""
    reach = by.scope.within("unit__path", Role.ADMIN)
    today = timezone.localdate()
    offices = Posting.objects.lasting(today).filter(reach, user__closed_at__isnull=True)
    rows = [
        [
            *_person_cells(office.user), office.unit.code, office.get_role_display().lower(), office.title, office.kind,
            _text(office.starts_on), _text(office.ends_on),
        ]
        for office in offices.select_related("user", "unit").order_by("unit__path", "user__name", "pk")
    ]  # fmt: skip
    return rows + _unposted_rows(by, reach)


def _unposted_rows(by: User, reach: Any) -> list[list[str]]:
    added = AuditEvent.objects.filter(reach, action="person.created", object_type="organisasi.user")
    homes = {int(event.object_id): event.unit for event in added.select_related("unit")}
    people = User.objects.open().filter(pk__in=list(homes), postings__isnull=True).order_by("name", "pk")
    fresh = list(people)
    reached = reached_people(by, [person.pk for person in fresh])
    found = []
    for person in fresh:
        unit = homes[person.pk]
        if person.pk in reached and unit is not None:
            found.append([*_person_cells(person), unit.code, "", "", "", "", ""])
    return found


def _person_cells(person: User) -> list[str]:
    return [person.username, person.nrp or "", person.name, person.rank, person.email]
