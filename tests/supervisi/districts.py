"""A province with districts and stations whose sheets are filled in, for tests of roll-ups and dashboards."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

from supervisi.models import (
    Answer,
    Checklist,
    ChecklistStatus,
    Instrument,
    Item,
    Layer,
    Period,
    PeriodKind,
    UnitScore,
    Visit,
    VisitStatus,
)
from supervisi.rollup_key import KIND, RollupKey, rollup_key
from supervisi.services.instruments import load_instrument
from tests.factories import make_person, make_unit
from wbbm.jobs.models import Job
from wbbm.jobs.services import request
from wbbm.organisasi.models import Role, Unit, UnitKind, User

LETTERS = {"yes_no": ("Ya", "Tidak"), "abc": "ABC", "abcd": "ABCD", "abcde": "ABCDE"}


@dataclass
class Province:
    """A Polda, its Polres and their stations, each with a full draft sheet of a visit."""

    polda: Unit
    polres: list[Unit]
    stations: list[Unit]
    period: Period
    before: Period
    instrument: Instrument
    leader: User
    commander: User
    sheets: list[Checklist] = field(default_factory=list)

    def row(self, unit: Unit, period: Period | None = None) -> UnitScore:
        """Return the stored row of a unit."""
        return UnitScore.objects.get(unit=unit, period=period or self.period, layer=Layer.SUPERVISION)

    def key(self, unit: Unit) -> str:
        """Return the roll-up key of a unit."""
        return str(RollupKey(unit.pk, self.period.pk, self.instrument.pk, Layer.SUPERVISION))


def nothing_open() -> bool:
    """Tell whether every roll-up that is wanted is done."""
    return not Job.objects.open().filter(kind=KIND).exists()


def make_province(*sizes: int) -> Province:
    """Make a Polda with one Polres of each size."""
    polda = make_unit(kind=UnitKind.POLDA, name="Polda Uji")
    instrument, _ = load_instrument("polsek-2026")
    today = datetime.date.today()
    period, before = (
        Period.objects.create(
            unit=polda,
            name=name,
            kind=PeriodKind.QUARTER,
            first_day=today + datetime.timedelta(days=first),
            last_day=today + datetime.timedelta(days=last),
        )
        for name, first, last in (("Triwulan ini", -40, 40), ("Triwulan lalu", -140, -41))
    )
    polres, stations = [], []
    for size in sizes:
        district = make_unit(polda, kind=UnitKind.POLRES, name=f"Polres {size}")
        polres.append(district)
        stations += [
            make_unit(district, kind=UnitKind.POLSEK, name=f"Polsek {size}-{number}") for number in range(size)
        ]
    province = Province(
        polda=polda,
        polres=polres,
        stations=stations,
        period=period,
        before=before,
        instrument=instrument,
        leader=make_person(polda, Role.SUPERVISOR),
        commander=make_person(polda, Role.COMMANDER),
    )
    for place, station in enumerate(stations):
        province.sheets.append(make_sheet(province, station, level=place))
    return province


def make_sheet(
    province: Province,
    unit: Unit,
    *,
    level: int = 0,
    status: str = ChecklistStatus.DRAFT,
    period: Period | None = None,
    day: datetime.date | None = None,
) -> Checklist:
    """Make a full supervision sheet whose answers depend on `level`."""
    period = period or province.period
    visit = Visit.objects.create(
        unit=unit,
        period=period,
        sprin_number=f"Sprin/{Visit.objects.count() + 1}",
        starts_on=day or period.first_day,
        status=VisitStatus.DONE,
        team_leader=province.leader,
        planned_by=province.leader,
    )
    sheet = Checklist.objects.create(
        unit=unit,
        period=period,
        instrument=province.instrument,
        layer=Layer.SUPERVISION,
        visit=visit,
        created_by=province.leader,
    )
    from supervisi.instrument_cache import engine_instrument

    engine = engine_instrument(province.instrument)
    items = {item.code: item for item in Item.objects.filter(instrument=province.instrument)}
    rows = []
    for place, item in enumerate(engine.items):
        if item.options:
            raw = item.options[(level + place) % 3 % len(item.options)].code
        else:
            raw = {entry.key: 4 for entry in item.inputs} | {item.formula.numerator: (level + place) % 5}
        rows.append(Answer(checklist=sheet, item=items[item.code], version=1, value={"answer": raw}, is_answered=True))
    Answer.objects.bulk_create(rows)
    Checklist.objects.filter(pk=sheet.pk).update(status=status)
    sheet.status = status
    return sheet


def set_status(sheet: Checklist, status: str) -> None:
    """Move a sheet and raise its key in one transaction, as the services do."""
    from django.db import transaction

    with transaction.atomic():
        Checklist.objects.filter(pk=sheet.pk).update(status=status)
        request(KIND, rollup_key(sheet))
