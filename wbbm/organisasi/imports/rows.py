"""What a checked row says: its state, its faults, and the values that a service takes."""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

_MONTHS = (
    "januari", "februari", "maret", "april", "mei", "juni", "juli", "agustus", "september", "oktober", "november",
    "desember",
)  # fmt: skip

BAD, NEW, CHANGED, SAME = "bad", "new", "changed", "same"
_LABELS = {BAD: "Salah", NEW: "Baru", CHANGED: "Berubah", SAME: "Tetap"}


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell: the column's heading, what stands there, and how to mend it."""

    column: str
    value: str
    message: str


@dataclass
class CheckedRow:
    """A row held against what is stored."""

    line: int
    values: dict[str, str]
    faults: list[Fault] = field(default_factory=list)
    state: str = SAME
    remark: str = ""
    # What the services are called with; filled only where the row has no fault.
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def state_label(self) -> str:
        """The state in words."""
        return _LABELS[self.state]

    @property
    def is_bad(self) -> bool:
        """Tell whether the row stops the import."""
        return self.state == BAD

    @property
    def is_new(self) -> bool:
        """Tell whether the row adds something."""
        return self.state == NEW

    @property
    def is_changed(self) -> bool:
        """Tell whether the row changes something."""
        return self.state == CHANGED

    def refuse(self, column: str, value: str, message: str) -> None:
        """Note a fault."""
        self.state = BAD
        self.faults.append(Fault(column, value, message))


class CellFault(Exception):
    """A cell can't be understood; the message follows the column's heading."""


def read_day(text: str) -> datetime.date | None:
    """Read a day: 2026-10-01, 01/10/2026, 1-10-2026 or 1 Oktober 2026; empty is None.

    Raises:
        CellFault: it is none of these.
    """
    plain = re.sub(r"\s+", " ", text.strip().lower())
    if not plain:
        return None
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", plain)
    if found:
        parts = (found[1], found[2], found[3])
    elif found := re.fullmatch(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})", plain):
        parts = (found[3], found[2], found[1])
    elif (found := re.fullmatch(r"(\d{1,2}) ([a-z]+) (\d{4})", plain)) and found[2] in _MONTHS:
        parts = (found[3], str(_MONTHS.index(found[2]) + 1), found[1])
    else:
        raise CellFault("bukan tanggal. Tulis seperti 1 Oktober 2026 atau 01/10/2026.")
    try:
        return datetime.date(*(int(part) for part in parts))
    except ValueError as fault:
        raise CellFault("bukan tanggal yang ada. Periksa hari dan bulannya.") from fault


def read_degrees(text: str, limit: int) -> Decimal | None:
    """Read degrees with comma or full stop; empty is None.

    Raises:
        CellFault: no number, or beyond the limit.
    """
    if not text.strip():
        return None
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as fault:
        raise CellFault("bukan angka. Tulis derajat, misalnya -6,9534.") from fault
    if not value.is_finite() or abs(value) > limit:
        raise CellFault(f"harus di antara -{limit} dan {limit}.")
    return value.quantize(Decimal("0.00001"))


def likely(text: str, known: Iterable[str]) -> str:
    """Return a question that proposes the nearest known spelling, or nothing."""
    near = difflib.get_close_matches(text.lower(), list(known), n=1, cutoff=0.75)
    return f" Maksud Anda {near[0]}?" if near else ""


def day_text(day: datetime.date | None) -> str:
    """Write a day as people read it."""
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}" if day is not None else "kosong"
