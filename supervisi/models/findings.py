"""Findings (temuan), what happened to each, and the files that prove it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Unit

from .checklists import DISCLOSED_STATUSES, Checklist
from .instruments import Item
from .visits import Visit, VisitStatus

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class Severity(models.TextChoices):
    """How serious a finding is."""

    SEVERE = "severe", "Berat"
    MODERATE = "moderate", "Sedang"
    MINOR = "minor", "Ringan"


# Working days from the hand-over, unless something else was said.
DUE_DAYS: dict[str, int] = {Severity.SEVERE: 7, Severity.MODERATE: 14, Severity.MINOR: 30}


class FindingStatus(models.TextChoices):
    """States of a finding (docs/alur-status.md)."""

    OPEN = "open", "Terbuka"
    ANSWERED = "answered", "Dijawab"
    RETURNED = "returned", "Dikembalikan"
    ACCEPTED = "accepted", "Diterima"
    CLOSED = "closed", "Ditutup"


# Here the unit must do something; only these can be late.
OWED_STATUSES = (FindingStatus.OPEN, FindingStatus.RETURNED)
# Here whoever supervises must do something.
WAITING_STATUSES = (FindingStatus.ANSWERED, FindingStatus.ACCEPTED)


class FindingQuerySet(models.QuerySet["Finding"]):
    """Named reads over findings."""

    def visible_to(self, user: User) -> Self:
        """Keep findings of overseen units; the unit itself sees them once they are handed over."""
        scope = user.scope
        own = scope.own_units("unit__path") & Q(handed_over_at__isnull=False)
        return self.filter(scope.overseen_units("unit__path") | own)

    def without_hidden(self, user: User) -> Self:
        """Drop the findings that the person's own unit must not know of yet."""
        return self.exclude(user.scope.own_units("unit__path") & Q(handed_over_at__isnull=True))

    def open(self) -> Self:
        """Keep findings that nobody has closed."""
        return self.exclude(status=FindingStatus.CLOSED)

    def owed(self) -> Self:
        """Keep findings that the unit must answer: handed over, not answered yet or returned."""
        return self.filter(status__in=OWED_STATUSES, handed_over_at__isnull=False)

    def waiting(self) -> Self:
        """Keep answered and accepted findings: whoever supervises comes next."""
        return self.filter(status__in=WAITING_STATUSES)

    def severe(self) -> Self:
        """Keep severe findings: they hold a verdict back once they are handed over."""
        return self.filter(severity=Severity.SEVERE)

    def same_weakness(self, unit: Unit, item_id: int) -> Self:
        """Keep findings at the item of the unit, the latest first."""
        return self.filter(unit=unit, item=item_id).order_by("-pk")

    def of_visit(self, visit: Visit) -> Self:
        """Keep findings that were recorded, seen again or tested again on the visit."""
        touched = FindingEvent.objects.filter(visit=visit).order_by().values("finding_id")
        return self.filter(Q(visit=visit) | Q(pk__in=touched))

    def due_first(self) -> Self:
        """Order by due day; what has none comes last."""
        return self.order_by(F("due_on").asc(nulls_last=True), "pk")


class Finding(models.Model):
    """A weakness found at a unit; its owner is an office, so that it survives rotation."""

    number = models.CharField("nomor", max_length=60, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="findings", verbose_name="satuan")
    # Visit and sheet where it was seen last.
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="findings")
    checklist = models.ForeignKey(Checklist, models.PROTECT, null=True, related_name="findings")
    item = models.ForeignKey(Item, models.PROTECT, null=True, related_name="+", verbose_name="butir")
    option_code = models.CharField("pilihan saat dicatat", max_length=10, blank=True)
    # The option that it would unlock, and by how much the sheet's score would rise, in 10⁻¹⁰.
    target_option = models.CharField("pilihan yang terbuka", max_length=10, blank=True)
    points = models.BigIntegerField("nilai yang terbuka", null=True, blank=True)
    severity = models.CharField("tingkat", max_length=10, choices=Severity)
    status = models.CharField(max_length=10, choices=FindingStatus, default=FindingStatus.OPEN)
    observation = models.TextField("yang ditemukan")
    recommendation = models.TextField("rekomendasi", blank=True)
    owner_unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan pemilik")
    owner_title = models.CharField("jabatan pemilik", max_length=120)
    due_days = models.PositiveSmallIntegerField("hari kerja", default=14)
    due_on = models.DateField("tenggat", null=True, blank=True)
    handed_over_at = models.DateTimeField("disampaikan", null=True)
    answered_at = models.DateTimeField("dijawab", null=True)
    closed_at = models.DateTimeField("ditutup", null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = "temuan"
        verbose_name_plural = "temuan"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["unit", "status", "due_on"], name="finding_board")]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Return the finding's page."""
        return reverse("supervisi:finding-detail", args=[self.pk])

    @property
    def is_severe(self) -> bool:
        """Tell whether the finding holds a verdict back."""
        return self.severity == Severity.SEVERE

    @property
    def is_closed(self) -> bool:
        """Tell whether the finding was closed."""
        return self.status == FindingStatus.CLOSED

    @property
    def is_owed(self) -> bool:
        """Tell whether the unit must do something."""
        return self.status in OWED_STATUSES and self.handed_over_at is not None

    def days_late(self, today: datetime.date) -> int:
        """Return by how many days the unit is late; an answer in time is never late."""
        if not self.is_owed or self.due_on is None:
            return 0
        return max(0, (today - self.due_on).days)

    @property
    def is_disclosed(self) -> bool:
        """Tell whether the unit may see option and points: its sheet was disclosed."""
        return self.checklist is not None and self.checklist.status in DISCLOSED_STATUSES


class FindingAct(models.TextChoices):
    """What can happen to a finding."""

    RECORDED = "recorded", "Dicatat"
    HANDED_OVER = "handed_over", "Disampaikan kepada satuan"
    ANSWERED = "answered", "Dijawab"
    ACCEPTED = "accepted", "Jawaban diterima"
    RETURNED = "returned", "Dikembalikan"
    CLOSED = "closed", "Ditutup"
    EXTENDED = "extended", "Tenggat diperpanjang"
    FOUND_AGAIN = "found_again", "Ditemukan lagi"
    SEEN_AGAIN = "seen_again", "Masih ditemukan"
    STILL_GOOD = "still_good", "Diuji ulang: tetap baik"
    PASSED_ON = "passed_on", "Berpindah kantor"


# Here a team wrote what it found.
FOUND_ACTS = (FindingAct.RECORDED, FindingAct.FOUND_AGAIN, FindingAct.SEEN_AGAIN)


class FindingEventQuerySet(models.QuerySet["FindingEvent"]):
    """Named reads over what happened to findings."""

    def visible_to(self, user: User) -> Self:
        """Keep the events of findings in sight; the unit itself reads those of a visit once it is done or cancelled."""
        scope = user.scope
        told = Q(visit__isnull=True) | Q(visit__status__in=[VisitStatus.DONE, VisitStatus.CANCELLED])
        own = scope.own_units("finding__unit__path") & Q(finding__handed_over_at__isnull=False) & told
        return self.filter(scope.overseen_units("finding__unit__path") | own)

    def written_on(self, visit: Visit) -> Self:
        """Keep what the team of a visit wrote of the weaknesses that it found, the oldest first."""
        return self.filter(visit=visit, kind__in=FOUND_ACTS).exclude(text="").order_by("pk")


class FindingEvent(models.Model):
    """One act on a finding: what, by whom by which office, when; rows are only added."""

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=FindingAct)
    text = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    # The visit on which it happened, for what a team does.
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="finding_events")
    old_due_on = models.DateField(null=True)
    new_due_on = models.DateField(null=True)

    objects = FindingEventQuerySet.as_manager()

    class Meta:
        verbose_name = "riwayat temuan"
        verbose_name_plural = "riwayat temuan"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.get_kind_display()}"


class FindingFileQuerySet(models.QuerySet["FindingFile"]):
    """Named reads over files of findings."""

    def visible_to(self, user: User) -> Self:
        """Keep the files of events in sight."""
        return self.filter(event__in=FindingEvent.objects.visible_to(user).order_by().values("pk"))


class FindingFile(models.Model):
    """A photo or document that came with an event."""

    event = models.ForeignKey(FindingEvent, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    objects = FindingFileQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas temuan"
        verbose_name_plural = "berkas temuan"
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.file)
