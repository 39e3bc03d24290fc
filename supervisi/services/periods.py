"""Periods: made, changed, found by day; services/closing.py closes them."""

from __future__ import annotations

import datetime

from django.db import transaction

from supervisi.models import Period, PeriodKind
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.services.audit import record


def admin_of(by: User, unit: Unit) -> Posting:
    """Return the admin posting over the unit.

    Raises:
        NotAllowed: there is none.
    """
    posting = by.scope.posting_over(unit, Role.ADMIN)
    if posting is None:
        raise NotAllowed("Periode diatur oleh admin satuan ini atau satuan di atasnya.")
    return posting


def check_period(
    *, unit: Unit, kind: str, first_day: datetime.date, last_day: datetime.date, pk: int | None = None
) -> None:
    """Check that no period of the kind overlaps along the unit's line of the tree.

    Raises:
        DomainError: it ends before it begins, or another one overlaps.
    """
    if last_day < first_day:
        raise DomainError("Hari terakhir tidak boleh sebelum hari pertama.")
    others = Period.objects.filter(kind=kind, first_day__lte=last_day, last_day__gte=first_day)
    if pk is not None:
        others = others.exclude(pk=pk)
    for other in others.select_related("unit"):
        if unit.is_within(other.unit.path) or other.unit.is_within(unit.path):
            raise DomainError(f"Bertumpang dengan {other.name} milik {other.unit}. Ubah tanggalnya.")


def create_period(
    *, unit: Unit, name: str, kind: str, first_day: datetime.date, last_day: datetime.date, by: User
) -> Period:
    """Add a period to a unit; it holds for everything below."""
    posting = admin_of(by, unit)
    if kind not in PeriodKind.values:
        raise DomainError("Jenis periode tidak dikenal. Pilih tahun atau triwulan.")
    with transaction.atomic():
        check_period(unit=unit, kind=kind, first_day=first_day, last_day=last_day)
        period = Period.objects.create(unit=unit, name=name.strip(), kind=kind, first_day=first_day, last_day=last_day)
        record("period.created", by=by, posting=posting, about=period, unit=unit)
    return period


def update_period(*, period: Period, name: str, first_day: datetime.date, last_day: datetime.date, by: User) -> Period:
    """Rename a period; its days change only while no sheet hangs on it."""
    posting = admin_of(by, period.unit)
    moved = (first_day, last_day) != (period.first_day, period.last_day)
    if moved and period.checklists.exists():
        raise DomainError("Periode ini sudah memiliki lembar; harinya tidak dapat diubah lagi.")
    if not period.is_open:
        raise DomainError("Periode ini sudah ditutup dan tidak dapat diubah.")
    with transaction.atomic():
        check_period(unit=period.unit, kind=period.kind, first_day=first_day, last_day=last_day, pk=period.pk)
        Period.objects.filter(pk=period.pk).update(name=name.strip(), first_day=first_day, last_day=last_day)
        record("period.changed", by=by, posting=posting, about=period, unit=period.unit)
    period.refresh_from_db()
    return period


def period_around(unit: Unit, day: datetime.date, kind: str) -> Period | None:
    """Return the period of the kind that holds for the unit on the day."""
    return Period.objects.holding_for(unit).around(day).filter(kind=kind).order_by("-unit__path").first()
