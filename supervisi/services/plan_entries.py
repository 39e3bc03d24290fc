"""What units know about the work at items: read for one unit with all above it, and corrected."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from supervisi import access
from supervisi.models import Checklist, Instrument, Item, PlanEntry, PlanLock
from supervisi.scoring.plan_options import MOST_HALF_DAYS
from supervisi.services.findings import TITLE_LIMIT
from supervisi.services.operations import is_storable
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

_FIELDS = ("half_days", "owner_title", "lock", "not_before")


@dataclass(frozen=True)
class Known:
    """What holds for one item at a unit, and the unit that said so."""

    half_days: int | None = None
    half_days_of: Unit | None = None
    owner_title: str = ""
    lock: PlanEntry | None = None


@dataclass(frozen=True)
class Change:
    """What a person changed of an item; fields that he left alone are missing."""

    fields: Mapping[str, Any]


def read_entries(instrument: Instrument, *units: Unit) -> list[PlanEntry]:
    """Read what holds at the units or above them (one query)."""
    return list(PlanEntry.objects.holding_for(instrument, *units).select_related("unit", "item"))


def known_at(unit: Unit, entries: Iterable[PlanEntry], today: datetime.date) -> dict[str, Known]:
    """Return what holds at the unit by item code: the nearest word counts, and every lock."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if not unit.is_within(entry.unit.path):
            continue
        known = found.setdefault(entry.item.code, {})
        if entry.half_days is not None:
            known |= {"half_days": entry.half_days, "half_days_of": entry.unit}
        if entry.owner_title:
            known["owner_title"] = entry.owner_title
        if entry.is_locked_on(today):
            known.setdefault("lock", entry)
    return {code: Known(**fields) for code, fields in found.items()}


def is_open_for_plans(checklist: Checklist) -> bool:
    """Tell whether a plan of the sheet may still be worked on: not final, and its period is open."""
    return not checklist.is_final and checklist.period.is_open


def save_entries(*, checklist: Checklist, changes: Mapping[str, Change], by: User, below: Unit | None = None) -> None:
    """Correct days, owners and locks of a sheet's items, at its unit or for all units below another one.

    Args:
        below: a unit above the sheet's: the correction then holds for all below it, and the sheet's unit gives up its
            own. A lock that is taken away is taken away where it stands.

    Raises:
        NotAllowed: the person may not correct there.
        InvalidTransition: the sheet is final or its period closed.
        DomainError: an unknown item, days or a date out of range, an unusable title.
    """
    place, posting = _place(checklist.unit, below, by)
    if not is_open_for_plans(checklist):
        raise InvalidTransition("Lembar ini sudah selesai; rencananya hanya dapat dibaca.")
    codes = [code for code in changes if len(code) <= 20 and is_storable(code)]
    items = {item.code: item for item in Item.objects.filter(instrument=checklist.instrument_id, code__in=codes)}
    if len(items) < len(changes):
        raise DomainError("Butir ini tidak ada pada lembar. Muat ulang halaman.")
    with transaction.atomic():
        for code, change in changes.items():
            _save(checklist.unit, place, items[code], _checked(change.fields), by, posting)


def _place(unit: Unit, below: Unit | None, by: User) -> tuple[Unit, Posting]:
    if below is None or below.pk == unit.pk:
        place, posting = unit, access.posting_to_estimate(by, unit)
    else:
        place = below
        posting = access.posting_to_estimate_below(by, below) if unit.is_strictly_under(below.path) else None
    if posting is None:
        raise NotAllowed("Upaya dikoreksi oleh pimpinan atau operator satuan, atau supervisor dari satuan di atas.")
    return place, posting


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields as they are stored."""
    days = fields.get("half_days")
    if days is not None and not 1 <= days <= MOST_HALF_DAYS:
        raise DomainError(f"Upaya setengah hari sampai {MOST_HALF_DAYS // 2} hari kerja.")
    title = fields.get("owner_title", "").strip()
    if len(title) > TITLE_LIMIT or not is_storable(title):
        raise DomainError(f"Jabatan pelaksana paling banyak {TITLE_LIMIT} huruf.")
    lock, day = fields.get("lock", ""), fields.get("not_before")
    if lock and lock not in PlanLock.values:
        raise DomainError("Pilih salah satu alasan yang ada.")
    if lock == PlanLock.NOT_BEFORE and day is None:
        raise DomainError("Tulis tanggalnya.")
    stored = dict(fields)
    if "owner_title" in fields:
        stored["owner_title"] = title
    if "lock" in fields:
        stored["not_before"] = day if lock == PlanLock.NOT_BEFORE else None
    return stored


def _save(unit: Unit, place: Unit, item: Item, fields: dict[str, Any], by: User, posting: Posting) -> None:
    own: dict[str, Any] = {name: fields[name] for name in ("half_days", "owner_title") if name in fields}
    if place.pk != unit.pk and own:
        # Else the unit's own word would go on hiding the one that was just given.
        _write(unit, item, dict[str, Any](dict.fromkeys(own)), by, posting, only_known=True)
    if fields.get("lock") == "":
        for entry in PlanEntry.objects.holding_for(item.instrument, unit).filter(item=item).exclude(lock=""):
            _unlock(entry, by)
        fields = own
    if fields:
        _write(place, item, fields, by, posting)


def _unlock(entry: PlanEntry, by: User) -> None:
    """Take a lock away where it stands, by the right that is needed there."""
    unit = entry.unit
    posting = access.posting_to_estimate_below(by, unit) or access.posting_to_estimate(by, unit)
    if posting is None:
        raise NotAllowed(f"Kunci ini dipasang {unit.name}; hanya satuan itu atau satuan di atasnya yang membukanya.")
    _write(unit, entry.item, {"lock": "", "not_before": None}, by, posting)


def _write(
    place: Unit, item: Item, fields: dict[str, Any], by: User, posting: Posting, *, only_known: bool = False
) -> None:
    """Write one entry, with its trace; one that says nothing any more goes."""
    fields = {name: "" if value is None and name == "owner_title" else value for name, value in fields.items()}
    old = PlanEntry.objects.filter(unit=place, item=item).first()
    if old is None and only_known:
        return
    before = {name: getattr(old, name) if old else None for name in fields}
    entry, _ = PlanEntry.objects.update_or_create(
        unit=place, item=item, defaults=fields | {"set_by": by, "posting": posting, "set_at": timezone.now()}
    )
    changes = {name: [_told(before[name]), _told(value)] for name, value in fields.items() if before[name] != value}
    if changes:
        changes["item"] = [None, item.code]
        record("plan.corrected", by=by, posting=posting, about=item, unit=place, changes=changes)
    if not any(getattr(entry, name) for name in _FIELDS):
        PlanEntry.objects.filter(pk=entry.pk).delete()


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, datetime.date) else value
