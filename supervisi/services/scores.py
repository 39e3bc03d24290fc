"""Stored results: of a sheet, of a unit, rolled up level by level (design.md, "How a score comes about", 2)."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    AnswerRevision,
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    Instrument,
    Layer,
    Period,
    Scope,
    UnitScore,
    VisitStatus,
)
from supervisi.models.checklists import COUNTING_ORDER
from supervisi.rollup_key import KIND, RollupKey
from supervisi.scoring.engine import SheetScore, score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import TOTAL
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.rounding import to_units
from supervisi.services.checklists import stored_answers
from wbbm.jobs import services as jobs
from wbbm.jobs.services import Claim
from wbbm.organisasi.models import Unit

# Layers in which an instrument is filled in; a unit's keys are these.
LAYERS = tuple(Layer.values)


# --- one sheet ----------------------------------------------------------------------------------------


def compute_checklist_score(checklist: Checklist) -> ChecklistScore:
    """Score a sheet from its answers and store the result.

    Scores are rounded once, half up, to 10⁻¹⁰; gates are decided on the exact fractions.
    """
    # The newest revision first: a save in between leaves the row behind, and its own mark brings us back.
    newest = AnswerRevision.objects.filter(checklist=checklist).aggregate(last=Max("pk"))["last"] or 0
    instrument = engine_instrument(checklist.instrument)
    score = score_sheet(instrument, stored_answers(checklist))
    due = Answer.objects.filter(checklist=checklist, is_due=True).count()
    answered = Answer.objects.filter(checklist=checklist, is_due=True, is_answered=True).count()
    row, _ = ChecklistScore.objects.update_or_create(
        checklist=checklist,
        defaults=_score_fields(instrument, score)
        | {"answered": answered, "due": due, "last_revision": newest, "computed_at": timezone.now()},
    )
    return row


def _score_fields(instrument: EngineInstrument, score: SheetScore) -> dict[str, Any]:
    return {
        "complete": to_units(score.complete[TOTAL]),
        "provisional": to_units(score.provisional[TOTAL]),
        "areas": {
            area.key: [
                to_units(area.complete), to_units(area.provisional), to_units(area.weight), area.answered, area.total
            ]
            for area in score.areas
        },
        "nodes": {code: to_units(value) for code, value in score.complete.items() if code != TOTAL},
        "predicates": predicates_as_stored(instrument, score),
        "unanswered": list(score.unanswered),
        "unanswerable": list(score.unanswerable),
    }  # fmt: skip


def predicates_as_stored(instrument: EngineInstrument, score: SheetScore) -> dict[str, Any]:
    """Return every predicate with its gates, decided exactly, numbers in 10⁻¹⁰."""
    return {
        result.code: {
            "label": result.label,
            "passed": result.passed,
            "gates": [
                {
                    "code": gate.code,
                    "label": gate.label,
                    "measure": gate.measure,
                    "required": to_units(gate.required),
                    "actual": to_units(gate.actual),
                    "distance": to_units(gate.distance),
                    "passed": gate.passed,
                }
                for gate in result.gates
            ],
        }
        for result in judge(instrument, score)
    }


def _refresh_sheets(key: RollupKey) -> list[Checklist]:
    """Score the key's sheets that are behind; final ones stay as they were frozen."""
    sheets = list(
        Checklist.objects.filter(
            unit_id=key.unit_id, period_id=key.period_id, instrument_id=key.instrument_id, layer=key.layer
        )
        .select_related("instrument", "visit", "score", "unit", "period")
        .annotate(newest=Max("revisions__pk"))
    )
    for sheet in sheets:
        stored = getattr(sheet, "score", None)
        is_behind = stored is None or stored.last_revision < (sheet.newest or 0)
        if is_behind and (stored is None or sheet.status != ChecklistStatus.FINAL):
            compute_checklist_score(sheet)
            sheet.refresh_from_db(fields=["status"])
    fresh = Checklist.objects.filter(pk__in=[sheet.pk for sheet in sheets])
    return list(fresh.select_related("instrument", "visit", "score"))


def choose_counting(sheets: list[Checklist]) -> Checklist | None:
    """Return the counting sheet: furthest in state, then of the latest visit day, then of the highest id."""
    candidates = [sheet for sheet in sheets if sheet.scope == Scope.FULL and sheet.status in COUNTING_ORDER]

    def rank(sheet: Checklist) -> tuple[int, datetime.date, int]:
        day = sheet.visit.last_day if sheet.visit else datetime.date.min
        return COUNTING_ORDER.index(ChecklistStatus(sheet.status)), day, sheet.pk

    return max(candidates, key=rank, default=None)


# --- one unit -----------------------------------------------------------------------------------------


@dataclass
class Result:
    """What a unit's row holds: own counting sheet, and sums over its subtree."""

    counting_id: int | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    units_due: int = 0
    units_submitted: int = 0
    score_sum: int = 0
    areas: dict[str, int] = field(default_factory=dict)
    lowest: int | None = None
    lowest_unit_id: int | None = None
    verdicts: dict[str, int] = field(default_factory=dict)
    sheets_begun: int = 0
    items_answered: int = 0
    items_due: int = 0

    def add_own(self, unit_id: int, score: ChecklistScore) -> None:
        """Count the unit's own counting sheet."""
        self.units_submitted += 1
        self.score_sum += score.complete
        for key, values in score.areas.items():
            self.areas[key] = self.areas.get(key, 0) + values[0]
        for code, predicate in score.predicates.items():
            self.verdicts[code] = self.verdicts.get(code, 0) + int(predicate["passed"])
        self._lower(score.complete, unit_id)

    def add_child(self, row: UnitScore) -> None:
        """Add what a unit below has rolled up."""
        self.units_submitted += row.units_submitted
        self.score_sum += row.score_sum
        for key, value in row.areas.items():
            self.areas[key] = self.areas.get(key, 0) + value
        for code, count in row.verdicts.items():
            self.verdicts[code] = self.verdicts.get(code, 0) + count
        self.sheets_begun += row.sheets_begun
        self.items_answered += row.items_answered
        self.items_due += row.items_due
        if row.lowest is not None:
            self._lower(row.lowest, row.lowest_unit_id)

    def _lower(self, score: int, unit_id: int | None) -> None:
        # Two equal lowest: the smaller id, so that the order of adding doesn't matter.
        if self.lowest is None or (score, unit_id or 0) < (self.lowest, self.lowest_unit_id or 0):
            self.lowest, self.lowest_unit_id = score, unit_id


def compute_result(key: RollupKey) -> Result:
    """Compute a unit's row from its sheets and the rows of its children; reads only, but for sheets behind."""
    unit = Unit.objects.get(pk=key.unit_id)
    instrument = Instrument.objects.get(pk=key.instrument_id)
    period = Period.objects.get(pk=key.period_id)
    sheets = _refresh_sheets(key)
    counting = choose_counting(sheets)
    result = Result(units_due=count_due(unit, period, instrument))
    if counting is not None:
        result.counting_id = counting.pk
        result.changes = changes_since_last(counting, unit, period, instrument, key.layer)
        result.add_own(unit.pk, counting.score)
    for sheet in sheets:
        cancelled = sheet.visit is not None and sheet.visit.status == VisitStatus.CANCELLED
        if sheet.status == ChecklistStatus.DRAFT and sheet.scope == Scope.FULL and not cancelled:
            result.sheets_begun += int(sheet.score.answered > 0)
            result.items_answered += sheet.score.answered
            result.items_due += sheet.score.due
    children = UnitScore.objects.of(period=period, instrument=instrument, layer=key.layer)
    for row in children.filter(unit__path__startswith=unit.path, unit__depth=unit.depth + 1).order_by("unit_id"):
        result.add_child(row)
    return result


def reference_day(period: Period, unit: Unit) -> datetime.date:
    """Return the day on which units owe a sheet: the period's last one, until then today at the unit."""
    today = timezone.now().astimezone(zoneinfo.ZoneInfo(unit.time_zone)).date()
    return min(period.last_day, today)


def count_due(unit: Unit, period: Period, instrument: Instrument) -> int:
    """Count the owing units of the subtree, the unit itself included."""
    owing = Unit.objects.under(unit).filter(kind__in=instrument.unit_kinds)
    return int(owing.active_on(reference_day(period, unit)).count())


def period_before(period: Period, unit: Unit) -> Period | None:
    """Return the period of the same kind before this one that holds for the unit."""
    earlier = Period.objects.holding_for(unit).filter(kind=period.kind, last_day__lt=period.first_day)
    return earlier.order_by("-last_day").first()


def period_after(period: Period, unit: Unit) -> Period | None:
    """Return the next period of the same kind that holds for the unit."""
    later = Period.objects.holding_for(unit).filter(kind=period.kind, first_day__gt=period.last_day)
    return later.order_by("first_day").first()


def changes_since_last(
    counting: Checklist, unit: Unit, period: Period, instrument: Instrument, layer: str
) -> list[dict[str, Any]]:
    """Compare the counting sheet with that of the period before, item by item; what fell most comes first."""
    before = period_before(period, unit)
    if before is None:
        return []
    row = UnitScore.objects.of(period=before, instrument=instrument, layer=layer).filter(unit=unit).first()
    if row is None or row.counting_id is None:
        return []
    earlier = Checklist.objects.select_related("instrument").get(pk=row.counting_id)
    return compare_sheets(earlier, counting)


def compare_sheets(earlier: Checklist, later: Checklist) -> list[dict[str, Any]]:
    """List the items whose value differs, with the points that it moved; items without a value in both are left out."""
    engine = engine_instrument(later.instrument)
    old = score_sheet(engine, _known_answers(earlier, engine))
    new_answers = _known_answers(later, engine)
    new = score_sheet(engine, new_answers)
    found = []
    for item in engine.items:
        was, is_now = old.item_values[item.code], new.item_values[item.code]
        if was is None or is_now is None or was == is_now:
            continue
        points = (is_now - was) * _share(engine, new, item.code)
        found.append(
            {
                "item": item.code,
                "question": item.question,
                "before": to_units(was),
                "after": to_units(is_now),
                "points": to_units(points),
            }
        )
    return sorted(found, key=lambda change: (change["points"], change["item"]))


def _known_answers(checklist: Checklist, engine: EngineInstrument) -> dict[str, Any]:
    return {code: raw for code, raw in stored_answers(checklist).items() if engine.has_item(code)}


def _share(engine: EngineInstrument, score: SheetScore, code: str) -> Fraction:
    """Return the points that a full value of the item is worth on this sheet."""
    item = engine.item(code)
    if item.weight is not None:
        return item.weight
    node = engine.node(item.node_code)
    counting = [entry for entry in node.items if entry.code not in score.unanswerable]
    return node.weight / len(counting) if counting else Fraction()


# --- the job --------------------------------------------------------------------------------------------


def roll_up(claim: Claim) -> None:
    """Bring one unit's row up to date and want the row above; see RollupKey.

    The row is written, the claim completed and the key above raised in one transaction, so that a worker that dies in
    between leaves either nothing or all of it.
    """
    key = RollupKey.parse(claim.key)
    if not _still_exists(key):
        claim.complete()
        return
    result = compute_result(key)
    unit = Unit.objects.get(pk=key.unit_id)
    period = Period.objects.select_related("unit").get(pk=key.period_id)
    with transaction.atomic():
        claim.complete()
        moved = write_result(key, result)
        want_above(key, unit, period)
        if moved:
            _want_next_period(key, unit, period)


def _still_exists(key: RollupKey) -> bool:
    return (
        Unit.objects.filter(pk=key.unit_id).exists()
        and Period.objects.filter(pk=key.period_id).exists()
        and Instrument.objects.filter(pk=key.instrument_id).exists()
    )


def write_result(key: RollupKey, result: Result) -> bool:
    """Store a unit's row; tell whether its counting sheet moved or changed its state's score."""
    before = UnitScore.objects.filter(
        unit_id=key.unit_id, period_id=key.period_id, instrument_id=key.instrument_id, layer=key.layer
    ).first()
    UnitScore.objects.update_or_create(
        unit_id=key.unit_id,
        period_id=key.period_id,
        instrument_id=key.instrument_id,
        layer=key.layer,
        defaults=vars(result) | {"computed_at": timezone.now()},
    )
    return before is None or (before.counting_id, before.score_sum) != (result.counting_id, result.score_sum)


def want_above(key: RollupKey, unit: Unit, period: Period) -> None:
    """Raise the key of the unit above, up to the unit that owns the period and no further."""
    if unit.path == period.unit.path or not unit.is_strictly_under(period.unit.path):
        return
    above = Unit.objects.filter(path=unit.parent_path).values_list("pk", flat=True).first()
    if above is not None:
        jobs.request(KIND, str(RollupKey(above, key.period_id, key.instrument_id, key.layer)))


def _want_next_period(key: RollupKey, unit: Unit, period: Period) -> None:
    """Raise the next period's key of the same unit: what fell and rose there is told against this one."""
    later = period_after(period, unit)
    if later is None:
        return
    following = RollupKey(key.unit_id, later.pk, key.instrument_id, key.layer)
    exists = UnitScore.objects.filter(
        unit_id=key.unit_id, period=later, instrument_id=key.instrument_id, layer=key.layer, counting__isnull=False
    ).exists()
    if exists:
        jobs.request(KIND, str(following))


def want_unit_anew(unit: Unit) -> None:
    """Raise the unit's keys in every open period: who owes a sheet has changed."""
    keys = []
    for period in Period.objects.holding_for(unit).open():
        for instrument in Instrument.objects.current().filter(period_kind=period.kind):
            keys += [str(RollupKey(unit.pk, period.pk, instrument.pk, layer)) for layer in LAYERS]
    jobs.request_many(KIND, keys)
