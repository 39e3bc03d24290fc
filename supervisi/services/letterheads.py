"""Letterheads of units, entered by their admin."""

from __future__ import annotations

from django.db import transaction

from supervisi.models import Letterhead
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.models import Role, Unit, User
from wbbm.organisasi.services.audit import record

MOST_LINES = 6
_LONGEST = 80


def save_letterhead(*, unit: Unit, lines: str, address: str, town: str, by: User) -> Letterhead:
    """Enter or change the letterhead of a unit; documents made from now on bear it.

    Raises:
        NotAllowed: the person is not admin over the unit.
        DomainError: no line, too many, or one that does not fit.
    """
    posting = by.scope.posting_over(unit, Role.ADMIN)
    if posting is None:
        raise NotAllowed("Kop surat diisi oleh admin satuan ini atau di atasnya.")
    kept = [line.strip() for line in lines.splitlines() if line.strip()]
    if not 1 <= len(kept) <= MOST_LINES or max(map(len, kept)) > _LONGEST:
        raise DomainError(f"Isi 1 sampai {MOST_LINES} baris kop, masing-masing paling panjang {_LONGEST} huruf.")
    values = {"lines": "\n".join(kept), "address": address.strip(), "town": town.strip()}
    if not values["town"]:
        raise DomainError("Isi kota; ditulis di depan tanggal tanda tangan.")
    with transaction.atomic():
        before = Letterhead.objects.filter(unit=unit).values(*values).first() or dict.fromkeys(values, "")
        letterhead, _ = Letterhead.objects.update_or_create(unit=unit, defaults=values)
        changes = {name: [before[name], value] for name, value in values.items() if before[name] != value}
        record("letterhead.changed", by=by, posting=posting, about=letterhead, unit=unit, changes=changes)
    return letterhead
