"""Which station next: each proposed with its reasons in figures, read from stored rows.

The weights stand in docs/penilaian.md and on the page itself. They order a list; they are no score of a station.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import Coalesce, RowNumber

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import AnswerEvidence, Finding, Instrument, Layer, UnitScore, Visit, VisitStatus
from supervisi.models.visits import OPEN_STATUSES
from supervisi.pages.dashboard_data import OVERSEERS, POLSEK
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.models import Unit, UnitKind, UnitQuerySet, User

_MOST = 20
# A gate that is at most this far away counts, the more the nearer; so many points for each point of score.
GATE_REACH, GATE_WEIGHT = 5, 4
UNRATED = 10
DAYS_PER_POINT, MOST_FOR_DAYS = 10, 20
LATE_WEIGHT, MOST_FOR_LATE = 3, 15
EVIDENCE_WEIGHT, MOST_FOR_EVIDENCE, EVIDENCE_DAYS = 2, 10, 30


@dataclass(frozen=True)
class Reason:
    """One reason in words and figures, with what it adds."""

    text: str
    points: int


@dataclass(frozen=True)
class Proposal:
    """A station with its reasons, the weightiest first."""

    unit: Unit
    reasons: tuple[Reason, ...]
    points: int
    can_plan: bool


@dataclass(frozen=True)
class NextVisits:
    """The proposals, and what they were chosen from."""

    proposals: tuple[Proposal, ...]
    stations: int
    # Stations that a visit is planned to or under way at.
    scheduled: int
    today: datetime.date

    @property
    def left(self) -> int:
        """Stations without a visit that the list leaves out."""
        return self.stations - self.scheduled - len(self.proposals)


@dataclass(frozen=True)
class _Facts:
    """What is stored of all stations, by unit."""

    scores: dict[int, tuple[Fraction, int, str]]
    gates: dict[int, list[tuple[Fraction, str]]]
    seen: dict[int, datetime.date]
    scheduled: frozenset[int]
    late: dict[int, int]
    evidence: dict[int, tuple[int, int]]


def oversees_stations(user: User) -> bool:
    """Tell whether stations below belong to what the person oversees."""
    postings = user.scope.postings
    return any(posting.role in OVERSEERS and posting.unit.kind != UnitKind.POLSEK for posting in postings)


def read_next_visits(viewer: User, *, today: datetime.date, search: str = "", most: int | None = _MOST) -> NextVisits:
    """Rank the stations that the viewer oversees, in a fixed number of queries (seven)."""
    units = list(_stations(viewer, today).below_named(search))
    facts = _read_facts(units, today)
    free = [unit for unit in units if unit.pk not in facts.scheduled]
    ranked = sorted(
        ((_reasons(unit, facts, today), unit) for unit in free),
        key=lambda entry: (-sum(reason.points for reason in entry[0]), entry[1].name, entry[1].pk),
    )
    proposals = tuple(
        Proposal(
            unit=unit,
            reasons=tuple(sorted(reasons, key=lambda reason: -reason.points)),
            points=sum(reason.points for reason in reasons),
            can_plan=access.posting_to_plan(viewer, unit) is not None,
        )
        for reasons, unit in ranked[:most]
    )
    return NextVisits(proposals, len(units), len(units) - len(free), today)


def _stations(viewer: User, today: datetime.date) -> UnitQuerySet:
    units: UnitQuerySet = Unit.objects.active_on(today).filter(
        viewer.scope.overseen_units("path"), kind=UnitKind.POLSEK
    )
    return units


# --- facts ------------------------------------------------------------------------------------------------


def _read_facts(units: list[Unit], today: datetime.date) -> _Facts:
    ids = [unit.pk for unit in units]
    visits = list(
        Visit.objects.filter(unit__in=ids)
        .order_by()
        .values("unit_id")
        .annotate(
            seen=Max(Coalesce("ends_on", "starts_on"), filter=Q(status__in=[VisitStatus.DONE, VisitStatus.ONGOING])),
            ahead=Count("pk", filter=Q(status__in=OPEN_STATUSES)),
        )
    )
    late = Finding.objects.owed().filter(unit__in=ids, due_on__lt=today)
    return _Facts(
        scores=_scores(ids, today),
        gates=_gates(),
        seen={row["unit_id"]: row["seen"] for row in visits if row["seen"] is not None},
        scheduled=frozenset(row["unit_id"] for row in visits if row["ahead"]),
        late=dict(late.order_by().values_list("unit_id").annotate(count=Count("pk"))),
        evidence=_evidence(ids, today),
    )


def _scores(ids: list[int], today: datetime.date) -> dict[int, tuple[Fraction, int, str]]:
    """Return the stored supervision score of each station's latest period that has one."""
    rows = (
        UnitScore.objects.filter(
            unit__in=ids,
            layer=Layer.SUPERVISION,
            instrument__code=POLSEK,
            counting__isnull=False,
            period__first_day__lte=today,
        )
        .annotate(
            place=Window(
                RowNumber(), partition_by=[F("unit_id")], order_by=[F("period__last_day").desc(), F("pk").desc()]
            )
        )
        .filter(place=1)
        .order_by()
        .values_list("unit_id", "score_sum", "instrument_id", "period__name")
    )
    return {unit: (from_units(score), instrument, period) for unit, score, instrument, period in rows}


def _gates() -> dict[int, list[tuple[Fraction, str]]]:
    """Return the totals that the instrument's predicates ask for, the lowest first, by instrument."""
    found = {}
    for row in Instrument.objects.filter(code=POLSEK).only("sha256"):
        rules = engine_instrument(row).predicates
        found[row.pk] = sorted((rule.gates[0].required, rule.label) for rule in rules)
    return found


def _evidence(ids: list[int], today: datetime.date) -> dict[int, tuple[int, int]]:
    """Count the evidence that holds now and has expired, or expires within thirty days."""
    until = today + datetime.timedelta(days=EVIDENCE_DAYS)
    rows = (
        AnswerEvidence.objects.attached()
        .filter(evidence__unit__in=ids, evidence__is_current=True, evidence__valid_until__lte=until)
        .order_by()
        .values_list("evidence__unit_id")
        .annotate(
            gone=Count("evidence", distinct=True, filter=Q(evidence__valid_until__lt=today)),
            soon=Count("evidence", distinct=True, filter=Q(evidence__valid_until__gte=today)),
        )
    )
    return {unit: (gone, soon) for unit, gone, soon in rows}


# --- reasons ----------------------------------------------------------------------------------------------


def _reasons(unit: Unit, facts: _Facts, today: datetime.date) -> list[Reason]:
    found: Iterable[Reason | None] = (
        _of_gate(unit, facts),
        _of_days(facts.seen.get(unit.pk), today),
        _of_late(facts.late.get(unit.pk, 0)),
        _of_evidence(*facts.evidence.get(unit.pk, (0, 0))),
    )
    return [reason for reason in found if reason is not None]


def _of_gate(unit: Unit, facts: _Facts) -> Reason | None:
    if unit.pk not in facts.scores:
        return Reason("belum punya nilai supervisi", UNRATED)
    score, instrument, period = facts.scores[unit.pk]
    ahead = next(((required, label) for required, label in facts.gates[instrument] if required > score), None)
    if ahead is None:
        return None
    distance = ahead[0] - score
    points = math.floor((GATE_REACH - distance) * GATE_WEIGHT + Fraction(1, 2)) if distance < GATE_REACH else 0
    return Reason(f"{_distance(distance)} poin lagi ke ambang {ahead[1]} ({period})", points)


def _distance(distance: Fraction) -> str:
    """Write a distance above nothing with as many places as show it."""
    return next((text for places in range(2, 11) if (text := shown(distance, places=places)).strip("0,")), "0")


def _of_days(seen: datetime.date | None, today: datetime.date) -> Reason:
    if seen is None:
        return Reason("belum pernah dikunjungi", MOST_FOR_DAYS)
    days = max(0, (today - seen).days)
    return Reason(f"{days} hari sejak kunjungan terakhir", min(MOST_FOR_DAYS, days // DAYS_PER_POINT))


def _of_late(count: int) -> Reason | None:
    return Reason(f"{count} temuan lewat tenggat", min(MOST_FOR_LATE, LATE_WEIGHT * count)) if count else None


def _of_evidence(gone: int, soon: int) -> Reason | None:
    words = [f"{gone} bukti sudah kedaluwarsa"] if gone else []
    words += [f"{soon} bukti kedaluwarsa dalam {EVIDENCE_DAYS} hari"] if soon else []
    return Reason(", ".join(words), min(MOST_FOR_EVIDENCE, EVIDENCE_WEIGHT * (gone + soon))) if words else None
