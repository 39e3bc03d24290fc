"""Everything stored, computed anew from the answers: the proof that the stored rows are right."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from supervisi.models import Checklist, ChecklistScore, Finding, Instrument, LayerComparison, Period, UnitScore
from supervisi.rollup_key import KIND, RollupKey
from supervisi.services.layers import renew_comparison
from supervisi.services.period_pass import (
    LAYER_FIELDS,
    SHEET_FIELDS,
    UNIT_FIELDS,
    Counted,
    LayerRow,
    PeriodPass,
    SheetRow,
)
from supervisi.services.scores import Result, hold_period
from supervisi.services.stakes import refresh_stakes
from wbbm.jobs import services as jobs
from wbbm.jobs.bulk import Claims, claim_many
from wbbm.jobs.services import LeaseLost
from wbbm.organisasi.models import Unit

# What is compared, and what people call it.
_SHEET = dict(zip(SHEET_FIELDS, (
    "nilai lengkap", "nilai sementara", "nilai area", "nilai simpul", "predikat", "butir terisi", "butir yang diisi",
    "butir kosong", "butir yang tidak dapat dinilai",
), strict=True))  # fmt: skip
_UNIT = dict(zip(UNIT_FIELDS, (
    "lembar yang dihitung", "yang naik dan turun", "satuan yang wajib", "satuan yang menyerahkan", "jumlah nilai",
    "jumlah nilai area", "nilai terendah", "satuan dengan nilai terendah", "putusan", "lembar yang dimulai",
    "butir terisi", "butir yang diisi",
), strict=True))  # fmt: skip
_LAYERS = dict(zip(LAYER_FIELDS, (
    "lembar mandiri yang dibandingkan", "lembar pembandingnya", "konfirmasi per area", "pernyataan yang terkonfirmasi",
    "pernyataan yang diperiksa", "perkiraan",
), strict=True))  # fmt: skip
_BATCH = 500


@dataclass(frozen=True)
class Difference:
    """A stored figure that differs from what the answers give."""

    what: str
    field: str
    stored: Any
    computed: Any
    # On a final sheet, whose stored result is reported and never moved.
    is_frozen: bool = False

    def __str__(self) -> str:
        name = {**_SHEET, **_UNIT, **_LAYERS}[self.field]
        return f"{self.what}: {name} tersimpan {self.stored}, dihitung {self.computed}"


def recompute(*, is_dry_run: bool, periods: Iterable[Period] | None = None) -> list[Difference]:
    """Compute every sheet and every unit anew, or those of some periods; return what differed.

    A trial run writes nothing. Otherwise what differs is computed once more with the keys of its roll-ups claimed as
    the jobs that they always are, and written under these leases: workers may be running meanwhile.
    """
    wanted = Period.objects.select_related("unit").order_by("first_day", "pk") if periods is None else periods
    counted: Counted = {}
    passes = [_Recomputation(period, counted, is_dry_run=is_dry_run) for period in wanted]
    with _without_collecting():
        for each in passes:
            each.run()
    if not is_dry_run:
        jobs.drain(kind=KIND)
    # As people read them: sheets, then layers, then units.
    return [gap for name in ("sheets", "layers", "units") for each in passes for gap in getattr(each, name)]


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no cycles meanwhile: millions of small objects are made and none of them is in one."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Recomputation:
    """One period: what differs, and unless it is a trial run, putting it right."""

    def __init__(self, period: Period, counted: Counted, *, is_dry_run: bool) -> None:
        self.period, self.is_dry_run = period, is_dry_run
        self._counted = counted
        self._stored: dict[RollupKey, dict[str, Any]] = {}
        # While the keys are held: what differs now was told already, or is only as old as the first look.
        self._claims: Claims | None = None
        self.sheets: list[Difference] = []
        self.layers: list[Difference] = []
        self.units: list[Difference] = []

    def run(self) -> None:
        """Compute, compare, and write where that is wanted."""
        results = PeriodPass(self.period, self._counted, self._on_sheets, self._on_layers).run()
        differing = self._differing(results)
        if self.is_dry_run or not differing:
            self._tell(results, differing)
        else:
            self._put_right(differing)
        # The next period needs none of it.
        self._stored = {}

    def _put_right(self, differing: list[RollupKey]) -> None:
        claims = claim_many(KIND, [str(key) for key in differing])
        # What others hold is theirs to compute: raised here, it runs again after them.
        jobs.request_many(KIND, (str(key) for key in differing if str(key) not in claims.noted))
        if claims.noted:
            self._write_units(claims)

    # --- sheets -----------------------------------------------------------------------------------------

    def _on_sheets(self, rows: list[SheetRow]) -> None:
        if self._claims is not None:
            self._claims.renew()
        changed = [
            row for row in rows if row.stored is None or any(row.stored[name] != row.fields[name] for name in _SHEET)
        ]
        if not changed:
            return
        if self._claims is None:
            named = Checklist.objects.with_frame().in_bulk([row.pk for row in changed])
            for row in changed:
                what = f"Lembar {row.pk} ({named[row.pk]})"
                self.sheets += _compare(what, _SHEET, row.stored or {}, row.fields, is_frozen=row.is_frozen)
        if not self.is_dry_run:
            _write_sheets([row for row in changed if not row.is_frozen])

    # --- layers -----------------------------------------------------------------------------------------

    def _on_layers(self, rows: list[LayerRow]) -> None:
        changed = [row for row in rows if any(row.stored.get(name) != row.fields[name] for name in _LAYERS)]
        if not changed:
            return
        units = Unit.objects.in_bulk([row.unit_id for row in changed])
        instruments = Instrument.objects.defer("definition").in_bulk()
        for row in changed:
            instrument = instruments[row.instrument_id]
            what = f"{units[row.unit_id]}, {self.period}, {instrument}, lapisan"
            if self._claims is None:
                self.layers += _compare(what, _LAYERS, row.stored, row.fields)
            if row.stored and not self.is_dry_run:
                renew_comparison(units[row.unit_id], self.period, instrument, is_forced=True)
        if not self.is_dry_run:
            self._add_comparisons([row for row in changed if not row.stored])

    def _add_comparisons(self, rows: list[LayerRow]) -> None:
        """Store those that are missing; one that a job has stored meanwhile is newer."""
        now = timezone.now()
        key = {"period": self.period, "computed_at": now}
        made = (
            LayerComparison(unit_id=row.unit_id, instrument_id=row.instrument_id, **row.fields, **key) for row in rows
        )
        LayerComparison.objects.bulk_create(made, _BATCH, ignore_conflicts=True)

    # --- units ------------------------------------------------------------------------------------------

    def _stored_units(self) -> dict[RollupKey, dict[str, Any]]:
        rows = UnitScore.objects.filter(period=self.period)
        return {
            RollupKey(unit, self.period.pk, instrument, layer): dict(zip(UNIT_FIELDS, facts, strict=True)) | {"pk": pk}
            for pk, unit, instrument, layer, *facts in rows.values_list(
                "pk", "unit_id", "instrument_id", "layer", *UNIT_FIELDS
            )
        }

    def _differing(self, results: dict[RollupKey, Result]) -> list[RollupKey]:
        self._stored = self._stored_units()
        return [key for key, result in results.items() if self._gaps("", key, result)]

    def _gaps(self, what: str, key: RollupKey, result: Result) -> list[Difference]:
        return _compare(what, _UNIT, self._stored.get(key, {}), vars(result))

    def _tell(self, results: dict[RollupKey, Result], differing: Sequence[RollupKey]) -> None:
        if not differing:
            return
        units = dict(Unit.objects.filter(pk__in={key.unit_id for key in differing}).values_list("pk", "name"))
        instruments = Instrument.objects.defer("definition").in_bulk()
        for key in differing:
            what = f"{units[key.unit_id]}, {self.period}, {instruments[key.instrument_id]}, {key.layer}"
            self.units += self._gaps(what, key, results[key])

    def _write_units(self, claims: Claims) -> None:
        """Compute once more, now that nobody else computes these keys, and write what differs."""

        self._claims = claims
        # Whatever was saved since the first look is written as well: its job is done here.
        results = PeriodPass(self.period, self._counted, self._on_sheets, self._on_layers).run()
        self._claims = None
        moved = self._differing(results)
        differing = [key for key in moved if str(key) in claims.noted]
        try:
            with transaction.atomic():
                is_settled = hold_period(self.period)
                claims.complete()
                if not is_settled:
                    self._store({key: results[key] for key in differing})
                    self._want_next_period(results, differing)
                    # What moved only since the first look: the jobs below that would have raised it are done here.
                    jobs.request_many(KIND, (str(key) for key in moved if str(key) not in claims.noted))
        except (LeaseLost, OperationalError):
            # Another worker has one of them, or both waited for each other; all run again, one by one.
            claims.release()
        self._tell(results, differing)

    def _store(self, results: dict[RollupKey, Result]) -> None:
        now, known, fresh = timezone.now(), [], []
        for key, result in results.items():
            row = UnitScore(**vars(key), **vars(result), computed_at=now)
            if key in self._stored:
                row.pk = self._stored[key]["pk"]
                known.append(row)
            else:
                fresh.append(row)
        UnitScore.objects.bulk_create(fresh, _BATCH)
        UnitScore.objects.bulk_update(known, [*vars(Result()), "computed_at"], _BATCH)

    def _want_next_period(self, results: dict[RollupKey, Result], keys: Iterable[RollupKey]) -> None:
        """Raise the units' keys in later periods: what fell and rose there is told against this one."""
        moved = {
            (key.unit_id, key.layer)
            for key in keys
            if key in self._stored
            and (self._stored[key]["counting_id"], self._stored[key]["score_sum"])
            != (results[key].counting_id, results[key].score_sum)
        }
        later = UnitScore.objects.filter(
            unit__in={unit for unit, _ in moved}, period__kind=self.period.kind,
            period__first_day__gt=self.period.last_day, period__settled_at__isnull=True, counting__isnull=False,
        )  # fmt: skip
        rows = later.values_list("unit_id", "period_id", "instrument_id", "layer")
        jobs.request_many(KIND, (str(RollupKey(*row)) for row in rows if (row[0], row[3]) in moved))


def _write_sheets(rows: list[SheetRow]) -> None:
    """Store results; a worker that was faster and has seen more saves is not overwritten."""
    now = timezone.now()
    fresh = [ChecklistScore(checklist_id=row.pk, computed_at=now, **row.fields) for row in rows if row.stored is None]
    ChecklistScore.objects.bulk_create(fresh, _BATCH, ignore_conflicts=True)
    with transaction.atomic():
        for row in rows:
            if row.stored is not None:
                behind = ChecklistScore.objects.filter(checklist=row.pk, saves__lte=row.fields["saves"])
                behind.update(computed_at=now, **row.fields)
    with_findings = Finding.objects.filter(checklist__in=[row.pk for row in rows]).order_by().values("checklist")
    for checklist in Checklist.objects.with_frame().filter(pk__in=with_findings):
        refresh_stakes(checklist)


def _compare(
    what: str, names: dict[str, str], old: dict[str, Any], new: dict[str, Any], *, is_frozen: bool = False
) -> list[Difference]:
    pairs = ((name, old.get(name), new.get(name)) for name in names)
    return [Difference(what, name, before, after, is_frozen) for name, before, after in pairs if before != after]
