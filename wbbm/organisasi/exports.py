"""Lists of units and people as CSV and XLSX, in the columns that the import reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.conf import settings
from django.utils import timezone

from .imports.columns import COLUMNS, Column
from .imports.tables import FORMULA_SIGNS
from .imports.unit_rows import units_in_reach
from .models import AuditEvent, ImportKind, Posting, Role, Unit, User
from .models.units import TimeZone
from .services.people import reached_people

DEMO_LINE = "DATA CONTOH, bukan keadaan sebenarnya"
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def export(kind: str, suffix: str, by: User) -> bytes:
    """Return the list that the admin may see, as a file."""
    rows = _unit_rows(by) if kind == ImportKind.UNITS else _people_rows(by)
    return _file(COLUMNS[kind], rows, suffix)


def template(kind: str, suffix: str) -> bytes:
    """Return an empty list with its headings and one example."""
    columns = COLUMNS[kind]
    return _file(columns, [[column.example for column in columns]], suffix)


def write_csv(lines: Iterable[Iterable[str]]) -> bytes:
    """Return lines as a CSV that opens in an Indonesian spreadsheet: semicolons, UTF-8 with its mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerows([harmless(cell) for cell in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")


def _file(columns: tuple[Column, ...], rows: Iterable[list[str]], suffix: str) -> bytes:
    lines: list[list[str]] = [[DEMO_LINE]] if settings.IS_DEMO else []
    lines.append([column.label for column in columns])
    lines.extend(rows)
    return write_csv(lines) if suffix == "csv" else write_xlsx(lines)


def write_xlsx(lines: Iterable[Iterable[str]]) -> bytes:
    """Return lines as a workbook of one sheet; every cell is a text, none a formula."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("Daftar")
    for number, line in enumerate(lines):
        for place, cell in enumerate(line):
            sheet.write_string(number, place, harmless(cell))
    sheet.set_column(0, 10, 22)
    book.close()
    return out.getvalue()


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
