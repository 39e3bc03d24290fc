"""Writing of days off: one by one, or taken from the proposal of a year's national holidays."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import holidays
from django.db import IntegrityError, transaction

from wbbm.organisasi.errors import OrganisationError
from wbbm.organisasi.models import Holiday, HolidayYear, Unit, User

from .audit import record
from .units import admin_posting

YEARS = range(2020, 2101)
_NAME_LIMIT = 120


@dataclass(frozen=True)
class Proposal:
    """A national day off of the library, and whether the unit has the day already."""

    day: datetime.date
    name: str
    is_known: bool


def propose_holidays(unit: Unit, year: int) -> tuple[Proposal, ...]:
    """List a year's national days off and collective leave; nothing is stored, the decree of the year decides."""
    if year not in YEARS:
        raise OrganisationError(f"Pilih tahun {YEARS[0]} sampai {YEARS[-1]}.")
    found = holidays.country_holidays("ID", years=year, language="id", categories=("government", "public"))
    paths = [*unit.ancestor_paths, unit.path]
    known = set(Holiday.objects.filter(day__year=year, unit__path__in=paths).values_list("day", flat=True))
    return tuple(Proposal(day, name[:_NAME_LIMIT], day in known) for day, name in sorted(found.items()))


def add_holiday(*, unit: Unit, day: datetime.date, name: str, by: User) -> Holiday:
    """Record a day off at a unit and everything below it.

    Raises:
        NotYourUnit: the unit is outside the admin's reach.
        OrganisationError: the day is recorded already, or has no name.
    """
    posting = admin_posting(by, unit)
    name = _name(name)
    try:
        with transaction.atomic():
            holiday = Holiday.objects.create(unit=unit, day=day, name=name)
            changes = {"day": [None, str(day)]}
            record("holiday.recorded", by=by, posting=posting, about=holiday, unit=unit, changes=changes)
    except IntegrityError as fault:
        raise OrganisationError("Hari libur satuan ini pada tanggal itu sudah ada.") from fault
    return holiday


def change_holiday(*, holiday: Holiday, name: str, is_active: bool, by: User) -> Holiday:
    """Correct the name of a day off, or take it back; due days that were set stay as they are."""
    posting = admin_posting(by, holiday.unit)
    name = _name(name)
    changes = {"name": [holiday.name, name], "is_active": [holiday.is_active, is_active]}
    with transaction.atomic():
        holiday.name, holiday.is_active = name, is_active
        holiday.save(update_fields=["name", "is_active"])
        record("holiday.changed", by=by, posting=posting, about=holiday, unit=holiday.unit, changes=changes)
    return holiday


def take_proposals(*, unit: Unit, year: int, days: Iterable[datetime.date], by: User) -> int:
    """Record the chosen days of the year's proposal at the unit; return how many were new."""
    admin_posting(by, unit)
    wanted = set(days)
    chosen = [each for each in propose_holidays(unit, year) if each.day in wanted and not each.is_known]
    with transaction.atomic():
        for each in chosen:
            add_holiday(unit=unit, day=each.day, name=each.name, by=by)
    return len(chosen)


def confirm_year(*, unit: Unit, year: int, by: User) -> bool:
    """Call the year's list of days off complete, joint leave included; tell whether that is new.

    Until then due days that touch the year are an estimate. Days may still be added or taken back afterwards.

    Raises:
        NotYourUnit: the unit is outside the admin's reach.
        OrganisationError: a year that can't be meant, or no day off was recorded for it yet.
    """
    posting = admin_posting(by, unit)
    if year not in YEARS:
        raise OrganisationError(f"Pilih tahun {YEARS[0]} sampai {YEARS[-1]}.")
    if not Holiday.objects.in_force().holding_at(unit).filter(day__year=year).exists():
        raise OrganisationError("Catat dulu hari libur dan cuti bersama tahun itu, baru tetapkan daftarnya.")
    with transaction.atomic():
        row, is_new = HolidayYear.objects.get_or_create(unit=unit, year=year, defaults={"confirmed_by": by})
        if is_new:
            record("holiday.year-confirmed", by=by, posting=posting, about=row, unit=unit)
    return is_new


def _name(text: str) -> str:
    name = text.strip()
    if not name or "\0" in name:
        raise OrganisationError("Tulis nama hari liburnya.")
    return name[:_NAME_LIMIT]
