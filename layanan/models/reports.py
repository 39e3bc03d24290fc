"""Reports of residents (laporan warga). Nothing here tells who, and no moment is finer than a day.

What was written is sealed (layanan/report_crypto.py); in the clear stands only what a query must ask for: the state,
days, and who may read. No key counts up: ids are random, and messages are numbered within their report alone.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.urls import reverse

from wbbm.organisasi.models import Posting, Role, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbbm.organisasi.models import User


class ReportKind(models.TextChoices):
    """What a report is about."""

    EXTORTION = "extortion", "Diminta uang"
    GRATUITY = "gratuity", "Pemberian kepada petugas"
    MISCONDUCT = "misconduct", "Perilaku petugas"
    SERVICE = "service", "Layanan"


class Accused(models.TextChoices):
    """Which office of the unit a report is about; decides who may read it (services/report_routing)."""

    OFFICER = "officer", "Petugas"
    LEADER = "leader", "Pimpinan satuan ini"
    INTEGRITY = "integrity", "Pengawas internal (Siwas, Propam)"


class ReportStatus(models.TextChoices):
    """States of a report (docs/alur-status.md)."""

    RECEIVED = "received", "Diterima"
    VERIFIED = "verified", "Diverifikasi"
    PROCESSING = "processing", "Diproses"
    ANSWERED = "answered", "Dijawab"
    CLOSED = "closed", "Selesai"
    UNPROVEN = "unproven", "Tidak terbukti"
    FORWARDED = "forwarded", "Diteruskan"


# From where each state is reached; every step says why.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    ReportStatus.VERIFIED: (ReportStatus.RECEIVED,),
    ReportStatus.PROCESSING: (ReportStatus.VERIFIED, ReportStatus.ANSWERED),
    ReportStatus.ANSWERED: (ReportStatus.PROCESSING,),
    ReportStatus.CLOSED: (ReportStatus.ANSWERED,),
    ReportStatus.UNPROVEN: (ReportStatus.VERIFIED, ReportStatus.PROCESSING),
    ReportStatus.FORWARDED: (ReportStatus.RECEIVED, ReportStatus.VERIFIED, ReportStatus.PROCESSING),
}
# Here an answer is owed.
IN_WORK = (ReportStatus.VERIFIED, ReportStatus.PROCESSING)
ENDED = (ReportStatus.CLOSED, ReportStatus.UNPROVEN, ReportStatus.FORWARDED)


class ReportQuerySet(models.QuerySet["Report"]):
    """Named reads over reports."""

    def visible_to(self, user: User) -> Self:
        """Keep reports of which a running posting of the person was made a recipient when they came.

        Nobody else sees even a count. Whoever meanwhile stands at the unit complained about is kept out on top of
        this: what that unit is stands sealed (services/report_desk.may_open).
        """
        held = [posting.pk for posting in user.scope.postings if posting.role == Role.INTEGRITY_OFFICER]
        # Not a join: a person who holds two of the postings would see it twice.
        mine = ReportRecipient.objects.filter(posting__in=held).values("report_id")
        return self.filter(pk__in=mine)

    def with_code(self, hashes: Iterable[str]) -> Self:
        """Keep the report of a code, by its keyed hashes."""
        return self.filter(code_hash__in=list(hashes))

    def in_status(self, status: str) -> Self:
        """Keep reports in a state."""
        return self.filter(status=status)

    def latest_first(self) -> Self:
        """Order by day; within a day in no order that tells anything."""
        return self.order_by("-received_on", "pk")


class Report(models.Model):
    """One report: state and days in the clear, everything else sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    code_hash = models.CharField(max_length=64, unique=True)
    received_on = models.DateField("diterima")
    status = models.CharField("status", max_length=12, choices=ReportStatus, default=ReportStatus.RECEIVED)
    status_on = models.DateField("status sejak")
    verify_by = models.DateField("diperiksa paling lambat")
    answer_by = models.DateField("dijawab paling lambat")
    # How many messages there are: numbers of the thread, and what recipients have not read yet.
    last_number = models.PositiveIntegerField(default=1)
    facts = models.BinaryField()

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = "laporan warga"
        verbose_name_plural = "laporan warga"

    def __str__(self) -> str:
        return "Laporan warga"

    def get_absolute_url(self) -> str:
        """Return the recipients' page."""
        return reverse("layanan:report-detail", args=[self.pk])


class ReportRecipient(models.Model):
    """A posting that may read a report; written when the report comes, never later."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.CASCADE, related_name="recipients")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+")
    # Up to which message it has been read, and told of.
    seen_number = models.PositiveIntegerField(default=0)
    told_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "penerima laporan"
        verbose_name_plural = "penerima laporan"
        constraints = [models.UniqueConstraint(fields=["report", "posting"], name="report_recipient_once")]

    def __str__(self) -> str:
        return "Penerima laporan"


class ReportSide(models.TextChoices):
    """Who wrote a message."""

    RESIDENT = "resident", "Pelapor"
    DESK = "desk", "Pengawas"


class ReportMessage(models.Model):
    """One message of the thread, sealed; its number is its place, its day is all that is known of when."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.CASCADE, related_name="messages")
    number = models.PositiveIntegerField()
    side = models.CharField(max_length=10, choices=ReportSide)
    day = models.DateField("hari")
    facts = models.BinaryField()

    class Meta:
        verbose_name = "pesan laporan"
        verbose_name_plural = "pesan laporan"
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="report_message_number")]

    def __str__(self) -> str:
        return f"Pesan {self.number}"


class ReportFileQuerySet(models.QuerySet["ReportFile"]):
    """Named reads over photos of reports."""

    def visible_to(self, user: User) -> Self:
        """Keep the photos of reports in sight."""
        return self.filter(message__report__in=Report.objects.visible_to(user).values("pk"))


class ReportFile(models.Model):
    """A photo that came with a message: encoded anew, without name or metadata, sealed.

    It lies in the database and not in the file store: a file has a time, and the store knows contents by their hash.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(ReportMessage, models.CASCADE, related_name="files")
    content = models.BinaryField()

    objects = ReportFileQuerySet.as_manager()

    class Meta:
        verbose_name = "foto laporan"
        verbose_name_plural = "foto laporan"

    def __str__(self) -> str:
        return "Foto laporan"


class ComplaintFigureQuerySet(models.QuerySet["ComplaintFigure"]):
    """Named reads over released figures."""

    def visible_to(self, user: User) -> Self:
        """Keep the figures of units that the person sees: they were released to be seen."""
        return self.filter(user.scope.reading_units("unit__path"))


class ComplaintFigure(models.Model):
    """How many reports a unit's officers received and settled in a year, as one of them released it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    year = models.PositiveSmallIntegerField("tahun")
    received = models.PositiveIntegerField("diterima")
    settled = models.PositiveIntegerField("selesai")
    in_time = models.PositiveIntegerField("selesai tepat waktu")
    released_by = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name="dirilis oleh")
    released_on = models.DateField("dirilis")

    objects = ComplaintFigureQuerySet.as_manager()

    class Meta:
        verbose_name = "angka pengaduan"
        verbose_name_plural = "angka pengaduan"
        constraints = [models.UniqueConstraint(fields=["unit", "year"], name="complaint_figure_once")]

    def __str__(self) -> str:
        return f"{self.unit} {self.year}"
