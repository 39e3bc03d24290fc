"""SIMBA (SIM Bhabinkamtibmas): sessions of driving practice, and who registered for them."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.models import Role, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

MOST_PLACES = 200
# Whom a session concerns at its unit: they read the names of who registered.
KEEPERS = (Role.OPERATOR, Role.COMMANDER)


class LicenceClass(models.TextChoices):
    """Classes of driving licence that are practised for."""

    A = "a", "SIM A"
    B1 = "b1", "SIM B I"
    B2 = "b2", "SIM B II"
    C = "c", "SIM C"
    C1 = "c1", "SIM C I"
    C2 = "c2", "SIM C II"
    D = "d", "SIM D"
    D1 = "d1", "SIM D I"


class SessionStatus(models.TextChoices):
    """States of a session (docs/alur-status.md)."""

    OPEN = "open", "Pendaftaran dibuka"
    CLOSED = "closed", "Pendaftaran ditutup"
    CANCELLED = "cancelled", "Dibatalkan"


class PracticeSessionQuerySet(models.QuerySet["PracticeSession"]):
    """Named reads over sessions."""

    def visible_to(self, user: User) -> Self:
        """Keep sessions of units where the person is operator or commander himself; nobody else's are his concern."""
        return self.filter(user.scope.at("unit__path", *KEEPERS))

    def coming(self, now: datetime.datetime) -> Self:
        """Keep sessions that have not begun and are not cancelled, of units that are there by then, the next first."""
        there = Q(unit__active_to__isnull=True) | Q(unit__active_to__gte=F("day"))
        rows = self.filter(there, starts_at__gt=now).exclude(status=SessionStatus.CANCELLED)
        return rows.order_by("starts_at", "pk")

    def ended_before(self, moment: datetime.datetime) -> Self:
        """Keep sessions that were over by the moment, whatever became of them."""
        return self.filter(ends_at__lt=moment)

    def with_people(self) -> Self:
        """Keep sessions that still know names."""
        return self.filter(emptied_at__isnull=True)

    def at_or_below_named(self, text: str) -> Self:
        """Keep sessions of units whose name, or that of one above, holds the text; all without a text."""
        return self.filter(unit__in=Unit.objects.order_by().below_named(text)) if text else self

    def under(self, unit: Unit) -> Self:
        """Keep sessions of the unit and of those below it."""
        return self.filter(unit__path__startswith=unit.path)


class PracticeSession(models.Model):
    """One session of practice at a place: when, for which licences, for how many; its counters outlive the names."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="practice_sessions", verbose_name="satuan")
    place = models.CharField("tempat", max_length=160)
    latitude = models.DecimalField("lintang", max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField("bujur", max_digits=8, decimal_places=5, null=True, blank=True)
    # The day at the unit; months of the figures are counted by it.
    day = models.DateField("hari")
    starts_at = models.DateTimeField("mulai")
    ends_at = models.DateTimeField("selesai")
    licences = models.JSONField("golongan SIM", default=list)
    capacity = models.PositiveSmallIntegerField("tempat tersedia")
    guide_title = models.CharField("pemandu", max_length=120)
    note = models.TextField("catatan", blank=True)
    status = models.CharField(max_length=10, choices=SessionStatus, default=SessionStatus.OPEN, editable=False)
    cancel_reason = models.TextField("alasan pembatalan", blank=True, editable=False)
    # Counters, kept by services/simba.py: places given, waiting, came, passed the practice, passed the official test.
    taken = models.PositiveSmallIntegerField("terdaftar", default=0, editable=False)
    waiting = models.PositiveSmallIntegerField("menunggu", default=0, editable=False)
    attended = models.PositiveSmallIntegerField("hadir", default=0, editable=False)
    passed = models.PositiveSmallIntegerField("lulus latihan", default=0, editable=False)
    exam_passed = models.PositiveSmallIntegerField("lulus ujian", default=0, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    # When names and phones were deleted; the counters stay.
    emptied_at = models.DateTimeField("data pribadi dihapus", null=True, editable=False)

    objects = PracticeSessionQuerySet.as_manager()

    class Meta:
        verbose_name = "jadwal SIMBA"
        verbose_name_plural = "jadwal SIMBA"
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="simba_range", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="simba_capacity", condition=Q(capacity__gte=1) & Q(taken__lte=F("capacity"))),
            # A second click on "Buat jadwal" makes no second session.
            models.UniqueConstraint(
                fields=["unit", "starts_at", "place"],
                condition=~Q(status=SessionStatus.CANCELLED),
                name="simba_session_once",
            ),
        ]
        indexes = [models.Index(fields=["starts_at"], name="simba_coming")]

    def __str__(self) -> str:
        return f"SIMBA {self.day:%d-%m-%Y}, {self.place}"

    def get_absolute_url(self) -> str:
        """Return the public page, where one registers."""
        return reverse("layanan:simba-session", args=[self.pk])

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone of the unit."""
        return zoneinfo.ZoneInfo(self.unit.time_zone)

    @property
    def places_left(self) -> int:
        """How many places are free."""
        return max(0, self.capacity - self.taken)

    @property
    def is_cancelled(self) -> bool:
        """Tell whether the session was given up."""
        return self.status == SessionStatus.CANCELLED

    @property
    def is_open(self) -> bool:
        """Tell whether the operator takes registrations; the hour decides too."""
        return self.status == SessionStatus.OPEN

    def takes_people(self, now: datetime.datetime) -> bool:
        """Tell whether one may register now."""
        return self.is_open and now < self.starts_at

    @property
    def licence_names(self) -> tuple[str, ...]:
        """The classes of licence in words."""
        return tuple(str(LicenceClass(code).label) for code in self.licences)


class RegistrationStatus(models.TextChoices):
    """States of a registration (docs/alur-status.md)."""

    CONFIRMED = "confirmed", "Mendapat tempat"
    WAITING = "waiting", "Daftar tunggu"
    CANCELLED = "cancelled", "Dibatalkan"
    ATTENDED = "attended", "Hadir"
    ABSENT = "absent", "Tidak hadir"


# These hold a place of the session.
PLACED = (RegistrationStatus.CONFIRMED, RegistrationStatus.ATTENDED, RegistrationStatus.ABSENT)


class Outcome(models.TextChoices):
    """What came of the practice."""

    UNKNOWN = "", "Belum dinilai"
    PASSED = "passed", "Lulus latihan"
    AGAIN = "again", "Perlu latihan lagi"


class ExamResult(models.TextChoices):
    """Whether the official test was passed later."""

    UNKNOWN = "", "Belum tahu"
    YES = "yes", "Lulus ujian"
    NO = "no", "Belum lulus ujian"


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Named reads over registrations."""

    def visible_to(self, user: User) -> Self:
        """Keep registrations for sessions of the person's own unit, where he is operator or commander."""
        return self.filter(user.scope.at("session__unit__path", *KEEPERS))

    def placed(self) -> Self:
        """Keep those who hold a place."""
        return self.filter(status__in=PLACED)

    def queued(self) -> Self:
        """Keep those who wait, the first first."""
        return self.filter(status=RegistrationStatus.WAITING).order_by("pk")

    def kept(self) -> Self:
        """Drop those who cancelled."""
        return self.exclude(status=RegistrationStatus.CANCELLED)


class Registration(models.Model):
    """A resident's registration for a session. Name and phone go when it is cancelled, and after a set time."""

    session = models.ForeignKey(PracticeSession, models.PROTECT, related_name="registrations", verbose_name="jadwal")
    name = models.CharField("nama", max_length=80, blank=True)
    phone = models.CharField("nomor telepon", max_length=20, blank=True)
    licence = models.CharField("golongan SIM", max_length=4, choices=LicenceClass)
    # Hash of the code on the receipt; the code itself is kept nowhere.
    code_hash = models.CharField(max_length=64, null=True, unique=True, editable=False)
    # Keyed hash of phone and name together: the same person takes no two places.
    person_mark = models.CharField(max_length=64, null=True, editable=False)
    place_number = models.PositiveSmallIntegerField("nomor tempat", null=True, editable=False)
    status = models.CharField(max_length=10, choices=RegistrationStatus, editable=False)
    outcome = models.CharField("hasil latihan", max_length=10, choices=Outcome, blank=True, editable=False)
    exam_result = models.CharField("ujian resmi", max_length=4, choices=ExamResult, blank=True, editable=False)
    registered_at = models.DateTimeField("mendaftar", default=timezone.now, editable=False)
    # Set when a place became free for somebody who waited: the officer tells him.
    moved_up_at = models.DateTimeField("mendapat tempat", null=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = "pendaftaran SIMBA"
        verbose_name_plural = "pendaftaran SIMBA"
        ordering = ["session", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "place_number"], name="simba_place_once"),
            models.UniqueConstraint(fields=["session", "person_mark"], name="simba_person_once"),
            models.CheckConstraint(
                name="simba_place_held",
                condition=Q(status__in=PLACED, place_number__isnull=False)
                | ~Q(status__in=PLACED) & Q(place_number__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Pendaftaran {self.pk}"

    @property
    def is_waiting(self) -> bool:
        """Tell whether the person waits for a place."""
        return self.status == RegistrationStatus.WAITING

    @property
    def is_cancelled(self) -> bool:
        """Tell whether the registration was given up."""
        return self.status == RegistrationStatus.CANCELLED

    @property
    def has_attended(self) -> bool:
        """Tell whether the person came."""
        return self.status == RegistrationStatus.ATTENDED
