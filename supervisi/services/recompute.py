"""Everything stored, computed anew from the answers: the proof that the stored rows are right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from supervisi.models import Checklist, ChecklistScore, ChecklistStatus, UnitScore
from supervisi.rollup_key import RollupKey
from supervisi.services.scores import compute_checklist_score, compute_result, write_result
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class Difference:
    """A stored figure that differs from what the answers give."""

    what: str
    field: str
    stored: Any
    computed: Any

    def __str__(self) -> str:
        return f"{self.what}: {self.field} tersimpan {self.stored}, dihitung {self.computed}"


class _RollBack(Exception):
    """Ends a trial run without writing."""


def recompute(*, is_dry_run: bool) -> list[Difference]:
    """Compute every sheet and every unit anew; return what differed. A trial run writes nothing."""
    found: list[Difference] = []
    try:
        with transaction.atomic():
            found += _sheets()
            found += _units()
            if is_dry_run:
                raise _RollBack
    except _RollBack:
        pass
    return found


def _facts(row: ChecklistScore | UnitScore | None, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) if row is not None else None for name in names}


_SHEET = ("complete", "provisional", "areas", "nodes", "predicates", "answered", "due", "unanswered", "unanswerable")
_UNIT = (
    "counting_id", "changes", "units_due", "units_submitted", "score_sum", "areas", "lowest", "lowest_unit_id",
    "verdicts", "sheets_begun", "items_answered", "items_due",
)  # fmt: skip


def _compare(what: str, old: dict[str, Any], new: dict[str, Any]) -> list[Difference]:
    return [Difference(what, name, old[name], new[name]) for name in old if old[name] != new[name]]


def _sheets() -> list[Difference]:
    found: list[Difference] = []
    for sheet in Checklist.objects.select_related("instrument", "unit", "period", "score").iterator():
        stored = getattr(sheet, "score", None)
        old = _facts(stored, _SHEET)
        new = _facts(compute_checklist_score(sheet), _SHEET)
        differing = _compare(f"lembar {sheet.pk}", old, new)
        found += differing
        if differing and stored is not None and sheet.status == ChecklistStatus.FINAL:
            # A final result is never moved quietly: it is reported, and stays as it was frozen.
            ChecklistScore.objects.filter(pk=stored.pk).update(**{name: old[name] for name in _SHEET})
    return found


def _keys() -> list[RollupKey]:
    """Return every key that has a sheet at or below it, the deepest units first."""
    rows = Checklist.objects.values_list("unit__path", "period_id", "period__unit__path", "instrument_id", "layer")
    stored = UnitScore.objects.values_list("unit__path", "period_id", "period__unit__path", "instrument_id", "layer")
    wanted: set[tuple[str, int, int, str]] = set()
    step = Unit.steplen
    for path, period, top, instrument, layer in [*rows.distinct(), *stored.distinct()]:
        for end in range(len(path), max(len(top), step) - 1, -step):
            wanted.add((path[:end], period, instrument, layer))
    ids = dict(Unit.objects.values_list("path", "pk"))
    ordered = sorted(wanted, key=lambda entry: (-len(entry[0]), entry))
    return [RollupKey(ids[path], period, instrument, layer) for path, period, instrument, layer in ordered]


def _units() -> list[Difference]:
    found: list[Difference] = []
    keys = _keys()
    # Twice: what fell and rose is told against the counting sheet of the period before, which the first pass sets.
    for is_last in (False, True):
        for key in keys:
            row = UnitScore.objects.filter(
                unit_id=key.unit_id, period_id=key.period_id, instrument_id=key.instrument_id, layer=key.layer
            ).first()
            result = compute_result(key)
            differing = _compare(f"satuan {key}", _facts(row, _UNIT), vars(result))
            if not differing:
                continue
            write_result(key, result)
            found += differing if not is_last or row is None else _changes_only(differing)
    return found


def _changes_only(differing: list[Difference]) -> list[Difference]:
    return [difference for difference in differing if difference.field == "changes"]
