"""Periods, visits, sheets and conditions of the demo district."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.utils import timezone

from supervisi.demo.answers import draw_sheet, later_sheet, tuned_to
from supervisi.demo.district import TEAM_TITLES, District
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    AnswerRevision,
    Assignment,
    Checklist,
    ChecklistStatus,
    ConditionState,
    Instrument,
    Item,
    Layer,
    Node,
    Period,
    PeriodKind,
    RevisionOutcome,
    Visit,
    VisitMember,
    VisitStatus,
)
from supervisi.scoring.answers import parse_answer
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.instrument import Item as EngineItem
from supervisi.scoring.sampling import propose_sample
from supervisi.services.checklists import freeze
from supervisi.services.layers import answers_of
from supervisi.services.operations import Card, payload_hash
from supervisi.services.samples import draw_sample
from wbbm.organisasi.models import Unit, User

# Wanted quality of each station, the best first; the gate's border and the weak ones are chosen on purpose.
QUALITY = {
    "Jatirogo": 0.95, "Tuban": 0.92, "Semanding": 0.88, "Jenu": 0.87, "Bancar": 0.86, "Kerek": 0.84,
    "Merakurak": 0.83, "Plumpang": 0.80, "Tambakboyo": 0.79, "Rengel": 0.76, "Montong": 0.71, "Soko": 0.69,
    "Palang": 0.63, "Senori": 0.77, "Widang": 0.78, "Bangilan": 0.80, "Singgahan": 0.72, "Parengan": 0.77,
    "Grabagan": 0.75,
}  # fmt: skip
# Kenduruan was never visited: the empty case.
SUBMITTED_NOW = ("Jatirogo", "Tuban", "Semanding", "Jenu", "Bancar", "Kerek", "Merakurak", "Plumpang", "Tambakboyo",
                 "Rengel", "Montong", "Soko", "Palang")  # fmt: skip
# Stations that handed in their own sheet this quarter before the team came.
CLAIMED_NOW = ("Tuban", "Kerek")
ON_THE_BORDER = "Rengel"
BORDER = Fraction("74.996")
PLANNED_AHEAD = {"Bangilan": 4, "Singgahan": 6, "Parengan": 4}
UNANNOUNCED = "Singgahan"
# Where a team looked at a sample only, two weeks ago.
SAMPLED, SAMPLE_SEED = "Parengan", "c0ffee2026"
OVERDUE_PLAN = "Widang"
# At the first stations another member checked the desks, and found them better than his colleague elsewhere; at one
# station everybody wrote very fast.
STOOD_IN, IN_A_HURRY = 4, "Bancar"
SENORI_ANSWERED = 38
_FINAL = ChecklistStatus.FINAL


@dataclass
class Periods:
    """The years and quarters around the day of seeding."""

    quarter: Period
    quarter_before: Period
    quarter_earlier: Period
    year: Period
    year_before: Period


def quarter_bounds(year: int, number: int) -> tuple[datetime.date, datetime.date]:
    """Return first and last day of a quarter."""
    first = datetime.date(year, 3 * number - 2, 1)
    following = datetime.date(year + (number == 4), 1 if number == 4 else 3 * number + 1, 1)
    return first, following - datetime.timedelta(days=1)


def make_periods(district: District) -> Periods:
    """Make this year and the last, with the quarters up to today's; they belong to the Polda."""
    today = district.today
    years: dict[int, Period] = {}
    quarters: dict[tuple[int, int], Period] = {}
    for year in (today.year - 1, today.year):
        years[year] = Period.objects.create(
            unit=district.polda, name=f"Tahun {year}", kind=PeriodKind.YEAR,
            first_day=datetime.date(year, 1, 1), last_day=datetime.date(year, 12, 31),
        )  # fmt: skip
        for number, roman in enumerate(("I", "II", "III", "IV"), start=1):
            first, last = quarter_bounds(year, number)
            if first <= today:
                quarters[year, number] = Period.objects.create(
                    unit=district.polda, name=f"Triwulan {roman} {year}", kind=PeriodKind.QUARTER,
                    first_day=first, last_day=last,
                )  # fmt: skip
    now = (today.year, (today.month + 2) // 3)
    before, earlier = _quarter_before(now), _quarter_before(_quarter_before(now))
    # The quarter before stays open: who has not handed in his own sheet still can, and is late.
    over = [period.pk for key, period in quarters.items() if key < before]
    Period.objects.filter(pk__in=[*over, years[today.year - 1].pk]).update(
        closed_at=timezone.now(), closed_by=district.people["admin.polda"]
    )
    return Periods(quarters[now], quarters[before], quarters[earlier], years[today.year], years[today.year - 1])


def settle_periods() -> None:
    """Freeze the results of what is closed; called once everything is counted."""
    Period.objects.filter(closed_at__isnull=False).update(settled_at=timezone.now())


def _quarter_before(quarter: tuple[int, int]) -> tuple[int, int]:
    year, number = quarter
    return (year, number - 1) if number > 1 else (year - 1, 4)


@dataclass
class SheetMaker:
    """Writes sheets with answers and history in few statements."""

    district: District
    instrument: Instrument
    engine: EngineInstrument
    items: dict[str, Item]

    @classmethod
    def for_code(cls, district: District, code: str) -> SheetMaker:
        """Make one for an instrument that is loaded."""
        instrument = Instrument.objects.get(code=code)
        items = {item.code: item for item in Item.objects.filter(instrument=instrument)}
        return cls(district, instrument, engine_instrument(instrument), items)

    def make(
        self,
        *,
        unit: Unit,
        period: Period,
        layer: str,
        status: str,
        answers: dict[str, Any],
        at: datetime.datetime,
        authors: dict[str, User],
        visit: Visit | None = None,
        pace: int = 70,
    ) -> Checklist:
        """Make a sheet in a state; `authors` maps area keys to who answered, `pace` is the seconds per answer."""
        people = self.district.people
        states = list(ChecklistStatus)
        passed = states.index(ChecklistStatus(status))
        now = timezone.now()

        def later(**span: float) -> datetime.datetime:
            # A quarter may be younger than the steps of its first sheets.
            return min(at + datetime.timedelta(**span), now)

        checklist = Checklist.objects.create(
            unit=unit,
            period=period,
            instrument=self.instrument,
            layer=layer,
            visit=visit,
            status=ChecklistStatus.DRAFT,
            created_by=visit.planned_by if visit else people["bagren"],
            created_at=visit.planned_at if visit else at,
            submitted_at=later(hours=5) if passed >= 1 else None,
            submitted_by=(visit.team_leader if visit else people["kapolres"]) if passed >= 1 else None,
            reviewed_at=later(days=1) if passed >= 2 and visit else None,
            reviewed_by=people["wakapolres"] if passed >= 2 and visit else None,
            disclosed_at=later(days=2) if passed >= 3 and visit else None,
            final_at=later(days=4) if passed >= 4 else None,
        )
        self._answers(checklist, answers, at, authors, pace)
        Checklist.objects.filter(pk=checklist.pk).update(status=status)
        checklist.status = status
        if status == ChecklistStatus.FINAL:
            freeze(checklist)
        return checklist

    def _answers(
        self, checklist: Checklist, answers: dict[str, Any], at: datetime.datetime, authors: dict[str, User], pace: int
    ) -> None:
        rows, written = [], []
        moment = at
        for item in self.engine.items:
            row = Answer(checklist=checklist, item=self.items[item.code])
            if item.code in answers:
                moment += datetime.timedelta(seconds=pace)
                author = authors[item.area_key]
                parsed = parse_answer(item, answers[item.code])
                card = Card(
                    answer=parsed.raw, note="", checked="site" if checklist.visit_id else "paper", on_behalf_of=None
                )
                row.version, row.value, row.is_answered = 1, card.as_value(), parsed.is_answered
                row.author, row.saved_at = author, moment
                written.append((row, item.code, card, author, moment))
            rows.append(row)
        Answer.objects.bulk_create(rows)
        AnswerRevision.objects.bulk_create(
            AnswerRevision(
                uuid=uuid.uuid4(),
                answer=row,
                checklist=checklist,
                payload_hash=payload_hash(checklist_id=checklist.pk, item_code=code, author_id=author.pk, card=card),
                value=card.as_value(),
                author=author,
                base_version=0,
                new_version=1,
                outcome=RevisionOutcome.ACCEPTED,
                saved_at=moment,
                made_at=moment,
            )
            for row, code, card, author, moment in written
        )


def make_sheets(district: District, periods: Periods) -> None:
    """Make the story: what was found last quarter, what is found now, Senori under way, the district's own LKE."""
    stations = SheetMaker.for_code(district, "polsek-2026")
    for place, (name, quality) in enumerate(QUALITY.items()):
        unit = district.stations[name]
        wanted = _areas(stations.engine, quality, name)
        first = draw_sheet(stations.engine, wanted, f"{name}-1")
        lower = {key: value - 0.12 for key, value in wanted.items()}
        oldest = later_sheet(stations.engine, first, lower, f"{name}-0", share=0.3)
        day = periods.quarter_earlier.first_day + datetime.timedelta(days=20 + 3 * place % 60)
        _filled(stations, _visit(district, unit, periods.quarter_earlier, day, VisitStatus.DONE), _FINAL, oldest)
        then = periods.quarter_before.first_day + datetime.timedelta(days=12 + 3 * place % 70)
        old_visit = _visit(district, unit, periods.quarter_before, then, VisitStatus.DONE)
        _filled(stations, old_visit, _FINAL, first)
        _self_sheet(stations, unit, periods.quarter_before, name, first)
        if name in SUBMITTED_NOW:
            second = later_sheet(stations.engine, first, wanted, f"{name}-2")
            if name in CLAIMED_NOW:
                _self_sheet(stations, unit, periods.quarter, name, second)
            _visited_now(stations, unit, periods, place, second)
        elif name == "Senori":
            second = later_sheet(stations.engine, first, wanted, f"{name}-2")
            # Its own answers stand beside the team's on the cards.
            _self_sheet(stations, unit, periods.quarter, name, second)
            _senori(stations, unit, periods, second)
        elif name == OVERDUE_PLAN:
            day = district.today - datetime.timedelta(days=6)
            period = periods.quarter if day >= periods.quarter.first_day else periods.quarter_before
            _planned(stations, unit, period, day)
        elif name in PLANNED_AHEAD:
            if name == SAMPLED:
                _sampled(stations, unit, periods, later_sheet(stations.engine, first, wanted, f"{name}-2"))
            day = min(periods.quarter.last_day, district.today + datetime.timedelta(days=PLANNED_AHEAD[name]))
            _planned(stations, unit, periods.quarter, day)
    _district_lke(district, periods)
    _conditions(district)


def _areas(engine: EngineInstrument, quality: float, name: str) -> dict[str, float]:
    """Vary the areas of a station around its quality; oversight (5) is the district's weak spot."""
    shift = {area.key: ((sum(map(ord, name)) * (place + 3)) % 9 - 4) / 60 for place, area in enumerate(engine.areas)}
    return {key: quality + moved - (0.06 if key == "5" else 0) for key, moved in shift.items()}


def _moment(day: datetime.date, hour: int = 9) -> datetime.datetime:
    """Return an hour of the day; what happened today lies behind us, however early it is."""
    moment = datetime.datetime.combine(day, datetime.time(hour, 0), tzinfo=timezone.get_default_timezone())
    now = timezone.now()
    if now - datetime.timedelta(hours=3) < moment < now + datetime.timedelta(days=1):
        return now - datetime.timedelta(minutes=20 * (20 - hour))
    return moment


def _team(district: District) -> list[User]:
    return [
        district.people["kabagren"],
        *(district.people[f"tim{number}"] for number in range(1, len(TEAM_TITLES) + 1)),
    ]


def _visit(district: District, unit: Unit, period: Period, day: datetime.date, status: str) -> Visit:
    team = _team(district)
    began = status in {VisitStatus.ONGOING, VisitStatus.DONE}
    visit = Visit.objects.create(
        unit=unit, period=period, sprin_number=f"Sprin/{100 + unit.pk}/{day.month}/REN.2.3/{day.year}", starts_on=day,
        status=status, team_leader=team[0], deputy=team[1], planned_by=district.people["kabagren"],
        planned_at=_moment(day) - datetime.timedelta(days=14),
        started_at=_moment(day, 8) if began else None, is_announced=began or unit.name != f"Polsek {UNANNOUNCED}",
        done_at=_moment(day, 12) if status == VisitStatus.DONE else None,
    )  # fmt: skip
    VisitMember.objects.bulk_create(
        VisitMember(visit=visit, user=person, number=number) for number, person in enumerate(team, start=1)
    )
    instrument = Instrument.objects.get(code="polsek-2026")
    nodes = {node.code: node for node in Node.objects.filter(instrument=instrument)}
    Assignment.objects.bulk_create(
        Assignment(visit=visit, user=team[part.number - 1], node=nodes[code])
        for part in engine_instrument(instrument).team_plan
        for code in part.nodes
    )
    return visit


def _authors(maker: SheetMaker) -> dict[str, User]:
    """Map each area to the member who checks most of it."""
    team = _team(maker.district)
    found: dict[str, User] = {}
    for part in maker.engine.team_plan:
        for code in part.nodes:
            for item in maker.engine.items_under(code):
                found.setdefault(item.area_key, team[part.number - 1])
    return found


def _filled(maker: SheetMaker, visit: Visit, status: str, answers: dict[str, Any], **facts: Any) -> Checklist:
    known = {"authors": _authors(maker)} | facts
    return maker.make(
        unit=visit.unit, period=visit.period, layer=Layer.SUPERVISION, status=status, answers=answers,
        at=_moment(visit.starts_on), visit=visit, **known,
    )  # fmt: skip


def _self_sheet(maker: SheetMaker, unit: Unit, period: Period, name: str, found: dict[str, Any]) -> None:
    """The station's own sheet, a little kinder than what the team found; two stations never handed theirs in."""
    if name in {"Grabagan", "Singgahan"}:
        return
    kinder = _areas(maker.engine, min(0.97, QUALITY[name] + 0.12), name)
    answers = later_sheet(maker.engine, found, kinder, f"{name}-mandiri")
    head = maker.district.people[f"kapolsek.{name.lower()}"]
    day = min(period.first_day + datetime.timedelta(days=8), maker.district.today - datetime.timedelta(days=1))
    maker.make(
        unit=unit, period=period, layer=Layer.SELF, status=ChecklistStatus.SUBMITTED, answers=answers,
        at=_moment(max(day, period.first_day)), authors=dict.fromkeys(_authors(maker), head),
    )  # fmt: skip


def _visited_now(maker: SheetMaker, unit: Unit, periods: Periods, place: int, answers: dict[str, Any]) -> None:
    today = maker.district.today
    day = max(periods.quarter.first_day, today - datetime.timedelta(days=5 + 2 * place))
    if unit.code == f"polsek-{ON_THE_BORDER.lower()}":
        answers = tuned_to(maker.engine, answers, BORDER)
    states = (ChecklistStatus.FINAL, ChecklistStatus.DISCLOSED, ChecklistStatus.REVIEWED, ChecklistStatus.SUBMITTED)
    visit = _visit(maker.district, unit, periods.quarter, day, VisitStatus.DONE)
    authors = _authors(maker)
    if place < STOOD_IN:
        authors["7"] = maker.district.people["tim7"]
    name = next(name for name, station in maker.district.stations.items() if station == unit)
    pace = 9 if name == IN_A_HURRY else 70
    _filled(maker, visit, states[place % 4], answers, authors=authors, pace=pace)


def _senori(maker: SheetMaker, unit: Unit, periods: Periods, answers: dict[str, Any]) -> None:
    """The visit under way: eight people, 38 of 59 items answered so far."""
    visit = _visit(maker.district, unit, periods.quarter, maker.district.today, VisitStatus.ONGOING)
    begun = {item.code: answers[item.code] for item in _begun(maker.engine)}
    _filled(maker, visit, ChecklistStatus.DRAFT, begun)


def _begun(engine: EngineInstrument) -> list[EngineItem]:
    """Return the items answered so far: the first ones of every area, 38 in all."""
    by_area = [list(engine.items_of_area(area.key)) for area in engine.areas]
    share = SENORI_ANSWERED / len(engine.items)
    chosen = [item for items in by_area for item in items[: int(len(items) * share)]]
    rest = [item for items in by_area for item in items if item not in chosen]
    return chosen + rest[: SENORI_ANSWERED - len(chosen)]


def _sampled(maker: SheetMaker, unit: Unit, periods: Periods, answers: dict[str, Any]) -> None:
    """A visit that looked at drawn items only, held against the station's own sheet."""
    _self_sheet(maker, unit, periods.quarter, SAMPLED, answers)
    day = max(periods.quarter.first_day, maker.district.today - datetime.timedelta(days=14))
    visit = _visit(maker.district, unit, periods.quarter, day, VisitStatus.DONE)
    own = Checklist.objects.get(unit=unit, period=periods.quarter, layer=Layer.SELF)
    drawn = propose_sample(maker.engine, answers_of([own])[own.pk], SAMPLE_SEED)
    seen = {each.item_code: answers[each.item_code] for each in drawn}
    sheet = _filled(maker, visit, ChecklistStatus.REVIEWED, seen)
    leader = maker.district.people["kabagren"]
    draw_sample(sheet, by=leader, posting=leader.scope.postings[0], seed=SAMPLE_SEED, at=visit.planned_at)


def _planned(maker: SheetMaker, unit: Unit, period: Period, day: datetime.date) -> None:
    visit = _visit(maker.district, unit, period, day, VisitStatus.PLANNED)
    _filled(maker, visit, ChecklistStatus.DRAFT, {})


# --- the district's own LKE --------------------------------------------------------------------------------

# Index of anticorruption perception, performance, service perception: the last keeps the district from WBBM.
_RESULTS: dict[str, Any] = {"B.I.a": "3.66", "B.I.b": "B", "B.II.a": "3.56"}
_LKE_QUALITY = {"1": 0.83, "2": 0.81, "3": 0.79, "4": 0.83, "5": 0.65, "6": 0.82, "7": 0.89}
_LKE_TOTAL = Fraction("83.13")


def _district_lke(district: District, periods: Periods) -> None:
    """The district's self assessment: WBK held, WBBM missed in oversight, in the lever, in the service survey."""
    maker = SheetMaker.for_code(district, "lke-2021")
    earlier = (
        draw_sheet(maker.engine, {key: value - 0.05 for key, value in _LKE_QUALITY.items()}, "lke-lalu") | _RESULTS
    )
    earlier["B.II.a"] = "3.48"
    now = tuned_to(maker.engine, draw_sheet(maker.engine, _LKE_QUALITY, "lke-11") | _RESULTS, _LKE_TOTAL)
    operator = dict.fromkeys((area.key for area in maker.engine.areas), district.people["bagren"])
    maker.make(
        unit=district.polres, period=periods.year_before, layer=Layer.SELF, status=ChecklistStatus.FINAL,
        answers=earlier, at=_moment(periods.year_before.first_day + datetime.timedelta(days=100)), authors=operator,
    )  # fmt: skip
    begun = max(periods.year.first_day, district.today - datetime.timedelta(days=60))
    maker.make(
        unit=district.polres, period=periods.year, layer=Layer.SELF, status=ChecklistStatus.SUBMITTED, answers=now,
        at=_moment(begun), authors=operator,
    )  # fmt: skip


def _conditions(district: District) -> None:
    """Record the states of the conditions beside the score; wealth reports are not all in."""
    states = (
        ("audit-follow-up", True, "Semua rekomendasi ditindaklanjuti (contoh)"),
        ("wealth-reports", False, "2 wajib lapor belum menyampaikan (contoh)"),
        ("one-year", True, "Sejak 2018 (contoh)"),
        ("sakip-unit", True, "BB (contoh)"),
        ("public-impact", True, "SPKT, SKCK, SIM (contoh)"),
    )
    ConditionState.objects.bulk_create(
        ConditionState(
            unit=district.polres, predicate=predicate, code=code, is_met=is_met, note=note,
            as_of=district.today - datetime.timedelta(days=15), recorded_by=district.people["kabagren"],
        )
        for predicate in ("wbk", "wbbm")
        for code, is_met, note in states
    )  # fmt: skip
