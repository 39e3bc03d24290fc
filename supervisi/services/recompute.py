"""Everything stored, computed anew from the answers: the proof that the stored rows are right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from supervisi.models import (
    Checklist,
    ChecklistScore,
    ChecklistStatus,
    LayerComparison,
    Period,
    PeriodPlace,
    UnitScore,
)
from supervisi.rollup_key import KIND, RollupKey
from supervisi.services.layers import comparison_fields, renew_comparison, sheets_past_draft
from supervisi.services.scores import (
    Subject,
    compute_checklist_score,
    compute_result,
    load_subject,
    score_fields,
    write_result,
)
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import Unit

# What is compared, and what people call it.
_SHEET = {
    "complete": "nilai lengkap", "provisional": "nilai sementara", "areas": "nilai area", "nodes": "nilai simpul",
    "predicates": "predikat", "answered": "butir terisi", "due": "butir yang diisi", "unanswered": "butir kosong",
    "unanswerable": "butir yang tidak dapat dinilai",
}  # fmt: skip
_UNIT = {
    "counting_id": "lembar yang dihitung", "changes": "yang naik dan turun", "units_due": "satuan yang wajib",
    "units_submitted": "satuan yang menyerahkan", "score_sum": "jumlah nilai", "areas": "jumlah nilai area",
    "lowest": "nilai terendah", "lowest_unit_id": "satuan dengan nilai terendah", "verdicts": "putusan",
    "sheets_begun": "lembar yang dimulai", "items_answered": "butir terisi", "items_due": "butir yang diisi",
}  # fmt: skip
_LAYERS = {
    "claim_id": "lembar mandiri yang dibandingkan", "seen_id": "lembar pembandingnya", "areas": "konfirmasi per area",
    "upheld": "pernyataan yang terkonfirmasi", "verified": "pernyataan yang diperiksa", "estimate": "perkiraan",
}  # fmt: skip

_KEYED = (Checklist, UnitScore)


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


class _RollBack(Exception):
    """Ends a trial run without writing."""


def recompute(*, is_dry_run: bool) -> list[Difference]:
    """Compute every sheet and every unit anew; return what differed. A trial run writes nothing.

    Otherwise every key is run as the job that it always is, under its lease: workers may be running meanwhile.
    """
    if not is_dry_run:
        return _sheets() + _comparisons() + _run_keys(_keys())
    found: list[Difference] = []
    try:
        with transaction.atomic():
            found += _sheets()
            found += _comparisons()
            found += _try_keys(_keys())
            raise _RollBack
    except _RollBack:
        return found


def _compare(what: str, names: dict[str, str], old: dict[str, Any], new: dict[str, Any]) -> list[Difference]:
    pairs = ((name, old.get(name), new.get(name)) for name in names)
    return [Difference(what, name, before, after) for name, before, after in pairs if before != after]


def _facts(row: ChecklistScore | UnitScore | LayerComparison | None, names: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names} if row is not None else {}


def _sheets() -> list[Difference]:
    found: list[Difference] = []
    for sheet in Checklist.objects.with_frame().select_related("score").order_by("pk").iterator():
        stored = getattr(sheet, "score", None)
        is_frozen = stored is not None and sheet.status == ChecklistStatus.FINAL
        differing = _compare(f"Lembar {sheet.pk} ({sheet})", _SHEET, _facts(stored, _SHEET), score_fields(sheet))
        found += [replace(difference, is_frozen=is_frozen) for difference in differing]
        if differing and not is_frozen:
            compute_checklist_score(sheet)
    return found


def _comparisons() -> list[Difference]:
    """Compare layers anew wherever a sheet is past draft or a comparison is stored."""
    found: list[Difference] = []
    names = ("unit_id", "period_id", "instrument_id")
    begun = Checklist.objects.exclude(status=ChecklistStatus.DRAFT)
    wanted = {*begun.order_by().values_list(*names), *LayerComparison.objects.order_by().values_list(*names)}
    for unit_id, period_id, instrument_id in sorted(wanted):
        subject = load_subject(RollupKey(unit_id, period_id, instrument_id, ""))
        if subject is None or subject.period.is_settled:
            continue
        stored = LayerComparison.objects.filter(unit=unit_id, period=period_id, instrument=instrument_id).first()
        fields = comparison_fields(sheets_past_draft(unit_id, period_id, instrument_id))
        computed = _facts(LayerComparison(**fields), _LAYERS)
        what = f"{subject.unit}, {subject.period}, {subject.instrument}, lapisan"
        differing = _compare(what, _LAYERS, _facts(stored, _LAYERS), computed)
        if differing:
            renew_comparison(subject.unit, subject.period, subject.instrument, is_forced=True)
        found += differing
    return found


def _keys() -> list[RollupKey]:
    """Return every key that has a sheet or a stored row at or below it, but those of settled periods.

    Earlier periods first, for what fell and rose is told against them; within a period the deepest units first.
    """
    wanted: list[RollupKey] = []
    periods = Period.objects.filter(settled_at__isnull=True).select_related("unit").order_by("first_day", "pk")
    for period in periods:
        paths = _paths(period)
        ids = {path: pk for pk, path in paths.items()}
        top = paths.get(period.unit_id) or str(period.unit.path)
        names = ("unit_id", "instrument_id", "layer")
        rows, stored = (model.objects.filter(period=period).order_by().values_list(*names) for model in _KEYED)
        found: set[tuple[int, str, int, int, str]] = set()
        for unit, instrument, layer in {*rows, *stored}:
            path = paths.get(unit, "")
            # Up to the unit that owns the period; a unit that stood elsewhere stands alone.
            ends = range(len(top), len(path) + 1, Unit.steplen) if path.startswith(top) else [len(path)]
            found |= {(-end, path[:end], ids.get(path[:end], unit), instrument, layer) for end in ends}
        wanted += [RollupKey(unit, period.pk, instrument, layer) for _, _, unit, instrument, layer in sorted(found)]
    return wanted


def _paths(period: Period) -> dict[int, str]:
    """Return the path of each unit in the tree by which the period is rolled up."""
    if period.tree_kept_at is None:
        return dict(Unit.objects.values_list("pk", "path"))
    return dict(PeriodPlace.objects.filter(period=period).values_list("unit", "path"))


def _stored(key: RollupKey) -> dict[str, Any]:
    return _facts(UnitScore.objects.filter(**vars(key)).first(), _UNIT)


def _named(subject: Subject) -> str:
    return f"{subject.unit}, {subject.period}, {subject.instrument}, {subject.key.layer}"


def _run_keys(keys: list[RollupKey]) -> list[Difference]:
    """Run the keys' jobs and compare what stood there before with what stands there now."""
    before = [(subject, _stored(key)) for key in keys if (subject := load_subject(key))]
    for key in keys:
        jobs.request(KIND, str(key))
    jobs.drain(kind=KIND)
    return [gap for subject, old in before for gap in _compare(_named(subject), _UNIT, old, _stored(subject.key))]


def _try_keys(keys: list[RollupKey]) -> list[Difference]:
    """Compute the keys' rows one after the other inside a transaction that is rolled back."""
    found: list[Difference] = []
    for key in keys:
        subject = load_subject(key)
        if subject is None:
            continue
        result = compute_result(subject)
        differing = _compare(_named(subject), _UNIT, _stored(key), vars(result))
        if differing:
            write_result(key, result)
            found += differing
    return found
