"""The stored comparison of a unit's layers: claims upheld, and the estimate where only a part was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, ChecklistStatus, Instrument, Layer, LayerComparison, Period, Scope
from supervisi.scoring.answers import AnswerValue
from supervisi.scoring.engine import parse_answers
from supervisi.scoring.instrument import TOTAL
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.layers import confirm_values, estimate_values
from supervisi.scoring.rounding import to_units
from supervisi.services.content import answers_of
from supervisi.services.counting import SheetT, choose_counting, choose_sample
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class LayerSheets(Generic[SheetT]):
    """The sheets past draft of a unit, period and instrument that stand for their layers."""

    claim: SheetT | None
    supervision: SheetT | None
    tpi: SheetT | None

    @property
    def seen(self) -> SheetT | None:
        """The sheet that the claim is held against: the team's, else the auditor's."""
        return self.supervision or self.tpi

    def present(self) -> list[SheetT]:
        """Return those there are, the claim first."""
        return [sheet for sheet in (self.claim, self.supervision, self.tpi) if sheet is not None]


def choose_layers(sheets: Sequence[SheetT]) -> LayerSheets[SheetT]:
    """Choose each layer's counting sheet; where the team only drew samples, the last of these."""
    by_layer = {layer: [sheet for sheet in sheets if sheet.layer == layer] for layer in Layer.values}
    supervision = by_layer[Layer.SUPERVISION]
    return LayerSheets(
        claim=choose_counting(by_layer[Layer.SELF]),
        supervision=choose_counting(supervision) or choose_sample(supervision),
        tpi=choose_counting(by_layer[Layer.TPI]),
    )


def comparison_fields(sheets: list[Checklist]) -> dict[str, Any]:
    """Return what a comparison's row holds, computed from the answers of the sheets past draft."""
    chosen = choose_layers(sheets)
    fields: dict[str, Any] = {
        "claim": chosen.claim, "seen": chosen.seen, "areas": {}, "upheld": 0, "verified": 0, "estimate": None,
        "basis": _basis(sheets),
    }  # fmt: skip
    if chosen.claim is None or chosen.seen is None:
        return fields
    instrument = engine_instrument(chosen.claim.instrument)
    given = answers_of([chosen.claim, chosen.seen])
    claim = parse_answers(instrument, given[chosen.claim.pk])
    seen = parse_answers(instrument, given[chosen.seen.pk])
    return fields | compared(instrument, claim, seen, is_sample=chosen.seen.scope == Scope.SAMPLE)


def compared(
    instrument: EngineInstrument, claim: Mapping[str, AnswerValue], seen: Mapping[str, AnswerValue], *, is_sample: bool
) -> dict[str, Any]:
    """Return what a claim gives beside what was seen, answers read already; an estimate for a sample."""
    confirmed = confirm_values(instrument, claim, seen)
    total = confirmed.pop(TOTAL)
    guess = estimate_values(instrument, claim, seen) if is_sample else None
    return {
        "areas": {key: [found.upheld, found.verified] for key, found in confirmed.items()},
        "upheld": total.upheld,
        "verified": total.verified,
        "estimate": to_units(guess.complete[TOTAL]) if guess is not None else None,
    }


def sheets_past_draft(unit_id: int, period_id: int, instrument_id: int) -> list[Checklist]:
    """Read the sheets that may stand for a layer, with how many saves went in (one query)."""
    rows = Checklist.objects.filter(unit_id=unit_id, period_id=period_id, instrument_id=instrument_id)
    past_draft = rows.exclude(status=ChecklistStatus.DRAFT).with_frame()
    return list(past_draft.annotate(saves=Sum("answers__version", default=0)).order_by("pk"))


def _basis(sheets: list[Checklist]) -> list[list[Any]]:
    return [[sheet.pk, sheet.status, vars(sheet)["saves"]] for sheet in sheets]


def renew_comparison(unit: Unit, period: Period, instrument: Instrument, *, is_forced: bool = False) -> None:
    """Bring a unit's stored comparison up to its sheets; in the caller's transaction, nothing where nothing moved.

    The row is written before the sheets are read again: of two layers' jobs at once the later one waits for the
    earlier and then sees what that one saw and more, so that the row never falls behind.
    """
    key = {"unit_id": unit.pk, "period_id": period.pk, "instrument_id": instrument.pk}
    known = LayerComparison.objects.filter(**key).only("basis").first()
    basis = _basis(sheets_past_draft(*key.values()))
    if not is_forced and basis == (known.basis if known is not None else []):
        return
    with transaction.atomic():
        row, _ = LayerComparison.objects.get_or_create(**key, defaults={"computed_at": timezone.now()})
        LayerComparison.objects.filter(pk=row.pk).update(computed_at=timezone.now())
        LayerComparison.objects.filter(pk=row.pk).update(**comparison_fields(sheets_past_draft(*key.values())))
