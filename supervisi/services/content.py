"""What a sheet holds, in the form that is hashed (docs/verifikasi.md tells how anybody computes it again)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerEvidence, Checklist
from supervisi.scoring.engine import SheetScore, score_sheet
from supervisi.scoring.rounding import to_units


def answers_of(checklists: Iterable[Checklist]) -> dict[int, dict[str, Any]]:
    """Return the answers of sheets by sheet and item code, as the engine reads them (one query).

    Copied answers that nobody has reviewed are none.
    """
    found: dict[int, dict[str, Any]] = {checklist.pk: {} for checklist in checklists}
    rows = Answer.objects.filter(checklist__in=list(found), version__gt=0, needs_review=False)
    for checklist_id, code, value in rows.values_list("checklist", "item__code", "value"):
        found[checklist_id][code] = value.get("answer")
    return found


def stored_answers(checklist: Checklist) -> dict[str, Any]:
    """Return the answers of one sheet."""
    return answers_of([checklist])[checklist.pk]


def content_hash(checklist: Checklist) -> str:
    """Hash answers, evidence, instrument version and exact score together (SHA-256 of canonical JSON)."""
    instrument = engine_instrument(checklist.instrument)
    answers = Answer.objects.filter(checklist=checklist).order_by("item__code").values_list("item__code", "value")
    files = (
        AnswerEvidence.objects.attached()
        .filter(answer__checklist=checklist)
        .order_by("answer__item__code", "evidence__file__sha256")
        .values_list("answer__item__code", "evidence__file__sha256")
    )
    return hash_of(checklist, answers, files, score_sheet(instrument, stored_answers(checklist)))


def hash_of(
    checklist: Checklist, answers: Iterable[tuple[Any, ...]], files: Iterable[tuple[Any, ...]], score: SheetScore
) -> str:
    """Hash a content that is at hand: item code and card in order, item code and hash of each file, the score."""
    content = {
        # The row, for a unit's code may be corrected later.
        "unit": checklist.unit_id,
        "period": [str(checklist.period.first_day), str(checklist.period.last_day)],
        "layer": checklist.layer,
        "instrument": [checklist.instrument.code, checklist.instrument.version, checklist.instrument.sha256],
        "answers": [list(row) for row in answers],
        "evidence": [list(row) for row in files],
        "score": {code: to_units(value) for code, value in sorted(score.complete.items())},
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
