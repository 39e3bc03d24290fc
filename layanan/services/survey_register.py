"""What the desk notes: served people who agree to be called, and how many were served."""

from __future__ import annotations

import datetime
import re

from django.db import transaction

from layanan.models import ServedMonth, SurveyContact
from layanan.models.surveys import SurveyContactQuerySet
from layanan.survey_access import posting_at_desk
from layanan.survey_maths import month_of
from layanan.surveyed import services_of
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import local_day, zone_day
from wbbm.organisasi.models import Posting, TimeZone, Unit, User
from wbbm.organisasi.services.audit import record

NAME_LIMIT = 80
# Names and phones are kept so long (one quarter of answers can be checked by the national team), then emptied.
KEEP_DAYS = 90
_AT_ONCE = 500
MOST_SERVED = 1_000_000
_PHONE = re.compile(r"(\+62|62|0)[0-9]{8,12}")
_AT_DESK = "Catatan ini diisi operator atau pimpinan satuan ini."


def note_contact(*, unit: Unit, service: str, name: str, phone: str, agrees: bool, by: User) -> SurveyContact:
    """Note a served person who agrees; without a moment, and without a line in the trail, which would have one.

    The same phone on the same day and service is one person.

    Raises:
        NotAllowed: the person doesn't serve this desk.
        DomainError: no agreement, no usable name or phone, unknown service.
    """
    _at_desk(unit, by)
    plain = " ".join(name.replace("\0", "").split())
    digits = re.sub(r"[\s.()-]", "", phone)
    if not agrees:
        raise DomainError("Catat hanya bila orangnya setuju, lalu beri centang.")
    if not 2 <= len(plain) <= NAME_LIMIT:
        raise DomainError(f"Tulis nama 2 sampai {NAME_LIMIT} huruf.")
    if not _PHONE.fullmatch(digits):
        raise DomainError("Tulis nomor telepon Indonesia, misalnya 0812 3456 7890.")
    if service not in {known.code for known in services_of(unit)}:
        raise DomainError("Pilih layanan dari daftar.")
    found, _ = SurveyContact.objects.get_or_create(
        unit=unit, service=service, phone=digits, noted_on=local_day(unit), defaults={"name": plain}
    )
    return found


def remove_contact(*, contact: SurveyContact, by: User) -> None:
    """Empty one line of the register: the person has changed his mind.

    Raises:
        NotAllowed: the person doesn't serve this desk.
    """
    posting = _at_desk(contact.unit, by)
    with transaction.atomic():
        if SurveyContact.objects.kept().filter(pk=contact.pk).update(name="", phone=""):
            record("survey.contact-removed", by=by, unit=contact.unit, posting=posting)


def old_contacts(now: datetime.datetime) -> SurveyContactQuerySet:
    """Return the lines of the register whose names have been kept long enough, each in its unit's day."""
    found = SurveyContact.objects.none()
    for zone in TimeZone.values:
        limit = zone_day(zone, now) - datetime.timedelta(days=KEEP_DAYS)
        found |= SurveyContact.objects.kept().noted_before(limit).filter(unit__time_zone=zone)
    return found


def empty_old_contacts(now: datetime.datetime) -> int:
    """Empty names and phones that are older than KEEP_DAYS; the count of a day stays. Safe to do twice."""
    some = list(old_contacts(now).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    return SurveyContact.objects.kept().filter(pk__in=some).update(name="", phone="")


def set_served(*, unit: Unit, month: datetime.date, served: int, by: User) -> None:
    """Say how many people the unit served in a month.

    Raises:
        NotAllowed: the person doesn't serve this desk.
        DomainError: a month that has not begun, or a number that can't be.
    """
    posting = _at_desk(unit, by)
    if month != month_of(month) or month > local_day(unit):
        raise DomainError("Pilih bulan yang sudah berjalan.")
    if not 0 <= served <= MOST_SERVED:
        raise DomainError("Tulis jumlah orang yang dilayani pada bulan itu, paling banyak satu juta.")
    with transaction.atomic():
        row, _ = ServedMonth.objects.get_or_create(unit=unit, month=month, defaults={"served": served, "by": by})
        old = row.served
        ServedMonth.objects.filter(pk=row.pk).update(served=served, by=by)
        record(
            "survey.served", by=by, about=row, unit=unit, posting=posting,
            changes={"month": [None, f"{month:%Y-%m}"], "served": [old, served]},
        )  # fmt: skip


def _at_desk(unit: Unit, by: User) -> Posting:
    posting = posting_at_desk(by, unit)
    if posting is None:
        raise NotAllowed(_AT_DESK)
    return posting
