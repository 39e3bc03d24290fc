"""Loading of the tariffs and standards that ship. Amounts that were loaded once are never changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction

from layanan.catalogue_files import TariffEntry, read_tariffs, read_templates
from layanan.models import ServiceTemplate, Tariff
from wbbm.errors import DomainError


class TariffChanged(DomainError):
    """A file was changed under a tariff that is loaded already."""


@dataclass(frozen=True)
class Loaded:
    """How many rows are new or changed."""

    templates: int
    tariffs: int


def load_catalogue() -> Loaded:
    """Bring the national rows in line with the files; loading again changes nothing (two queries).

    Raises:
        TariffChanged: the amount or the legal basis of a loaded tariff was changed in the file.
    """
    with transaction.atomic():
        return Loaded(_load_templates(), _load_tariffs())


def _load_templates() -> int:
    known = {row.code: row for row in ServiceTemplate.objects.filter(unit__isnull=True)}
    fresh, moved = [], 0
    for entry in read_templates():
        facts = asdict(entry)
        row = known.get(entry.code)
        if row is None:
            fresh.append(ServiceTemplate(version=1, **facts))
        elif any(getattr(row, name) != value for name, value in facts.items()):
            ServiceTemplate.objects.filter(pk=row.pk).update(**facts, version=row.version + 1)
            moved += 1
    ServiceTemplate.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh) + moved


def _load_tariffs() -> int:
    known = {(row.key, row.valid_from): row for row in Tariff.objects.filter(unit__isnull=True)}
    fresh, moved = [], 0
    for entry in read_tariffs():
        row = known.get((entry.key, entry.valid_from))
        if row is None:
            fresh.append(Tariff(**asdict(entry)))
            continue
        _refuse_other_amount(row, entry)
        facts = asdict(entry)
        if any(getattr(row, name) != value for name, value in facts.items()):
            Tariff.objects.filter(pk=row.pk).update(**facts)
            moved += 1
    Tariff.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh) + moved


def _refuse_other_amount(row: Tariff, entry: TariffEntry) -> None:
    if (row.amount, row.legal_basis) != (entry.amount, entry.legal_basis):
        raise TariffChanged(
            f"tariffs.yaml: {entry.key} berubah, padahal sudah dimuat sebagai {row.price} ({row.legal_basis}). "
            "Tulis tarif baru dengan `from`, dan beri yang lama `until`."
        )
