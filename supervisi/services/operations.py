"""Operations: what a device asks to be saved, checked in shape before anything is looked up."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from supervisi.models import Checked
from wbbm.errors import DomainError

NOTE_LIMIT = 4000
CODE_LIMIT = 20
INPUT_LIMIT = 1_000_000_000
INPUTS_LIMIT = 20
VERSION_LIMIT = 2_000_000_000
# Nothing waits longer on a device (60 days, in seconds).
AGE_LIMIT = 60 * 24 * 3600
_TEXT_LIMIT = 40


class InvalidOperation(DomainError):
    """The operation can't be stored as it is; the person corrects or discards it."""

    status = 422
    code = "invalid"


class UuidReused(DomainError):
    """The operation's UUID belongs to another operation."""

    status = 422
    code = "uuid-reused"

    def __init__(self) -> None:
        super().__init__("Nomor kiriman ini sudah dipakai untuk jawaban lain. Pilih jawabannya sekali lagi.")


@dataclass(frozen=True)
class Card:
    """The whole card of an item: what `Answer.value` stores."""

    # Letter, index as decimal string, inputs, or None.
    answer: str | dict[str, int] | None = None
    note: str = ""
    checked: str = ""
    on_behalf_of: int | None = None

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Card:
        """Read a stored value."""
        return cls(
            answer=value.get("answer"),
            note=value.get("note", ""),
            checked=value.get("checked", ""),
            on_behalf_of=value.get("on_behalf_of"),
        )

    def as_value(self) -> dict[str, Any]:
        """Return the JSON value that is stored and hashed."""
        return {
            "answer": self.answer,
            "note": self.note,
            "checked": self.checked,
            "on_behalf_of": self.on_behalf_of,
        }


@dataclass(frozen=True)
class Operation:
    """One save of one item. `card` is as the person made it; the service brings its answer into one form."""

    uuid: uuid.UUID
    item_code: str
    base_version: int
    card: Card
    # Seconds between the answer and its sending, as the device counted them; None where it doesn't say.
    age: int | None = None


def canonical(value: Mapping[str, Any]) -> str:
    """Write a value so that equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def payload_hash(*, checklist_id: int, item_code: str, author_id: int, card: Card) -> str:
    """Hash what an operation says: sheet, item, author and value."""
    return hash_of_payload(checklist_id, item_code, author_id, canonical(card.as_value()))


def hash_of_payload(checklist_id: int, item_code: str, author_id: int, value: str) -> str:
    """Hash the same of a value that is written out canonically already."""
    code = json.dumps(item_code, ensure_ascii=False)
    said = f'{{"author":{author_id},"item":{code},"sheet":{checklist_id},"value":{value}}}'
    return hashlib.sha256(said.encode()).hexdigest()


def read_operation(data: object) -> Operation:
    """Read the JSON document of one operation.

    Raises:
        InvalidOperation: a part is missing or of the wrong kind.
    """
    if not isinstance(data, dict):
        raise InvalidOperation("Kiriman tidak terbaca. Muat ulang halaman, lalu coba lagi.")
    value = data.get("value")
    if not isinstance(value, dict):
        raise InvalidOperation("Isi jawaban tidak terbaca. Pilih jawabannya sekali lagi.")
    return Operation(
        uuid=_uuid(data.get("uuid")),
        item_code=_text(data.get("item"), "Kode butir", CODE_LIMIT),
        base_version=_whole(data.get("base"), "Versi", VERSION_LIMIT),
        card=Card(
            answer=_answer(value.get("answer")),
            note=clean_note(value.get("note", "")),
            checked=clean_checked(value.get("checked", "")),
            on_behalf_of=_person(value.get("on_behalf_of")),
        ),
        age=_age(data.get("age")),
    )


def clean_note(note: object) -> str:
    """Check a note.

    Raises:
        InvalidOperation: not a text, too long, or with signs that can't be stored.
    """
    if note is None:
        return ""
    if not isinstance(note, str):
        raise InvalidOperation("Catatan harus berupa teks.")
    text = note.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > NOTE_LIMIT:
        raise InvalidOperation(f"Catatan terlalu panjang: {len(text)} huruf, batasnya {NOTE_LIMIT}.")
    if not is_storable(text):
        raise InvalidOperation("Catatan memuat tanda yang tidak dapat disimpan. Hapus tanda itu, lalu coba lagi.")
    return text


def clean_checked(checked: object) -> str:
    """Check how an item was checked.

    Raises:
        InvalidOperation: not one of the choices.
    """
    if checked in (None, ""):
        return ""
    if not isinstance(checked, str) or checked not in Checked.values:
        raise InvalidOperation("Cara memeriksa harus di lokasi atau dokumen.")
    return checked


def is_storable(text: str) -> bool:
    """Tell whether both databases can keep the text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _uuid(raw: object) -> uuid.UUID:
    try:
        return uuid.UUID(raw if isinstance(raw, str) else "")
    except ValueError as fault:
        raise InvalidOperation("Nomor kiriman tidak terbaca. Muat ulang halaman, lalu coba lagi.") from fault


def _text(raw: object, label: str, limit: int) -> str:
    if not isinstance(raw, str) or not raw or len(raw) > limit or not is_storable(raw):
        raise InvalidOperation(f"{label} tidak terbaca. Muat ulang halaman, lalu coba lagi.")
    return raw


def _whole(raw: object, label: str, limit: int) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= limit:
        raise InvalidOperation(f"{label} harus berupa bilangan bulat mulai dari 0.")
    return raw


def _person(raw: object) -> int | None:
    return None if raw is None else _whole(raw, "Nomor orang", VERSION_LIMIT)


def _age(raw: object) -> int | None:
    """Read how long an answer waited; a device whose clock was moved says nothing, and loses no answer by it."""
    if not isinstance(raw, int) or isinstance(raw, bool) or not 0 <= raw <= AGE_LIMIT:
        return None
    return raw


def _answer(raw: object) -> Any:
    """Check the outer form of an answer; what it means for the item is decided by the instrument."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, dict):
        return _inputs(raw)
    if isinstance(raw, int | Decimal) and not isinstance(raw, bool):
        # Written out only by str(): an exponent of a million digits must not become a text of a million signs.
        raw = str(raw) if -INPUT_LIMIT < raw < INPUT_LIMIT else "?"
    if not isinstance(raw, str) or len(raw) > _TEXT_LIMIT or not is_storable(raw):
        raise InvalidOperation("Jawaban ini tidak dikenal untuk butir tersebut.")
    return raw


def _inputs(raw: dict[object, object]) -> dict[str, Any]:
    if len(raw) > INPUTS_LIMIT:
        raise InvalidOperation("Isian butir ini terlalu banyak.")
    inputs: dict[str, Any] = {}
    for key, number in raw.items():
        if not isinstance(key, str) or len(key) > _TEXT_LIMIT or not is_storable(key):
            raise InvalidOperation("Isian butir ini tidak dikenal.")
        if number is None or number == "":
            continue
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= INPUT_LIMIT:
            raise InvalidOperation("Isian harus bilangan bulat, dari 0 sampai 1.000.000.000.")
        inputs[key] = number
    return inputs
