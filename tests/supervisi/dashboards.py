"""A Polda, a Polres and its stations with sheets of wanted quality, for tests of dashboards."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    Checklist,
    ChecklistStatus,
    ConditionState,
    Finding,
    Instrument,
    Item,
    Layer,
    Period,
    PeriodKind,
    Visit,
    VisitStatus,
)
from supervisi.pages.dashboard import build_dashboard
from supervisi.pages.dashboard_data import LKE, POLSEK
from supervisi.rollup_key import KIND, rollup_key
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.services.instruments import load_instrument
from tests.factories import make_person, make_posting, make_unit
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import HeldPredicate, Role, Unit, UnitKind, User

CONDITIONS = ("audit-follow-up", "wealth-reports", "one-year", "sakip-unit", "public-impact")


@dataclass
class District:
    """What the tests stand on."""

    polda: Unit
    polres: Unit
    stations: list[Unit]
    quarter: Period
    before: Period
    year: Period
    year_before: Period
    kapolda: User
    kapolres: User
    supervisor: User
    instruments: dict[str, Instrument] = field(default_factory=dict)

    def page(self, user: User | None = None, unit: Unit | None = None, period: Period | None = None) -> Any:
        """Build the dashboard as a page does, with the scope of this moment."""
        viewer = User.objects.get(pk=(user or self.kapolres).pk)
        return build_dashboard(viewer, (unit or self.polres).pk, period.pk if period else None)


def make_district(stations: int = 3) -> District:
    """Make the units, the periods around today, and the commanders."""
    polda = make_unit(kind=UnitKind.POLDA, name="Polda Uji")
    polres = make_unit(polda, kind=UnitKind.POLRES, name="Polres Uji")
    below = [make_unit(polres, kind=UnitKind.POLSEK, name=f"Polsek {chr(65 + n % 26)}{n}") for n in range(stations)]
    today = datetime.date.today()

    def period(name: str, kind: str, first: int, last: int) -> Period:
        return Period.objects.create(
            unit=polda, name=name, kind=kind, first_day=today + datetime.timedelta(days=first),
            last_day=today + datetime.timedelta(days=last),
        )  # fmt: skip

    return District(
        polda=polda,
        polres=polres,
        stations=below,
        quarter=period("Triwulan III 2026", PeriodKind.QUARTER, -40, 40),
        before=period("Triwulan II 2026", PeriodKind.QUARTER, -140, -41),
        year=period("Tahun 2026", PeriodKind.YEAR, -200, 160),
        year_before=period("Tahun 2025", PeriodKind.YEAR, -565, -201),
        kapolda=make_person(polda, Role.COMMANDER),
        kapolres=make_person(polres, Role.COMMANDER),
        supervisor=make_person(polres, Role.SUPERVISOR),
        instruments={code: load_instrument(code)[0] for code in (LKE, POLSEK)},
    )


def best_answers(engine: EngineInstrument, **changes: Any) -> dict[str, Any]:
    """Return the answers that give the full score, some changed."""
    answers: dict[str, Any] = {}
    for item in engine.items:
        formula = item.formula
        if item.options:
            answers[item.code] = max(item.options, key=lambda option: option.value).code
        elif formula is not None and formula.kind == "index":
            answers[item.code] = str(formula.maximum)
        elif formula is not None and formula.kind == "decline":
            answers[item.code] = {entry.key: 0 for entry in item.inputs} | {formula.before: 10, formula.now: 0}
        elif formula is not None:
            zeros = {entry.key: 0 for entry in item.inputs}
            answers[item.code] = zeros | {formula.denominators[0]: 1000, formula.numerator: 1000}
    return answers | changes


def worst_letter(engine: EngineInstrument, code: str) -> str:
    """Return the letter of an item that is worth least."""
    return min(engine.item(code).options, key=lambda option: option.value).code


def lower_area(engine: EngineInstrument, key: str) -> dict[str, Any]:
    """Return the worst answers to every item with letters of an area."""
    return {item.code: worst_letter(engine, item.code) for item in engine.items_of_area(key) if item.options}


def put_sheet(
    district: District,
    unit: Unit,
    *,
    code: str = POLSEK,
    layer: str = Layer.SUPERVISION,
    period: Period | None = None,
    status: str = ChecklistStatus.SUBMITTED,
    changes: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
    visit_status: str = VisitStatus.DONE,
    starts_on: datetime.date | None = None,
) -> Checklist:
    """Put a sheet with the best answers, some changed, and let every level be computed."""
    instrument = district.instruments[code]
    engine = engine_instrument(instrument)
    period = period or (district.quarter if code == POLSEK else district.year)
    given = best_answers(engine) | (changes or {}) if answers is None else answers
    visit = None
    if layer == Layer.SUPERVISION:
        visit = Visit.objects.create(
            unit=unit, period=period, sprin_number=f"Sprin/{Visit.objects.count() + 1}",
            starts_on=starts_on or period.first_day, status=visit_status, team_leader=district.supervisor,
            planned_by=district.supervisor,
        )  # fmt: skip
    with transaction.atomic():
        sheet = Checklist.objects.create(
            unit=unit, period=period, instrument=instrument, layer=layer, visit=visit,
            created_by=district.supervisor,
        )  # fmt: skip
        Answer.objects.bulk_create(
            Answer(
                checklist=sheet,
                item=item,
                version=int(item.code in given),
                value={"answer": given[item.code]} if item.code in given else {},
                is_answered=item.code in given,
            )
            for item in Item.objects.filter(instrument=instrument)
        )
        Checklist.objects.filter(pk=sheet.pk).update(status=status)
        sheet.status = status
        jobs.request(KIND, rollup_key(sheet))
    jobs.drain()
    return sheet


def move(sheet: Checklist, status: str) -> None:
    """Move a sheet to a state and let every level be computed."""
    with transaction.atomic():
        Checklist.objects.filter(pk=sheet.pk).update(status=status)
        jobs.request(KIND, rollup_key(sheet))
    jobs.drain()


def put_lke(district: District, *, layer: str = Layer.SELF, unit: Unit | None = None, **options: Any) -> Checklist:
    """Put the district's LKE."""
    return put_sheet(district, unit or district.polres, code=LKE, layer=layer, **options)


def meet_conditions(district: District, **changes: bool) -> None:
    """Record every condition of WBBM as met but for those changed, and the WBK as held."""
    HeldPredicate.objects.create(unit=district.polres, predicate="wbk", year=2018, decree="Keputusan uji")
    for code in CONDITIONS:
        record_condition(district, code, changes.get(code.replace("-", "_"), True))


def record_condition(district: District, code: str, is_met: bool, days_ago: int = 5) -> None:
    """Record one state of a condition."""
    ConditionState.objects.create(
        unit=district.polres, predicate="wbbm", code=code, is_met=is_met, recorded_by=district.supervisor,
        as_of=datetime.date.today() - datetime.timedelta(days=days_ago),
    )  # fmt: skip


def make_finding(district: District, unit: Unit, **changes: Any) -> Finding:
    """Make an open finding that was handed over."""
    today = datetime.date.today()
    fields = {
        "number": f"T-{Finding.objects.count() + 1:03d}", "unit": unit, "owner_unit": unit, "owner_title": "Kanit",
        "severity": "severe", "observation": "Papan tarif lama", "handed_over_at": timezone.now(),
        "due_on": today + datetime.timedelta(days=7), "created_by": district.supervisor,
    }  # fmt: skip
    return Finding.objects.create(**(fields | changes))


def make_kapolsek(station: Unit) -> User:
    """Make a commander who operates his station as well."""
    person = make_person(station, Role.COMMANDER)
    make_posting(person, station, Role.OPERATOR)
    return person
