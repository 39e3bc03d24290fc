"""Reading one answer: a letter, an index, or the inputs of a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from .instrument import Formula, Item

# More than any office counts; keeps a hostile number from becoming a gigabyte of digits.
MAX_COUNT = 10**9
_MAX_DIGITS = 20
# An index may be given with more decimals than any survey has; its border must still be decided exactly.
_MAX_INDEX_DIGITS = 60
_MOST_REMEMBERED = 2000
_DECIMAL = re.compile(r"[0-9]+(\.[0-9]+)?")


class AnswerFault(ValueError):
    """An answer that the item can't have; `message` says in Indonesian what it must be."""

    def __init__(self, item_code: str, message: str) -> None:
        super().__init__(f"{item_code}: {message}")
        self.item_code, self.message = item_code, message


@dataclass(frozen=True)
class AnswerValue:
    """An answer as the engine sees it.

    `raw` is its one JSON form: a letter, an index as decimal string, inputs, or None. `value` is 0..1, None
    while unanswered or unanswerable.
    """

    raw: Any
    value: Fraction | None
    is_answered: bool
    is_unanswerable: bool = False

    @cached_property
    def ratio(self) -> tuple[int, int] | None:
        """The value as two whole numbers."""
        return None if self.value is None else self.value.as_integer_ratio()


UNANSWERED = AnswerValue(None, None, False)


def parse_answer(item: Item, raw: Any) -> AnswerValue:
    """Read a raw answer of an item; incomplete inputs are kept and count as unanswered.

    Raises:
        AnswerFault: unknown option, wrong type, or a number out of range.
    """
    if raw is None:
        return UNANSWERED
    key: str | tuple[str] | None = None
    if isinstance(raw, str):
        key = raw
    elif isinstance(raw, dict) and len(raw) == len(item.inputs):
        # As text, for 1, 1.0 and True are one key; in brackets, for no letter is inputs.
        key = (repr(raw),)
    if key is None:
        return _parse(item, raw)
    value = item.read_before.get(key)
    if value is None:
        value = _parse(item, raw)
        if len(item.read_before) >= _MOST_REMEMBERED:
            item.read_before.clear()
        item.read_before[key] = value
    return value


def _parse(item: Item, raw: Any) -> AnswerValue:
    if item.formula is None:
        return _letter(item, raw)
    if item.formula.kind == "index":
        return _index(item, item.formula, raw)
    return _inputs(item, item.formula, raw)


def _letter(item: Item, raw: Any) -> AnswerValue:
    option = item.option(raw.strip()) if isinstance(raw, str) else None
    if option is not None:
        return AnswerValue(option.code, option.value, True)
    allowed = ", ".join(entry.code for entry in item.options)
    if not isinstance(raw, str):
        raise AnswerFault(item.code, f"jawabannya salah satu dari {allowed}.")
    shown = raw[:20]
    raise AnswerFault(item.code, f"pilihan {shown!r} tidak ada; pilih salah satu dari {allowed}.")


def _index(item: Item, formula: Formula, raw: Any) -> AnswerValue:
    limit = _text(formula.maximum)
    message = f"indeks berupa bilangan 0 sampai {limit}, misalnya 3,56."
    if isinstance(raw, str):
        raw = raw.strip().replace(",", ".")
        if not raw:
            return UNANSWERED
        if not _DECIMAL.fullmatch(raw):
            raise AnswerFault(item.code, message)
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise AnswerFault(item.code, message)
    number = Decimal(raw)
    if not number.is_finite() or not 0 <= number <= Decimal(limit):
        raise AnswerFault(item.code, message)
    if len(str(raw)) > _MAX_INDEX_DIGITS or -int(number.as_tuple().exponent) > _MAX_INDEX_DIGITS:
        raise AnswerFault(item.code, f"indeks paling banyak {_MAX_INDEX_DIGITS} angka.")
    return AnswerValue(_plain(number), Fraction(number) / formula.maximum, True)


def _plain(number: Decimal) -> str:
    """Write a decimal without exponent and without needless zeros."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _text(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else str(float(value))


def _inputs(item: Item, formula: Formula, raw: Any) -> AnswerValue:
    labels = ", ".join(entry.key for entry in item.inputs)
    if not isinstance(raw, Mapping):
        raise AnswerFault(item.code, f"jawabannya berupa masukan {labels}.")
    known = {entry.key for entry in item.inputs}
    for key in raw:
        if key not in known:
            raise AnswerFault(item.code, f"masukan {str(key)[:30]!r} tidak ada; yang ada: {labels}.")
    numbers = {entry.key: _count(item, entry.key, raw.get(entry.key)) for entry in item.inputs}
    given = {key: number for key, number in numbers.items() if number is not None}
    if not given:
        return UNANSWERED
    if len(given) < len(numbers):
        return AnswerValue(given, None, False)
    return _computed(formula, given)


def _count(item: Item, key: str, raw: Any) -> int | None:
    if raw is None or raw == "":
        return None
    message = f"masukan {key} berupa bilangan bulat 0 atau lebih."
    if isinstance(raw, str):
        raw = raw.strip()
        if not (raw.isascii() and raw.isdigit()) or len(raw) > _MAX_DIGITS:
            raise AnswerFault(item.code, message)
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or raw != raw or raw < 0:
        raise AnswerFault(item.code, message)
    if raw > MAX_COUNT:
        raise AnswerFault(item.code, f"masukan {key} terlalu besar.")
    if raw != int(raw):
        raise AnswerFault(item.code, message)
    return int(raw)


def _computed(formula: Formula, given: dict[str, int]) -> AnswerValue:
    """Compute a formula whose inputs are all there (domain: official workbook, percent items)."""
    if formula.kind == "decline":
        before, now = given[formula.before], given[formula.now]
        if before == 0:
            return AnswerValue(given, Fraction(1 if now == 0 else 0), True)
        return AnswerValue(given, max(Fraction(), Fraction(before - now, before)), True)
    below = sum(given[key] for key in formula.denominators)
    if below == 0:
        return AnswerValue(given, None, True, is_unanswerable=True)
    return AnswerValue(given, min(Fraction(1), Fraction(given[formula.numerator], below)), True)
