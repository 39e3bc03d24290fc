"""The interchange document of a sheet: `instrument`, and `answers` by item code; and its result as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from .answers import AnswerFault, parse_answer
from .engine import SheetScore, score_sheet
from .gates import GateResult, judge
from .instrument import Instrument
from .rounding import decimal_string

# Python refuses to read longer integers; as decimals they are merely too large.
_MAX_INTEGER_DIGITS = 30


class DocumentFault(ValueError):
    """A document that can't be scored; the text is one line that names the place."""


def read_document(text: str) -> dict[str, Any]:
    """Read the JSON of a document, numbers as decimals.

    Raises:
        DocumentFault: broken JSON, a double key, or a shape that isn't a document's.
    """
    try:
        document = json.loads(
            text, parse_float=_decimal, parse_constant=_decimal, parse_int=_whole, object_pairs_hook=_once
        )
    except json.JSONDecodeError as fault:
        raise DocumentFault(f"JSON rusak pada baris {fault.lineno} kolom {fault.colno}") from fault
    except RecursionError as fault:
        raise DocumentFault("JSON terlalu dalam bersarang") from fault
    if not isinstance(document, dict):
        raise DocumentFault("isi berkas harus berupa objek dengan instrument dan answers")
    answers = document.get("answers")
    if not isinstance(answers, dict):
        raise DocumentFault("answers: harus berupa objek berisi jawaban menurut kode butir")
    return document


def _decimal(text: str) -> Decimal:
    """Read any number, `NaN` and `Infinity` too: the item that has it refuses it, so that the fault names the item."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _MAX_INTEGER_DIGITS else _decimal(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DocumentFault(f"{key}: ditulis dua kali")
        found[key] = value
    return found


def check_answers(instrument: Instrument, answers: Mapping[str, Any]) -> None:
    """Check that every answer belongs to an item and fits it.

    Raises:
        DocumentFault: names the first code that doesn't.
    """
    for code, raw in answers.items():
        if not instrument.has_item(code):
            raise DocumentFault(f"{code[:60]}: tidak ada butir dengan kode ini pada {instrument.code}")
        item = instrument.item(code)
        if isinstance(raw, str) and not item.options and not item.inputs:
            raise DocumentFault(f"{code}: indeks ditulis sebagai teks, seharusnya bilangan")
        for key, count in raw.items() if isinstance(raw, dict) else ():
            if isinstance(count, str):
                raise DocumentFault(f"{code}: masukan {key[:30]} ditulis sebagai teks, seharusnya bilangan")
        try:
            parse_answer(item, raw)
        except AnswerFault as fault:
            raise DocumentFault(f"{code}: {fault.message}") from fault


def result_document(instrument: Instrument, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Score a document's answers and return the result by the contract of `score_lke`."""
    score = score_sheet(instrument, answers)
    return {
        "instrument": instrument.code,
        "provisional": _scores(score.provisional),
        "complete": _scores(score.complete),
        "area_percent": _area_percent(score),
        "unanswered": list(score.unanswered),
        "unanswerable": list(score.unanswerable),
        "predicates": {
            result.code: {"passed": result.passed, "gates": [_gate(gate) for gate in result.gates]}
            for result in judge(instrument, score)
        },
    }


def _scores(scores: Mapping[str, Fraction]) -> dict[str, str]:
    return {code: decimal_string(value, 10) for code, value in scores.items()}


def _area_percent(score: SheetScore) -> dict[str, str]:
    """Percent of the provisional score of the six areas, keys `1` to `6`."""
    return {
        area.key: decimal_string(area.provisional * 100 / area.weight, 6)
        for area in score.areas
        if area.key in {"1", "2", "3", "4", "5", "6"}
    }


def _gate(gate: GateResult) -> dict[str, Any]:
    return {
        "code": gate.code,
        "label": gate.label,
        "node": gate.node,
        "measure": gate.measure,
        "required": decimal_string(gate.required, 10),
        "actual": decimal_string(gate.actual, 10),
        "distance": decimal_string(gate.distance, 10),
        "passed": gate.passed,
    }
