"""One period computed from its answers in bulk: every sheet, comparison of layers and roll-up, by the one engine.

It gives what the jobs give one by one (services/scores.py); the tests hold one against the other.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    Instrument,
    LayerComparison,
    Period,
    Scope,
    UnitScore,
    VisitStatus,
)
from supervisi.rollup_key import RollupKey
from supervisi.scoring.answers import AnswerValue
from supervisi.scoring.engine import SheetScore, parse_answers, score_values
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.services.answer_sums import NOTHING, SheetAnswers, read_sheets
from supervisi.services.changes import compare_scores, renamed, successors
from supervisi.services.counting import choose_counting
from supervisi.services.layers import choose_layers, compared
from supervisi.services.period_tree import PeriodTree
from supervisi.services.reading_ahead import read_ahead
from supervisi.services.scores import Result, Scored, sheet_fields

# Sheets read and scored together; those of one unit and instrument never apart.
_CHUNK = 600

SHEET_FIELDS = (
    "complete", "provisional", "areas", "nodes", "predicates", "answered", "due", "unanswered", "unanswerable",
)  # fmt: skip
UNIT_FIELDS = (
    "counting_id", "changes", "units_due", "units_submitted", "score_sum", "areas", "lowest", "lowest_unit_id",
    "verdicts", "sheets_begun", "items_answered", "items_due",
)  # fmt: skip
LAYER_FIELDS = ("claim_id", "seen_id", "areas", "upheld", "verified", "estimate")


@dataclass(frozen=True)
class _Visit:
    last_day: datetime.date
    status: str


@dataclass
class SheetRow:
    """A sheet as far as it is counted, and its result."""

    pk: int
    unit_id: int
    instrument_id: int
    layer: str
    scope: str
    status: str
    visit: _Visit | None = None
    held: SheetAnswers = NOTHING
    score: SheetScore | None = None
    stored: dict[str, Any] | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def is_frozen(self) -> bool:
        """Tell whether the stored result never changes again."""
        return self.stored is not None and self.status == ChecklistStatus.FINAL

    @property
    def result(self) -> Scored:
        """The result that is rolled up: of a final sheet the stored one."""
        fields = self.stored if self.stored is not None and self.is_frozen else self.fields
        return Scored(fields["complete"], fields["areas"], fields["predicates"])

    @property
    def counts_progress(self) -> bool:
        """Tell whether it is a draft whose progress is rolled up."""
        is_cancelled = self.visit is not None and self.visit.status == VisitStatus.CANCELLED
        return self.status == ChecklistStatus.DRAFT and self.scope == Scope.FULL and not is_cancelled


@dataclass
class LayerRow:
    """A unit's comparison of layers: stored and computed."""

    unit_id: int
    instrument_id: int
    stored: dict[str, Any]
    fields: dict[str, Any]


# What counted in periods that are computed already: period → (unit, instrument, layer) → sheet.
Counted = dict[int, dict[tuple[int, int, str], int]]


@dataclass
class PeriodPass:
    """Compute a period; `on_sheets` and `on_layers` get what was computed, chunk by chunk."""

    period: Period
    counted: Counted
    on_sheets: Callable[[list[SheetRow]], None]
    on_layers: Callable[[list[LayerRow]], None]
    results: dict[RollupKey, Result] = field(default_factory=dict)

    def run(self) -> dict[RollupKey, Result]:
        """Compute everything; return the units' rows, none for a period whose results are frozen."""
        self._engines: dict[int, EngineInstrument] = {}
        self._codes: dict[int, dict[str, str]] = {}
        self._instruments = {row.pk: row for row in Instrument.objects.defer("definition")}
        self._names: dict[tuple[int, int], dict[str, str | None] | None] = {}
        is_open = not self.period.is_settled
        self._tree = PeriodTree(self.period)
        self._before = self._tree.counted_before(self.counted) if is_open else {}
        chunks = list(self._chunks())
        for chunk, (held, stored) in zip(chunks, read_ahead(chunks, self._held), strict=True):
            self._score(chunk, held, stored)
            self.on_sheets(chunk)
            if is_open:
                self._count(chunk)
                self._compare(chunk)
        if is_open:
            self._stale_comparisons()
            self._roll_up()
            mine = {
                (key.unit_id, key.instrument_id, key.layer): result.counting_id
                for key, result in self.results.items()
                if result.counting_id is not None
            }
            self.counted[self.period.pk] = mine
        return self.results

    # --- sheets -----------------------------------------------------------------------------------------

    def _chunks(self) -> Iterator[list[SheetRow]]:
        names = (
            "pk", "unit_id", "instrument_id", "layer", "scope", "status", "visit__starts_on", "visit__ends_on",
            "visit__status",
        )  # fmt: skip
        found = Checklist.objects.filter(period=self.period).order_by("instrument_id", "unit_id", "pk")
        rows = []
        for *facts, starts, ends, status in found.values_list(*names):
            row = SheetRow(*facts)
            row.visit = _Visit(ends or starts, status) if starts else None
            rows.append(row)
        chunk: list[SheetRow] = []
        for _, sheets in groupby(rows, key=lambda row: (row.instrument_id, row.unit_id)):
            chunk += sheets
            if len(chunk) >= _CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _engine(self, instrument_id: int) -> EngineInstrument:
        if instrument_id not in self._engines:
            row = self._instruments[instrument_id]
            self._engines[instrument_id] = engine_instrument(row)
            self._codes[instrument_id] = {str(pk): code for pk, code in row.items.values_list("pk", "code")}
        return self._engines[instrument_id]

    def _read(self, instrument_id: int, held: SheetAnswers) -> dict[str, AnswerValue]:
        engine = self._engine(instrument_id)
        codes = self._codes[instrument_id]
        return parse_answers(engine, {codes[pk]: raw for pk, raw in held.given.items()})

    @staticmethod
    def _held(chunk: list[SheetRow]) -> tuple[dict[int, SheetAnswers], dict[int, dict[str, Any]]]:
        """Read the answers and the stored results of sheets."""
        ids = [row.pk for row in chunk]
        results = ChecklistScore.objects.filter(checklist__in=ids).values_list("checklist", *SHEET_FIELDS)
        stored = {pk: dict(zip(SHEET_FIELDS, facts, strict=True)) for pk, *facts in results}
        return dict(read_sheets(ids)), stored

    def _score(self, chunk: list[SheetRow], held: dict[int, SheetAnswers], stored: dict[int, dict[str, Any]]) -> None:
        for row in chunk:
            row.held, row.stored = held.get(row.pk, NOTHING), stored.get(row.pk)
            values = self._read(row.instrument_id, row.held)
            row.score = score_values(self._engine(row.instrument_id), values)
            row.fields = sheet_fields(row.scope, row.score) | {
                "answered": row.held.answered, "due": row.held.due, "saves": row.held.saves,
            }  # fmt: skip

    # --- what is a unit's own ----------------------------------------------------------------------------

    def _count(self, chunk: list[SheetRow]) -> None:
        """Choose the counting sheets and what rose and fell on them; sum up the progress of drafts."""
        counting: list[tuple[SheetRow, int, int]] = []
        by_key: dict[RollupKey, list[SheetRow]] = defaultdict(list)
        for row in chunk:
            by_key[RollupKey(row.unit_id, self.period.pk, row.instrument_id, row.layer)].append(row)
        for key, sheets in by_key.items():
            result = self.results[key] = Result()
            chosen = choose_counting(sheets)
            if chosen is not None:
                result.counting_id = chosen.pk
                result.add_own(chosen.unit_id, chosen.result)
                code = self._instruments[key.instrument_id].code
                before = self._before.get((key.unit_id, code, key.layer))
                if before is not None:
                    counting.append((chosen, *before))
            for sheet in sheets:
                if sheet.counts_progress:
                    result.sheets_begun += int(sheet.held.answered > 0)
                    result.items_answered += sheet.held.answered
                    result.items_due += sheet.held.due
        self._changes(counting)

    def _changes(self, counting: list[tuple[SheetRow, int, int]]) -> None:
        """Compare counting sheets with those of the period before."""
        held = dict(read_sheets({before for _, before, _ in counting}))
        for row, before, instrument_id in counting:
            assert row.score is not None  # scored with its chunk
            earlier = self._read(instrument_id, held.get(before, NOTHING))
            key = RollupKey(row.unit_id, self.period.pk, row.instrument_id, row.layer)
            if instrument_id != row.instrument_id:
                earlier = renamed(earlier, self._successors(instrument_id, row.instrument_id))
            self.results[key].changes = compare_scores(earlier, row.score)

    def _successors(self, earlier: int, later: int) -> dict[str, str | None] | None:
        """Return what the items of a version are in a later one: read once for all sheets."""
        if (earlier, later) not in self._names:
            self._names[earlier, later] = successors(self._instruments[earlier], self._instruments[later])
        return self._names[earlier, later]

    # --- layers -----------------------------------------------------------------------------------------

    def _compare(self, chunk: list[SheetRow]) -> None:
        past_draft = [row for row in chunk if row.status != ChecklistStatus.DRAFT]
        stored = self._stored_comparisons({row.unit_id for row in past_draft})
        rows = []
        for (instrument, unit), sheets in groupby(past_draft, key=lambda row: (row.instrument_id, row.unit_id)):
            found = list(sheets)
            rows.append(LayerRow(unit, instrument, stored.get((unit, instrument), {}), self._compared(found)))
        self.on_layers(rows)

    def _compared(self, sheets: list[SheetRow]) -> dict[str, Any]:
        chosen = choose_layers(sheets)
        seen = chosen.seen
        basis = [[sheet.pk, sheet.status, sheet.held.saves] for sheet in sheets]
        fields: dict[str, Any] = dict(zip(LAYER_FIELDS, (None, None, {}, 0, 0, None), strict=True)) | {"basis": basis}
        if chosen.claim is not None:
            fields["claim_id"] = chosen.claim.pk
        if seen is not None:
            fields["seen_id"] = seen.pk
        if chosen.claim is None or seen is None or chosen.claim.score is None or seen.score is None:
            return fields
        claim = chosen.claim.score
        is_sample = seen.scope == Scope.SAMPLE
        return fields | compared(claim.instrument, claim.values, seen.score.values, is_sample=is_sample)

    def _stored_comparisons(self, units: Iterable[int] | None) -> dict[tuple[int, int], dict[str, Any]]:
        rows = LayerComparison.objects.filter(period=self.period)
        if units is not None:
            rows = rows.filter(unit__in=list(units))
        return {
            (unit, instrument): dict(zip(LAYER_FIELDS, facts, strict=True))
            for unit, instrument, *facts in rows.values_list("unit_id", "instrument_id", *LAYER_FIELDS)
        }

    def _stale_comparisons(self) -> None:
        """Compare those that are stored although no sheet is past draft any more."""
        begun = Checklist.objects.filter(period=self.period).exclude(status=ChecklistStatus.DRAFT)
        there = set(begun.order_by().values_list("unit_id", "instrument_id"))
        self.on_layers(
            [
                LayerRow(unit, instrument, facts, self._compared([]))
                for (unit, instrument), facts in self._stored_comparisons(None).items()
                if (unit, instrument) not in there
            ]
        )

    # --- roll-up -----------------------------------------------------------------------------------------

    def _roll_up(self) -> None:
        """Add up level by level, the deepest units first."""
        stored = UnitScore.objects.filter(period=self.period).values_list("unit_id", "instrument_id", "layer")
        concerned = {(key.unit_id, key.instrument_id, key.layer) for key in self.results} | set(stored)
        own, self.results = self.results, {}
        for unit_id, instrument_id, layer in self._tree.upwards(concerned):
            key = RollupKey(unit_id, self.period.pk, instrument_id, layer)
            result = self.results[key] = own.get(key, Result())
            result.units_due = self._tree.count_due(unit_id, self._instruments[instrument_id].unit_kinds)
        for key, result in self.results.items():
            above = self._tree.above(key.unit_id)
            parent = self.results.get(RollupKey(above, key.period_id, key.instrument_id, key.layer)) if above else None
            if parent is not None:
                parent.add_child(result)
