"""The plain form of one area: only items whose value differs from their base value become operations."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from supervisi.scoring.instrument import Instrument, Item
from supervisi.services.operations import CODE_LIMIT, InvalidOperation, Operation, read_operation


@dataclass(frozen=True)
class Rejected:
    """An item of the form that can't be read, with the message for its person."""

    item_code: str
    message: str
    # The card as it was typed: it stays in the fields.
    value: Mapping[str, Any]


@dataclass(frozen=True)
class AreaForm:
    """What a posted area asks for."""

    operations: tuple[Operation, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class Choice:
    """The button pressed on a conflict: whose answer counts for an item, and the refused revision."""

    item_code: str
    is_mine: bool
    revision_uuid: uuid.UUID


def read_area_form(data: QueryDict, instrument: Instrument, area_key: str) -> AreaForm:
    """Read the posted items of an area; an item that isn't in the form is left alone."""
    operations, rejected = [], []
    for item in instrument.items_of_area(area_key):
        if f"{item.code}-before" not in data:
            continue
        try:
            operation = _operation(data, item)
        except InvalidOperation as fault:
            rejected.append(Rejected(item.code, fault.message, _posted(data, item)))
            continue
        if operation is not None:
            operations.append(operation)
    return AreaForm(tuple(operations), tuple(rejected))


def read_choice(data: QueryDict) -> Choice | None:
    """Read which button of a conflict was pressed, if any."""
    parts = data.get("pilih", "").split(" ")
    if len(parts) != 3:
        return None
    code, whose, revision = parts
    try:
        return Choice(code, whose == "saya", uuid.UUID(revision))
    except ValueError:
        return None


def read_confirmed(data: QueryDict) -> str:
    """Return the item whose copied answer was confirmed by its button; empty when none was."""
    return data.get("tinjau", "")[:CODE_LIMIT]


def read_base(data: QueryDict, item_code: str) -> int:
    """Return the version that the form was made from; 0 when it can't be read."""
    raw = data.get(f"{item_code}-version") or data.get(f"{item_code}-base") or "0"
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0


def _operation(data: QueryDict, item: Item) -> Operation | None:
    value = _posted(data, item)
    if _said(value) == _said(_before(data.get(f"{item.code}-before", ""))):
        return None
    document = {"uuid": str(uuid.uuid4()), "item": item.code, "base": read_base(data, item.code), "value": value}
    return read_operation(document)


def _posted(data: QueryDict, item: Item) -> dict[str, Any]:
    behalf = data.get(f"{item.code}-behalf", "")
    return {
        "answer": _inputs(data, item) if item.inputs else data.get(f"{item.code}-answer", "").strip() or None,
        "note": data.get(f"{item.code}-note", ""),
        "checked": data.get(f"{item.code}-checked", ""),
        "on_behalf_of": int(behalf) if behalf.isascii() and behalf.isdigit() and len(behalf) < 10 else None,
    }


def _inputs(data: QueryDict, item: Item) -> dict[str, Any] | None:
    inputs: dict[str, Any] = {}
    for each in item.inputs:
        raw = data.get(f"{item.code}-input-{each.key}", "").strip()
        if raw:
            inputs[each.key] = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 12 else raw
    return inputs or None


def _before(raw: str) -> Mapping[str, Any]:
    try:
        value = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _said(value: Mapping[str, Any]) -> tuple[Any, ...]:
    """Bring a card into a form in which equal answers are equal, however they were typed."""
    answer = value.get("answer")
    if isinstance(answer, str):
        answer = answer.strip().replace(",", ".").upper()
    elif isinstance(answer, dict):
        answer = {key: str(number) for key, number in answer.items()}
    note = str(value.get("note") or "").replace("\r\n", "\n").strip()
    return (answer or None, note, value.get("checked") or "", value.get("on_behalf_of"))
