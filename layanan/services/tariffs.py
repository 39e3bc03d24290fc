"""Writing of tariffs: a new one is added with its first day, and never overwrites the one before it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from layanan.access import posting_to_keep
from layanan.models import Tariff
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record


@dataclass(frozen=True)
class TariffFacts:
    """What is decided about a tariff; no amount means free."""

    amount: int
    legal_basis: str
    valid_from: datetime.date
    valid_until: datetime.date | None = None
    note: str = ""


def add_tariff(*, unit: Unit, key: str, facts: TariffFacts, by: User) -> Tariff:
    """Add a tariff that holds at the unit and everything below it; the unit's own one before it ends the day before.

    Raises:
        NotAllowed: the person keeps no tariffs there.
        DomainError: the key is unknown, or a tariff begins on that day already.
    """
    posting = allowed(by, unit)
    like = Tariff.objects.filter(key=key).order_by("pk").first()
    if like is None:
        raise DomainError("Tarif ini tidak dikenal. Pilih dari daftarnya.")
    if facts.valid_until is not None and facts.valid_until < facts.valid_from:
        raise DomainError("Hari terakhir tidak boleh sebelum hari pertama.")
    try:
        with transaction.atomic():
            made = Tariff.objects.create(
                unit=unit, key=key, service=like.service, name=like.name, words=like.words, position=like.position,
                amount=facts.amount, is_free=facts.amount == 0, legal_basis=facts.legal_basis, note=facts.note,
                valid_from=facts.valid_from, valid_until=facts.valid_until,
            )  # fmt: skip
            _end_before(made, unit)
            changes = {"amount": [None, facts.amount], "valid_from": [None, str(facts.valid_from)]}
            record("tariff.added", by=by, posting=posting, about=made, unit=unit, changes=changes)
    except IntegrityError as fault:
        raise DomainError("Tarif yang berlaku mulai hari itu sudah ada. Pilih hari lain.") from fault
    return made


def _end_before(made: Tariff, unit: Unit) -> None:
    """Let what the unit had before end on the day before; the national tariff is left as it is."""
    assert made.valid_from is not None
    earlier = Tariff.objects.filter(unit=unit, key=made.key, valid_from__lt=made.valid_from)
    last = made.valid_from - datetime.timedelta(days=1)
    earlier.filter(valid_until__isnull=True).update(valid_until=last)
    earlier.filter(valid_until__gte=made.valid_from).update(valid_until=last)


def end_tariff(*, tariff: Tariff, last_day: datetime.date, by: User) -> None:
    """Let a tariff of a unit end; what holds above it counts again from the next day.

    Raises:
        NotAllowed: the person keeps no tariffs there, or the tariff is national.
        DomainError: the day lies before its first day.
    """
    if tariff.unit is None:
        raise NotAllowed("Tarif nasional tidak diubah di sini. Catat tarif baru yang berlaku di satuan Anda.")
    posting = allowed(by, tariff.unit)
    if tariff.valid_from is not None and last_day < tariff.valid_from:
        raise DomainError("Hari terakhir tidak boleh sebelum hari pertama.")
    if tariff.valid_until == last_day:
        return
    with transaction.atomic():
        Tariff.objects.filter(pk=tariff.pk).update(valid_until=last_day)
        changes = {"valid_until": [str(tariff.valid_until or ""), str(last_day)]}
        record("tariff.ended", by=by, posting=posting, about=tariff, unit=tariff.unit, changes=changes)


def allowed(by: User, unit: Unit) -> Posting:
    """Return the posting by which the person keeps tariffs at the unit; refuse everybody else."""
    posting = posting_to_keep(by, unit)
    if posting is None:
        raise NotAllowed("Tarif dicatat oleh admin Polres atau satuan di atasnya.")
    return posting
