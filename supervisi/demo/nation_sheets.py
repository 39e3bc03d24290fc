"""Visits, sheets and answers of a simulated country, written in bulk; results are left to the engine."""

from __future__ import annotations

import datetime
import itertools
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from supervisi.demo.answers import draw_sheet, later_sheet
from supervisi.demo.bulk_rows import next_id, renumber, write_rows
from supervisi.demo.nation_findings import Seen, write_findings
from supervisi.demo.nation_units import Nation, Place
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    AnswerRevision,
    Checklist,
    ChecklistStatus,
    Instrument,
    Layer,
    Period,
    RevisionOutcome,
    VerificationCode,
    Visit,
    VisitMember,
    VisitStatus,
)
from supervisi.scoring.engine import parse_answers, score_values
from supervisi.services.content import hash_of
from supervisi.services.instruments import current_instrument
from supervisi.services.operations import Card, canonical, hash_of_payload
from supervisi.services.verification import code_of
from wbbm.organisasi.models import UnitKind, User

_CHUNK = 1000
_STATES = list(ChecklistStatus)
_HOUR, _DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
_ANSWER = (
    "id", "checklist_id", "item_id", "version", "value", "is_answered", "needs_review", "is_due", "author_id",
    "saved_at",
)  # fmt: skip
_REVISION = (
    "id", "uuid", "answer_id", "checklist_id", "payload_hash", "value", "author_id", "base_version", "new_version",
    "outcome", "reply", "saved_at",
)  # fmt: skip
_EMPTY = "{}"


@dataclass
class _Plan:
    """A sheet that is to be: its row, what is answered, and by whom."""

    row: Checklist
    status: str
    answers: dict[str, Any]
    authors: dict[str, User]
    at: datetime.datetime
    visit: Visit | None = None
    team: list[User] = field(default_factory=list)


@dataclass
class _Book:
    """An instrument made ready."""

    row: Instrument
    items: dict[str, int]
    cards: dict[tuple[str, str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, code: str) -> _Book:
        row = current_instrument(code)
        return cls(row, dict(row.items.values_list("code", "pk")))


class NationSheets:
    """Writes the sheets of one regional command after the other."""

    def __init__(self, nation: Nation) -> None:
        self.nation = nation
        self.station, self.lke = _Book.of("polsek-2026"), _Book.of("lke-2021")
        self._answer_id, self._revision_id = next_id(Answer), next_id(AnswerRevision)
        self.sheets = self.answers = self.visits = self.findings = 0

    def write(self, polda: Place) -> None:
        """Write everything below a regional command, the earliest period first."""
        plans: list[_Plan] = []
        for polres in polda.below:
            plans += self._lke(polres, polda)
            for station in polres.below:
                plans += self._station(station, polres)
        visits = [plan.visit for plan in plans if plan.visit is not None]
        Visit.objects.bulk_create(visits, _CHUNK)
        VisitMember.objects.bulk_create(
            (
                VisitMember(visit=plan.visit, user=person, number=number)
                for plan in plans
                if plan.visit is not None
                for number, person in enumerate(plan.team, start=1)
            ),
            _CHUNK,
        )
        Checklist.objects.bulk_create((self._with_visit(plan) for plan in plans), _CHUNK)
        first = self._answer_id
        self.answers += write_rows(Answer, _ANSWER, self._answer_rows(plans))
        self._answer_id = first
        write_rows(AnswerRevision, _REVISION, self._revision_rows(plans))
        renumber(Answer, AnswerRevision)
        self._move_on(plans)
        self.findings += self._write_findings(plans)
        self.sheets += len(plans)
        self.visits += len(visits)

    def _write_findings(self, plans: list[_Plan]) -> int:
        """Write findings of the stations' visits of this quarter."""
        seen = (
            Seen(plan.row, plan.visit, plan.answers, self.nation.chance(plan.row.unit.code, plan.at, "temuan"))
            for plan in plans
            if plan.visit is not None
            and plan.visit.is_done
            and plan.row.instrument_id == self.station.row.pk
            and plan.visit.period_id == self.nation.quarters[0].pk
        )
        texts = self.station.row.definition["finding_texts"]
        return write_findings(seen, engine_instrument(self.station.row), texts, self.station.items)

    @staticmethod
    def _with_visit(plan: _Plan) -> Checklist:
        plan.row.visit = plan.visit
        return plan.row

    # --- stations ---------------------------------------------------------------------------------------

    def _station(self, station: Place, polres: Place) -> Iterator[_Plan]:
        """The station's own sheet and the team's of each quarter; the weaker ones are visited twice."""
        engine, team = engine_instrument(self.station.row), self._team(polres, "kabagren")
        head = station.people["kapolsek"]
        answers: dict[str, Any] = {}
        for place, period in reversed(list(enumerate(self.nation.quarters))):
            draw = self.nation.chance(station.unit.code, period.first_day)
            level = min(0.97, max(0.3, station.quality - 0.03 * place + draw.gauss(0, 0.025)))
            quality = {
                area.key: level + draw.uniform(-0.07, 0.07) - (0.05 if area.key == "5" else 0) for area in engine.areas
            }
            name = f"{self.nation.seed}:{station.unit.code}:{period.first_day}"
            answers = later_sheet(engine, answers, quality, name, share=0.25) if answers else draw_sheet(
                engine, quality, name
            )  # fmt: skip
            is_over = place > 0
            if draw.random() < (0.99 if is_over else 0.97):
                kinder = {key: value + 0.1 for key, value in quality.items()}
                own = later_sheet(engine, answers, kinder, f"{name}:mandiri", share=0.2)
                is_begun = not is_over and draw.random() < 0.06
                own_state = ChecklistStatus.FINAL if is_over else ChecklistStatus.SUBMITTED
                if is_begun:
                    own_state, own = ChecklistStatus.DRAFT, _part(own, draw, is_begun)
                yield self._self_sheet(self.station, station, period, own_state, own, head)
            for again in range(2 if draw.random() < 1.1 - level else 1):
                status = _state(draw, is_over=is_over)
                if status is None:
                    break
                found = answers if not again else later_sheet(engine, answers, quality, f"{name}:lagi", share=0.12)
                yield self._visited(self.station, station, period, period, polres, team, status, found, draw, again)

    # --- districts --------------------------------------------------------------------------------------

    def _lke(self, polres: Place, polda: Place) -> Iterator[_Plan]:
        """The district's own LKE of each year, the auditors', and that of this year's visit."""
        engine, team = engine_instrument(self.lke.row), self._team(polda, "karorena")
        answers: dict[str, Any] = {}
        for place, period in reversed(list(enumerate(self.nation.years))):
            draw = self.nation.chance(polres.unit.code, period.first_day, "lke")
            level = min(0.96, max(0.4, polres.quality + 0.03 - 0.03 * place + draw.gauss(0, 0.02)))
            quality = {area.key: level + draw.uniform(-0.06, 0.06) for area in engine.areas}
            name = f"{self.nation.seed}:{polres.unit.code}:{period.first_day}"
            answers = later_sheet(engine, answers, quality, name, share=0.3) if answers else draw_sheet(
                engine, quality, name
            )  # fmt: skip
            is_over = place > 0
            kinder = {key: value + 0.06 for key, value in quality.items()}
            own = later_sheet(engine, answers, kinder, f"{name}:mandiri", share=0.2)
            status = ChecklistStatus.FINAL if is_over else ChecklistStatus.SUBMITTED
            yield self._self_sheet(self.lke, polres, period, status, own, polres.people["bagren"])
            if is_over or draw.random() < 0.9:
                tpi = later_sheet(engine, answers, quality, f"{name}:tpi", share=0.1)
                yield self._tpi_sheet(polres, polda, period, _state(draw, is_over=is_over, is_visit=False), tpi)
            if not is_over:
                visit_state = _state(draw, is_over=False)
                if visit_state is not None:
                    quarter = self.nation.quarters[0]
                    yield self._visited(self.lke, polres, period, quarter, polda, team, visit_state, answers, draw, 0)

    # --- plans -----------------------------------------------------------------------------------------

    @staticmethod
    def _team(above: Place, leader: str) -> list[User]:
        return [above.people[leader], above.people["tim1"], above.people["tim2"]]

    def _moment(self, day: datetime.date, draw: random.Random) -> datetime.datetime:
        hour = datetime.time(2 + draw.randrange(4), draw.randrange(60))
        return datetime.datetime.combine(day, hour, tzinfo=datetime.UTC)

    def _day(self, period: Period, draw: random.Random, least: int) -> datetime.date:
        """Return a day of the period that is not ahead, some days after its beginning where it is old enough."""
        last = min(period.last_day, self.nation.today - _DAY)
        span = (last - period.first_day).days
        return period.first_day + datetime.timedelta(days=draw.randint(min(least, max(span, 0)), max(span, 0)))

    def _self_sheet(
        self, book: _Book, place: Place, period: Period, status: str, answers: dict[str, Any], by: User
    ) -> _Plan:
        draw = self.nation.chance(place.unit.code, period.first_day, "mandiri")
        at = self._moment(self._day(period, draw, 3), draw)
        head = by if place.unit.kind == UnitKind.POLSEK else place.people["kapolres"]
        row = self._row(book, place, period, Layer.SELF, status, at, created_by=by, submitted_by=head)
        return _Plan(row, status, answers, {"": by}, at)

    def _tpi_sheet(
        self, place: Place, polda: Place, period: Period, status: str | None, answers: dict[str, Any]
    ) -> _Plan:
        draw = self.nation.chance(place.unit.code, period.first_day, "tpi")
        at, auditor = self._moment(self._day(period, draw, 30), draw), polda.people["auditor"]
        state = status or ChecklistStatus.SUBMITTED
        row = self._row(
            self.lke, place, period, Layer.TPI, state, at, created_by=auditor, submitted_by=auditor,
            reviewed_by=polda.people["auditor2"],
        )  # fmt: skip
        return _Plan(row, state, _part(answers, draw, state == ChecklistStatus.DRAFT), {"": auditor}, at)

    def _visited(
        self,
        book: _Book,
        place: Place,
        period: Period,
        quarter: Period,
        above: Place,
        team: list[User],
        status: str,
        answers: dict[str, Any],
        draw: random.Random,
        again: int,
    ) -> _Plan:
        """A visit with its sheet: done, under way, or only planned."""
        is_draft = status == ChecklistStatus.DRAFT
        is_planned = is_draft and draw.random() < 0.5
        day = self._day(quarter, draw, 10)
        if is_planned:
            day = min(quarter.last_day, self.nation.today + datetime.timedelta(days=draw.randint(1, 14)))
        at = self._moment(day, draw)
        planned_at = at - 14 * _DAY
        state = VisitStatus.PLANNED if is_planned else VisitStatus.ONGOING if is_draft else VisitStatus.DONE
        visit = Visit(
            unit=place.unit, period=quarter, starts_on=day, status=state, team_leader=team[0], deputy=team[1],
            sprin_number=f"Sprin/{100 + draw.randrange(900)}-{again + 1}/{day.month}/REN.2.3/{day.year}",
            planned_by=team[0], planned_at=planned_at, started_at=None if is_planned else at - _HOUR,
            done_at=None if is_draft else at + 4 * _HOUR,
        )  # fmt: skip
        reviewer = above.people["wakapolres" if above.unit.kind == UnitKind.POLRES else "wakapolda"]
        row = self._row(
            book, place, period, Layer.SUPERVISION, status, at, created_by=team[0], submitted_by=team[0],
            reviewed_by=reviewer, created_at=planned_at,
        )  # fmt: skip
        authors = {area.key: team[number % len(team)] for number, area in enumerate(engine_instrument(book.row).areas)}
        given = {} if is_planned else _part(answers, draw, is_draft)
        return _Plan(row, status, given, authors, at, visit, team)

    @staticmethod
    def _row(
        book: _Book,
        place: Place,
        period: Period,
        layer: str,
        status: str,
        at: datetime.datetime,
        *,
        created_by: User,
        submitted_by: User,
        reviewed_by: User | None = None,
        created_at: datetime.datetime | None = None,
    ) -> Checklist:
        """Return the row, a draft still; the moments of the steps that it has gone are on it."""
        passed, is_self = _STATES.index(ChecklistStatus(status)), layer == Layer.SELF
        return Checklist(
            unit=place.unit, period=period, instrument=book.row, layer=layer, status=ChecklistStatus.DRAFT,
            created_by=created_by, created_at=created_at or at,
            submitted_at=at + 5 * _HOUR if passed >= 1 else None, submitted_by=submitted_by if passed >= 1 else None,
            reviewed_at=at + _DAY if passed >= 2 and not is_self else None,
            reviewed_by=reviewed_by if passed >= 2 and not is_self else None,
            disclosed_at=at + 2 * _DAY if passed >= 3 and not is_self else None,
            final_at=at + 4 * _DAY if passed >= 4 else None,
        )  # fmt: skip

    # --- rows ------------------------------------------------------------------------------------------

    def _rows(self, plans: Iterable[_Plan]) -> Iterator[tuple[_Plan, int, str, int, str | None, Any, Any]]:
        """Yield plan, number of the row, item, its number, card as text, author and moment; None where unanswered."""
        for plan in plans:
            book = self.station if plan.row.instrument_id == self.station.row.pk else self.lke
            checked = "site" if plan.visit is not None else "paper"
            moment = plan.at
            for item in engine_instrument(book.row).items:
                number, self._answer_id = self._answer_id, self._answer_id + 1
                raw = plan.answers.get(item.code)
                if raw is None:
                    yield plan, number, item.code, book.items[item.code], None, None, None
                    continue
                moment += datetime.timedelta(seconds=70)
                key = (item.code, repr(raw), checked)
                if key not in book.cards:
                    card = Card(
                        parse_answers(engine_instrument(book.row), {item.code: raw})[item.code].raw, "", checked
                    )
                    book.cards[key] = canonical(card.as_value())
                author = plan.authors.get(item.area_key) or plan.authors[""]
                yield plan, number, item.code, book.items[item.code], book.cards[key], author.pk, moment

    def _answer_rows(self, plans: Iterable[_Plan]) -> Iterator[tuple[Any, ...]]:
        for plan, number, _, item, card, author, moment in self._rows(plans):
            is_given = card is not None
            yield number, plan.row.pk, item, int(is_given), card or _EMPTY, is_given, False, True, author, moment

    def _revision_rows(self, plans: Iterable[_Plan]) -> Iterator[tuple[Any, ...]]:
        draw = self.nation.chance("uuid", self._answer_id)
        for plan, number, code, _, card, author, moment in self._rows(plans):
            if card is None:
                continue
            key, self._revision_id = self._revision_id, self._revision_id + 1
            said = hash_of_payload(plan.row.pk, code, author, card)
            unique = uuid.UUID(int=draw.getrandbits(128), version=4)
            yield (
                key, unique, number, plan.row.pk, said, card, author, 0, 1, RevisionOutcome.ACCEPTED, _EMPTY, moment,
            )  # fmt: skip

    # --- states ----------------------------------------------------------------------------------------

    def _move_on(self, plans: list[_Plan]) -> None:
        """Bring the sheets to their states; those that are final are hashed and get their code."""
        codes = []
        for plan in plans:
            plan.row.status = plan.status
            if plan.status == ChecklistStatus.FINAL:
                engine = engine_instrument(plan.row.instrument)
                values = parse_answers(engine, plan.answers)
                cards = {code: self._value(value.raw, plan) for code, value in values.items()}
                plan.row.content_hash = hash_of(plan.row, sorted(cards.items()), [], score_values(engine, values))
                codes.append(code_of(plan.row, plan.row.content_hash))
        moved = [plan.row for plan in plans if plan.status != ChecklistStatus.DRAFT]
        for start in range(0, len(moved), _CHUNK):
            Checklist.objects.bulk_update(moved[start : start + _CHUNK], ["status", "content_hash"])
        VerificationCode.objects.bulk_create(codes, _CHUNK)

    @staticmethod
    def _value(raw: Any, plan: _Plan) -> dict[str, Any]:
        return Card(raw, "", "site" if plan.visit is not None else "paper").as_value()


def _part(answers: dict[str, Any], draw: random.Random, is_begun: bool) -> dict[str, Any]:
    """Return the answers of a sheet under way: the first ones only."""
    if not is_begun:
        return answers
    return dict(itertools.islice(answers.items(), int(len(answers) * draw.uniform(0.1, 0.9))))


def _state(draw: random.Random, *, is_over: bool, is_visit: bool = True) -> str | None:
    """Return how far a sheet has come; None for a unit that was not visited."""
    if is_over:
        return None if is_visit and draw.random() < 0.01 else ChecklistStatus.FINAL
    states = (None if is_visit else ChecklistStatus.DRAFT, *_STATES)
    return draw.choices(states, weights=(4, 8, 14, 14, 14, 46))[0]


def close_earlier(nation: Nation) -> list[Period]:
    """Close what is over, as its admin does; its results are frozen once they are counted."""
    over = [*nation.quarters[1:], *nation.years[1:]]
    by = nation.root.people["admin"]
    Period.objects.filter(pk__in=[period.pk for period in over]).update(closed_at=timezone.now(), closed_by=by)
    return over
