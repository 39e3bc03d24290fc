"""What a plan is asked for, and what a person corrected on its page."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from supervisi.models import PlanLock
from supervisi.scoring.instrument import Instrument
from supervisi.scoring.plan_options import MOST_HALF_DAYS
from supervisi.services.plan_entries import Change
from supervisi.services.plans import Wish

# As it stands in the address, and as it is read.
MARGINS = {"0": "tanpa cadangan", "0,5": "0,50 poin", "1": "1,00 poin", "2": "2,00 poin"}
USUAL_MARGIN = "0,5"


def number(text: str) -> Fraction:
    """Read one of the margins."""
    return Fraction(text.replace(",", "."))


def read_wish(data: Mapping[str, str], instrument: Instrument) -> tuple[Wish, str]:
    """Return what is asked for, and the margin as it stands in the address; anything unknown is the usual."""
    codes = [rule.code for rule in instrument.predicates]
    predicate, margin = data.get("predikat", ""), data.get("cadangan", "")
    margin = margin if margin in MARGINS else USUAL_MARGIN
    return Wish(predicate if predicate in codes else codes[-1], number(margin)), margin


@dataclass
class Corrections:
    """What was changed, what could not be read, and what was typed there."""

    changes: dict[str, Change] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)


def days_text(half_days: int) -> str:
    """Write half days as days: 3, 1,5."""
    return f"{half_days // 2},5" if half_days % 2 else str(half_days // 2)


def read_corrections(data: Mapping[str, str], instrument: Instrument, period_end: datetime.date) -> Corrections:
    """Read the fields of the page; what stands as it was shown is left alone.

    Args:
        period_end: a lock until a day that was not given yet begins after the period.
    """
    found = Corrections()
    for item in instrument.items:
        code = item.code
        fields: dict[str, Any] = {}
        days = _moved(data, "hari", code)
        if days is not None:
            half_days = read_half_days(days)
            if half_days is None and days:
                found.faults[code] = "tulis hari kerja, misalnya 3 atau 1,5."
                found.typed[code] = days
            else:
                fields["half_days"] = half_days
        owner = _moved(data, "pelaksana", code)
        if owner is not None:
            fields["owner_title"] = owner
        fields |= _lock(data, code, period_end, found)
        if fields:
            found.changes[code] = Change(fields)
    return found


def _moved(data: Mapping[str, str], name: str, code: str) -> str | None:
    """Return what was typed where it differs from what was shown; None where nothing was."""
    typed = data.get(f"{name}-{code}")
    if typed is None or typed.strip() == data.get(f"semula-{name}-{code}", ""):
        return None
    return typed.strip()


def read_half_days(text: str) -> int | None:
    """Read days, in halves, with comma or full stop."""
    text = text.replace(",", ".")
    if len(text) > 6 or not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    half_days = 2 * Fraction(text if not text.startswith(".") else f"0{text}")
    return int(half_days) if half_days.denominator == 1 and 1 <= half_days <= MOST_HALF_DAYS else None


def _lock(data: Mapping[str, str], code: str, period_end: datetime.date, found: Corrections) -> dict[str, Any]:
    lock, day = _moved(data, "kunci", code), _moved(data, "sejak", code)
    if lock is None and day is None:
        return {}
    chosen = data.get(f"kunci-{code}", "")
    if chosen != PlanLock.NOT_BEFORE:
        return {"lock": chosen} if lock is not None else {}
    text = data.get(f"sejak-{code}", "")
    try:
        until = datetime.date.fromisoformat(text) if text else period_end + datetime.timedelta(days=1)
    except ValueError:
        found.faults[code] = "pilih tanggalnya."
        return {}
    return {"lock": chosen, "not_before": until}
