"""One-time tokens: printed as slips, or shown one at a time on the desk's screen. The codes are kept nowhere."""

from __future__ import annotations

import datetime
import uuid

from django.db import transaction

from layanan.models import Bundle, SurveyToken, TokenBatch
from layanan.survey_access import posting_at_desk
from layanan.survey_codes import hashed, new_code
from layanan.surveyed import services_of
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

# Ten slips are one sheet of A4.
SLIP_COUNTS = (10, 20, 50, 100)
SLIP_DAYS = 60
# A code on the screen is scanned at once; the person may answer at home.
SCREEN_DAYS = 3
_AT_DESK = "Kode survei dibagikan oleh operator atau pimpinan satuan ini."


def make_slips(
    *, unit: Unit, service: str, bundle: str, count: int, number: uuid.UUID, by: User
) -> tuple[TokenBatch, list[str]]:
    """Make a batch of tokens; return it with its codes, which nobody can read again later.

    Args:
        number: of the form; a form that is sent twice makes one batch.

    Raises:
        NotAllowed: the person doesn't hand out tokens here.
        DomainError: unknown service, survey or count.
        InvalidTransition: the batch was made before; its codes were on the page that was shown then.
    """
    posting = _at_desk(unit, by)
    _check(unit, service, bundle)
    if count not in SLIP_COUNTS:
        raise DomainError("Pilih jumlah lembar kode dari daftar.")
    today = local_day(unit)
    with transaction.atomic():
        batch, is_new = TokenBatch.objects.get_or_create(
            pk=number,
            defaults={
                "unit": unit,
                "service": service,
                "bundle": bundle,
                "is_screen": False,
                "issued_on": today,
                "expires_on": today + datetime.timedelta(days=SLIP_DAYS),
            },
        )
        if not is_new:
            raise InvalidTransition(
                "Kode ini sudah dibuat dan hanya tampil sekali. Bila belum sempat tercetak, hentikan kumpulan kode itu "
                "lalu buat yang baru."
            )
        codes = _add_tokens(batch, count)
        record("survey.slips-made", by=by, about=batch, unit=unit, posting=posting, changes={"count": [None, count]})
    return batch, codes


def show_on_screen(*, unit: Unit, service: str, bundle: str, by: User) -> tuple[TokenBatch, str]:
    """Make one token for the person at the desk; return its batch and its code.

    The trail gets one line a day, not one for each token: a moment for each would tell who answered what.

    Raises:
        NotAllowed: the person doesn't hand out tokens here.
        DomainError: unknown service or survey.
    """
    posting = _at_desk(unit, by)
    _check(unit, service, bundle)
    today = local_day(unit)
    with transaction.atomic():
        batch, is_new = TokenBatch.objects.get_or_create(
            unit=unit,
            service=service,
            bundle=bundle,
            is_screen=True,
            issued_on=today,
            defaults={"expires_on": today + datetime.timedelta(days=SCREEN_DAYS)},
        )
        (code,) = _add_tokens(batch, 1)
        if is_new:
            record("survey.screen-opened", by=by, about=batch, unit=unit, posting=posting)
    return batch, code


def stop_batch(*, batch: TokenBatch, by: User) -> None:
    """Let the unused slips of a batch expire at once: they were lost, or never printed.

    Raises:
        NotAllowed: the person doesn't hand out tokens here.
        InvalidTransition: they have expired already.
    """
    posting = _at_desk(batch.unit, by)
    today = local_day(batch.unit)
    over = today - datetime.timedelta(days=1)
    with transaction.atomic():
        if not TokenBatch.objects.filter(pk=batch.pk, is_screen=False, expires_on__gte=today).update(expires_on=over):
            raise InvalidTransition("Slip ini sudah tidak berlaku.")
        changes = {"expires_on": [batch.expires_on.isoformat(), over.isoformat()]}
        record("survey.slips-stopped", by=by, about=batch, unit=batch.unit, posting=posting, changes=changes)


def _add_tokens(batch: TokenBatch, count: int) -> list[str]:
    codes = [new_code() for _ in range(count)]
    # In the order of their hashes: where a slip lies on the sheet tells nothing of its row.
    rows = sorted((SurveyToken(code_hash=hashed(code), batch=batch) for code in codes), key=lambda row: row.code_hash)
    SurveyToken.objects.bulk_create(rows)
    return codes


def _at_desk(unit: Unit, by: User) -> Posting:
    posting = posting_at_desk(by, unit)
    if posting is None:
        raise NotAllowed(_AT_DESK)
    return posting


def _check(unit: Unit, service: str, bundle: str) -> None:
    if service not in {known.code for known in services_of(unit)}:
        raise DomainError("Pilih layanan dari daftar.")
    if bundle not in Bundle.values:
        raise DomainError("Pilih survei dari daftar.")
