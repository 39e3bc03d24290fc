"""Stored results: of a sheet, of a unit, rolled up level by level (docs/arsitektur.md, "Hitung")."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
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
from supervisi.rollup_key import KIND, RollupKey
from supervisi.scoring.engine import SheetScore, score_sheet
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import TOTAL
from supervisi.services.changes import changes_since_last, period_after
from supervisi.services.counting import choose_counting
from supervisi.services.layers import renew_comparison
from supervisi.services.stakes import refresh_stakes
from supervisi.services.trees import tree_of
from wbbm.jobs import services as jobs
from wbbm.jobs.services import Claim
from wbbm.organisasi.models import Unit

# Layers in which an instrument is filled in; a unit's keys are these.
LAYERS = tuple(Layer.values)


# --- one sheet ----------------------------------------------------------------------------------------


def compute_checklist_score(checklist: Checklist) -> ChecklistScore:
    """Score a sheet from its answers and store the result, unless a newer one is stored already."""
    fields = score_fields(checklist) | {"computed_at": timezone.now()}
    row, is_new = ChecklistScore.objects.get_or_create(checklist=checklist, defaults=fields)
    if not is_new:
        # A worker that was overtaken after reading must not put its older figures over newer ones.
        ChecklistScore.objects.filter(pk=row.pk, saves__lte=fields["saves"]).update(**fields)
        row.refresh_from_db()
    return row


def score_fields(checklist: Checklist) -> dict[str, Any]:
    """Return what a sheet's row holds, computed from its answers as one query sees them.

    Scores are rounded once, half up, to 10⁻¹⁰; gates are decided on the exact fractions.
    """
    rows = list(
        Answer.objects.filter(checklist=checklist).values_list(
            "item__code", "value", "version", "is_answered", "is_due", "needs_review"
        )
    )
    instrument = engine_instrument(checklist.instrument)
    reviewed = {code: value.get("answer") for code, value, version, _, _, waits in rows if version and not waits}
    due = [is_answered for _, _, _, is_answered, is_due, _ in rows if is_due]
    return sheet_fields(checklist.scope, score_sheet(instrument, reviewed)) | {
        "answered": sum(due),
        "due": len(due),
        "saves": sum(version for _, _, version, _, _, _ in rows),
    }


def sheet_fields(scope: str, score: SheetScore) -> dict[str, Any]:
    """Return a score in its stored form: rounded once, gates as decided."""
    instrument = score.instrument
    complete, provisional = score.complete_points, score.provisional_points
    nodes = score.nodes_as_stored()
    total = nodes.pop(TOTAL)
    areas = {}
    for area in instrument.areas:
        points = score.sum_of(complete, area.nodes)
        stored = score.as_stored(points)
        areas[area.key] = [
            stored,
            stored if provisional is complete else score.as_stored(score.sum_of(provisional, area.nodes)),
            instrument.stored_area_weights[area.key],
            score.answered_in[area.key],
            instrument.area_sizes[area.key],
        ]
    return {
        "complete": total,
        "provisional": score.as_stored(provisional[TOTAL]),
        "areas": areas,
        "nodes": nodes,
        # Of a sample only a part was looked at: it has no predicate.
        "predicates": {}
        if scope == Scope.SAMPLE
        else {result.code: result.as_stored() for result in judge(instrument, score)},
        "unanswered": list(score.unanswered),
        "unanswerable": list(score.unanswerable),
    }


def _refresh_sheets(key: RollupKey) -> list[Checklist]:
    """Score the key's sheets that are behind their answers.

    Versions are counted, not compared by number of revision: a save with a lower number may commit after one with a
    higher number. A final sheet got its row together with its hash; that row never changes.
    """
    rows = Checklist.objects.filter(**vars(key)).with_frame().select_related("score")
    sheets: list[Checklist] = list(rows.annotate(saves=Sum("answers__version", default=0)))
    behind = [sheet for sheet in sheets if _is_behind(sheet, vars(sheet)["saves"])]
    for sheet in behind:
        compute_checklist_score(sheet)
        refresh_stakes(sheet)
    return list(rows.filter(score__isnull=False)) if behind else sheets


def _is_behind(sheet: Checklist, saves: int) -> bool:
    if not hasattr(sheet, "score"):
        return True
    return not sheet.content_hash and sheet.score.saves != saves


# --- one unit -----------------------------------------------------------------------------------------


class Scored(NamedTuple):
    """What of a sheet's result is rolled up."""

    complete: int
    areas: dict[str, list[int]]
    predicates: dict[str, Any]


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

    def add_own(self, unit_id: int, score: ChecklistScore | Scored) -> None:
        """Count the unit's own counting sheet."""
        self.units_submitted += 1
        self.score_sum += score.complete
        for key, values in score.areas.items():
            self.areas[key] = self.areas.get(key, 0) + values[0]
        for code, predicate in score.predicates.items():
            self.verdicts[code] = self.verdicts.get(code, 0) + int(predicate["passed"])
        self._lower(score.complete, unit_id)

    def add_child(self, row: UnitScore | Result) -> None:
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


@dataclass(frozen=True)
class Subject:
    """What a key names, loaded."""

    key: RollupKey
    unit: Unit
    period: Period
    instrument: Instrument


def load_subject(key: RollupKey) -> Subject | None:
    """Load what a key names; None when some of it is gone."""
    unit = Unit.objects.filter(pk=key.unit_id).first()
    period = Period.objects.select_related("unit").filter(pk=key.period_id).first()
    instrument = Instrument.objects.defer("definition").filter(pk=key.instrument_id).first()
    if unit is None or period is None or instrument is None:
        return None
    return Subject(key, unit, period, instrument)


def compute_result(subject: Subject) -> Result:
    """Compute a unit's row from its sheets and the rows of its children; reads only, but for sheets behind."""
    key, unit, period, instrument = subject.key, subject.unit, subject.period, subject.instrument
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
    for row in children.filter(tree_of(period).rows_below(unit)).order_by("unit_id"):
        result.add_child(row)
    return result


def reference_day(period: Period, unit: Unit) -> datetime.date:
    """Return the day on which units owe a sheet: the period's last one, until then today at the unit."""
    today = timezone.now().astimezone(zoneinfo.ZoneInfo(unit.time_zone)).date()
    return min(period.last_day, today)


def count_due(unit: Unit, period: Period, instrument: Instrument) -> int:
    """Count the owing units of the subtree, the unit itself included."""
    owing = tree_of(period).units_under(unit).filter(kind__in=instrument.unit_kinds)
    return int(owing.active_on(reference_day(period, unit)).count())


# --- the job --------------------------------------------------------------------------------------------


def roll_up(claim: Claim) -> None:
    """Bring one unit's row up to date and want the row above; see RollupKey.

    The row is written, the claim completed and the key above raised in one transaction, so that a worker that dies in
    between leaves either nothing or all of it.
    """
    subject = load_subject(RollupKey.parse(claim.key))
    if subject is None:
        claim.complete()
        return
    if subject.period.is_settled:
        # The sheet itself may still go on; the results of a closed period never change again.
        _refresh_sheets(subject.key)
        return
    result = compute_result(subject)
    with transaction.atomic():
        is_settled = hold_period(subject.period)
        claim.complete()
        if is_settled:
            return
        moved = write_result(subject.key, result)
        renew_comparison(subject.unit, subject.period, subject.instrument)
        keys = _keys_above(subject)
        if moved:
            keys += _keys_of_next_period(subject)
        jobs.request_many(KIND, map(str, keys))


def hold_period(period: Period) -> bool:
    """Keep the period as it is until the transaction ends, and tell whether its results are frozen.

    Held before the job is, as whoever takes a closing back does. On PostgreSQL its row is share-locked: roll-ups don't
    wait for each other, freezing waits for them all. SQLite has one writer, and this is it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT settled_at FROM supervisi_period WHERE id = %s FOR SHARE", [period.pk])
            row = cursor.fetchone()
    else:
        row = Period.objects.filter(pk=period.pk).values_list("settled_at").first()
    return row is None or row[0] is not None


def write_result(key: RollupKey, result: Result) -> bool:
    """Store a unit's row; tell whether its counting sheet or its score moved. The caller holds the key."""
    rows, fields = UnitScore.objects.filter(**vars(key)), vars(result) | {"computed_at": timezone.now()}
    before = rows.only("counting_id", "score_sum").first()
    if before is None:
        UnitScore.objects.create(**vars(key), **fields)
    else:
        rows.update(**fields)
    return before is None or (before.counting_id, before.score_sum) != (result.counting_id, result.score_sum)


def _keys_above(subject: Subject) -> list[RollupKey]:
    """Return the key of the unit above, up to the unit that owns the period and no further."""
    return [replace(subject.key, unit_id=pk) for pk in tree_of(subject.period).above(subject.unit)]


def _keys_of_next_period(subject: Subject) -> list[RollupKey]:
    """Return the unit's keys in the next period: what fell and rose there is told against this one."""
    later = period_after(subject.period, subject.unit)
    if later is None:
        return []
    rows = UnitScore.objects.filter(
        unit=subject.unit, period=later, instrument__code=subject.instrument.code, layer=subject.key.layer
    )
    following = rows.filter(counting__isnull=False).values_list("instrument_id", flat=True)
    return [replace(subject.key, period_id=later.pk, instrument_id=pk) for pk in following]


def want_unit_anew(unit: Unit) -> None:
    """Raise the keys that a unit's coming, going or moving concerns: who owes a sheet has changed.

    In open periods all of the unit's, and whatever is stored for it or for the unit above, of any period not settled.
    """
    keys = set()
    for period in Period.objects.holding_for(unit).open():
        used = Instrument.objects.in_use_on(period.first_day).filter(period_kind=period.kind)
        for instrument in used.values_list("pk", flat=True):
            keys |= {RollupKey(unit.pk, period.pk, instrument, layer) for layer in LAYERS}
    stored = UnitScore.objects.filter(unit__path__in=[unit.path, unit.parent_path], period__settled_at__isnull=True)
    keys |= {RollupKey(*row) for row in stored.values_list("unit_id", "period_id", "instrument_id", "layer")}
    jobs.request_many(KIND, map(str, keys))
