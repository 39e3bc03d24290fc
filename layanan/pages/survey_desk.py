"""What the desk sees of a unit's surveys: tokens by batch, the register, how many were served."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

import segno
from django.conf import settings
from django.core.paginator import Page, Paginator
from django.urls import reverse
from django.utils import dateformat
from django.utils.safestring import SafeString, mark_safe

from layanan.models import Bundle, ServedMonth, SurveyContact, TokenBatch
from layanan.services.survey_register import KEEP_DAYS
from layanan.services.survey_tokens import SLIP_COUNTS
from layanan.survey_codes import grouped
from layanan.survey_maths import month_of, shifted
from layanan.surveyed import Surveyed, service_name, services_of
from wbbm.organisasi.models import Unit, User

MOST_BATCHES = 30
SERVED_MONTHS = 6
CONTACTS_A_PAGE = 50


@dataclass(frozen=True)
class BatchLine:
    """A batch: how many tokens, how many used, whether it still holds."""

    batch: TokenBatch
    service: str
    made: int
    used: int
    can_stop: bool


@dataclass(frozen=True)
class ServedLine:
    """How many were served in a month; empty where nobody has said it."""

    key: str
    name: str
    served: int | None


@dataclass(frozen=True)
class Desk:
    """The desk's page."""

    unit: Unit
    services: tuple[Surveyed, ...]
    bundles: tuple[tuple[str, str], ...]
    counts: tuple[int, ...]
    batches: tuple[BatchLine, ...]
    contacts: int
    keep_days: int
    served: tuple[ServedLine, ...]
    # Numbers of the forms: one sent twice makes one batch.
    slips_number: uuid.UUID


def read_desk(unit: Unit, user: User, day: datetime.date) -> Desk:
    """Read the desk's page (three queries)."""
    rows = TokenBatch.objects.visible_to(user).of_unit(unit).with_counts()[:MOST_BATCHES]
    known = {row.month: row.served for row in ServedMonth.objects.filter(unit=unit)}
    months = [shifted(month_of(day), -number) for number in range(SERVED_MONTHS)]
    return Desk(
        unit=unit,
        services=services_of(unit),
        bundles=tuple((choice.value, str(choice.label)) for choice in Bundle),
        counts=SLIP_COUNTS,
        batches=tuple(_line(row, day) for row in rows),
        contacts=SurveyContact.objects.visible_to(user).of_unit(unit).kept().count(),
        keep_days=KEEP_DAYS,
        served=tuple(
            ServedLine(f"{month:%Y-%m}", dateformat.format(month, "M Y"), known.get(month)) for month in months
        ),
        slips_number=uuid.uuid4(),
    )


def _line(batch: TokenBatch, day: datetime.date) -> BatchLine:
    made, used = batch.made, batch.used  # type: ignore[attr-defined]  # annotated by with_counts
    can_stop = not batch.is_screen and batch.expires_on >= day and used < made
    return BatchLine(batch, service_name(batch.service), made, used, can_stop)


@dataclass(frozen=True)
class CodeSlip:
    """One code as it is printed or shown: the address, the code, and the picture."""

    code: str
    address: str

    @property
    def short_address(self) -> str:
        """The address as a person types it."""
        return self.address.split("://", 1)[-1]

    @property
    def picture(self) -> SafeString:
        """The address as a QR code (SVG without styles)."""
        drawn = segno.make(self.address, error="m").svg_inline(
            border=2, omitsize=True, svgclass="zi-qr", lineclass=None, title="Kode QR survei"
        )
        return mark_safe(drawn)  # noqa: S308 (drawn by segno from our own address)


def code_slip(code: str) -> CodeSlip:
    """Return a code with its short address."""
    shown = grouped(code)
    return CodeSlip(shown, settings.SITE_URL + reverse("layanan:survey-answer", args=[shown]))


def read_contacts(unit: Unit, user: User, number: str) -> Page[SurveyContact]:
    """Read a page of the register (two queries)."""
    rows = SurveyContact.objects.visible_to(user).of_unit(unit).kept()
    return Paginator(rows, CONTACTS_A_PAGE).get_page(number)
