"""What a resident does with a report: send it, open it by its code, add to it. Nothing here writes a trail or a log."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from layanan import report_crypto
from layanan.models.reports import ENDED, Report, ReportFile, ReportMessage, ReportRecipient, ReportSide
from layanan.report_tokens import FormToken, StaleForm
from layanan.services.report_flags import find_excess
from layanan.services.report_routing import Route
from layanan.services.report_tariffs import official_tariffs
from wbbm.errors import DomainError, InvalidTransition
from wbbm.organisasi.access import local_day
from wbbm.organisasi.working_days import read_calendar

# SP4N-LAPOR! verifies within three working days; the day of the outcome is the district's own promise.
VERIFY_DAYS = 3
TEXT_LIMIT = 6000
CONTACT_LIMIT = 120
MOST_MESSAGES = 200
_OTHER_WORDS = (
    "Formulir ini sudah terkirim dengan tulisan lain. Yang sekarang belum tersimpan; tekan tombolnya sekali lagi."
)


class NoRecipient(DomainError):
    """Nobody above what is complained about could read it: it is not stored."""

    status = 409
    code = "no-recipient"


@dataclass(frozen=True)
class Story:
    """What a resident wrote, checked."""

    kind: str
    text: str
    when: str = ""
    amount: int | None = None
    contact: str = ""


@dataclass(frozen=True)
class Sent:
    """What came of a send: the receipt code, and whether the form was sent before and said something else."""

    code: str
    report: Report
    differs: bool = False


def send_report(*, token: FormToken, route: Route, story: Story, photos: Sequence[bytes] = ()) -> Sent:
    """Store a report with its recipients; the same form again stores nothing and gives the same code.

    Raises:
        NoRecipient: nobody may read it; nothing is stored.
    """
    if route.desk is None:
        raise NoRecipient("Di portal ini belum ada pengawas di atas satuan itu. Laporan Anda tidak disimpan.")
    today = local_day(route.unit)
    calendar = read_calendar([route.desk])
    report = Report(
        pk=uuid.UUID(token.send_id),
        code_hash=report_crypto.code_hashes(token.code)[0],
        received_on=today,
        status_on=today,
        verify_by=calendar.add(route.desk, today, VERIFY_DAYS),
        answer_by=calendar.add(route.desk, today, settings.REPORT_RESULT_DAYS),
    )
    report.facts = report_crypto.seal_facts(_facts(route, story, today), place=f"report {report.pk}")
    try:
        with transaction.atomic():
            report.save(force_insert=True)
            rows = [ReportRecipient(report=report, posting=posting) for posting in route.recipients]
            ReportRecipient.objects.bulk_create(rows)
            _add(report, 1, ReportSide.RESIDENT, today, {"text": story.text}, photos)
    except IntegrityError:
        return _repeat(token, story)
    return Sent(token.code, report)


def _facts(route: Route, story: Story, today: datetime.date) -> dict[str, Any]:
    extra = [story.amount] if story.amount else []
    found = find_excess(story.text, extra, official_tariffs(route.unit, today))
    return {
        "kind": story.kind,
        "unit": route.unit.pk,
        "unit_path": route.unit.path,
        "away": route.away.path,
        "away_unit": route.away.pk,
        "unit_name": route.name,
        "accused": route.accused,
        "when": story.when,
        "amount": story.amount,
        "contact": story.contact,
        "excess": [[excess.amount, excess.tariff, excess.official] for excess in found],
    }


def _repeat(token: FormToken, story: Story) -> Sent:
    """Return what the same form sent at the same moment."""
    earlier = sent_before(token, story)
    if earlier is None:
        raise InvalidTransition("Laporan ini tidak dapat disimpan. Buka halaman lapor sekali lagi, lalu kirim lagi.")
    return earlier


def sent_before(token: FormToken, story: Story) -> Sent | None:
    """Return the report that the same form sent before; say so where its words were others."""
    report = find_by_code(token.code)
    if report is None:
        return None
    first = ReportMessage.objects.get(report=report, number=1)
    return Sent(token.code, report, differs=message_facts(first)["text"] != story.text)


def find_by_code(typed: str) -> Report | None:
    """Return the report of a code, or nothing: the same single query for every text of whatever form."""
    hashes = report_crypto.code_hashes(report_crypto.typed_code(typed))
    return Report.objects.with_code(hashes).first()


def add_to_report(*, report: Report, token: FormToken, text: str, photos: Sequence[bytes] = ()) -> bool:
    """Add a resident's message; return False where the same form was sent before.

    Raises:
        InvalidTransition: the report ended meanwhile.
        StaleForm: the same form was sent before, with other words.
        DomainError: the thread is full.
    """
    if not text and not photos:
        raise DomainError("Tulis keterangannya, atau pilih paling sedikit satu foto.")
    earlier = ReportMessage.objects.filter(pk=token.send_id).first()
    if earlier is not None:
        if message_facts(earlier)["text"] != text:
            raise StaleForm(_OTHER_WORDS)
        return False
    day = local_day_of(report)
    try:
        with transaction.atomic():
            number = take_number(report)
            _add(report, number, ReportSide.RESIDENT, day, {"text": text}, photos, uuid.UUID(token.send_id))
    except IntegrityError:
        # The same form twice at once: the other one came first.
        return False
    return True


def take_number(report: Report) -> int:
    """Take the next number of the thread, by a write that comes first."""
    free = Report.objects.filter(pk=report.pk, last_number__lt=MOST_MESSAGES).exclude(status__in=ENDED)
    if not free.update(last_number=F("last_number") + 1):
        raise InvalidTransition("Laporan ini sudah berakhir, atau percakapannya penuh. Buat laporan baru bila perlu.")
    return Report.objects.values_list("last_number", flat=True).get(pk=report.pk)


def local_day_of(report: Report) -> datetime.date:
    """Return the day that it is where the report is read (one query)."""
    recipient = report.recipients.select_related("posting__unit").first()
    if recipient is None:
        return report.received_on
    return local_day(recipient.posting.unit)


def add_message(report: Report, number: int, side: str, day: datetime.date, facts: dict[str, Any]) -> ReportMessage:
    """Store a message without photos, in the caller's transaction."""
    return _add(report, number, side, day, facts, ())


def _add(
    report: Report,
    number: int,
    side: str,
    day: datetime.date,
    facts: dict[str, Any],
    photos: Sequence[bytes],
    pk: uuid.UUID | None = None,
) -> ReportMessage:
    message = ReportMessage(pk=pk or uuid.uuid4(), report=report, number=number, side=side, day=day)
    message.facts = report_crypto.seal_facts(facts, place=f"message {message.pk} {report.pk} {number}")
    message.save(force_insert=True)
    for photo in photos:
        file = ReportFile(message=message)
        file.content = report_crypto.seal_photo(photo, place=f"photo {file.pk} {message.pk}")
        file.save(force_insert=True)
    return message


def report_facts(report: Report) -> dict[str, Any]:
    """Unseal what a report is about."""
    return report_crypto.unseal_facts(bytes(report.facts), place=f"report {report.pk}")


def message_facts(message: ReportMessage) -> dict[str, Any]:
    """Unseal a message."""
    place = f"message {message.pk} {message.report_id} {message.number}"
    return report_crypto.unseal_facts(bytes(message.facts), place=place)


def photo_bytes(file: ReportFile) -> bytes:
    """Unseal a photo."""
    return report_crypto.unseal_photo(bytes(file.content), place=f"photo {file.pk} {file.message_id}")
