"""Commitment: the day of declaration, pledges by person and year, and stated counts of violations."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Role, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

# Who may read which people signed, over a unit; and an operator at the unit itself.
NAME_READERS = (Role.ADMIN, Role.COMMANDER, Role.AUDITOR, Role.INTEGRITY_OFFICER)
# Who may read violations, over a unit; and an operator at the unit itself.
VIOLATION_READERS = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR, Role.INTEGRITY_OFFICER)


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    """Named reads over declarations."""

    def visible_to(self, user: User) -> Self:
        """Keep those of units in sight."""
        return self.filter(user.scope.reading_units("unit__path"))

    def latest_of(self, unit_ids: list[int]) -> dict[int, Declaration]:
        """Return each unit's latest declaration (one query)."""
        return {row.unit_id: row for row in self.filter(unit_id__in=unit_ids).order_by("day", "pk")}


class Declaration(models.Model):
    """The day on which a unit declared that it builds an integrity zone (pencanangan), and where."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    day = models.DateField("hari")
    place = models.CharField("tempat", max_length=120)
    note = models.CharField("catatan untuk umum", max_length=500, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        verbose_name = "pencanangan"
        verbose_name_plural = "pencanangan"
        ordering = ["-day", "-pk"]
        constraints = [models.UniqueConstraint(fields=["unit", "day"], name="declaration_once")]

    def __str__(self) -> str:
        return f"Pencanangan {self.unit}, {self.day:%d-%m-%Y}"

    def get_absolute_url(self) -> str:
        """Return the page of the unit's commitment."""
        return reverse("layanan:commitment-unit", args=[self.unit_id])


class DeclarationFileQuerySet(models.QuerySet["DeclarationFile"]):
    """Named reads over documents of declarations."""

    def visible_to(self, user: User) -> Self:
        """Keep those of declarations in sight."""
        return self.filter(user.scope.reading_units("declaration__unit__path"))


class DeclarationFile(models.Model):
    """A document or photo of a declaration; for those who sign in, for it may show names."""

    declaration = models.ForeignKey(Declaration, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    objects = DeclarationFileQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas pencanangan"
        verbose_name_plural = "berkas pencanangan"
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.file)


class PledgeText(models.Model):
    """A text that was signed in the portal, kept for as long as its signatures."""

    version = models.CharField("versi", max_length=20, unique=True)
    body = models.TextField("teks")
    sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "teks pakta integritas"
        verbose_name_plural = "teks pakta integritas"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.version


class PledgeWay(models.TextChoices):
    """How a pledge was signed."""

    PORTAL = "portal", "Di portal"
    PAPER = "paper", "Di atas kertas"


class PledgeQuerySet(models.QuerySet["Pledge"]):
    """Named reads over pledges."""

    def visible_to(self, user: User) -> Self:
        """Keep the person's own, and those of units whose signatures he may read."""
        scope = user.scope
        named = scope.within("unit__path", *NAME_READERS) | scope.at("unit__path", Role.OPERATOR)
        return self.filter(Q(person_id=user.pk) | named)

    def valid(self, year: int) -> Self:
        """Keep the year's pledges that were not taken back."""
        return self.filter(year=year, is_valid=True)


class Pledge(models.Model):
    """One person's pledge of a year (pakta integritas); taken back only where a paper was recorded by mistake."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="orang")
    year = models.PositiveSmallIntegerField("tahun")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name="penugasan")
    way = models.CharField("cara", max_length=10, choices=PledgeWay)
    text = models.ForeignKey(PledgeText, models.PROTECT, null=True, related_name="+")
    scan = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    signed_on = models.DateField("hari ditandatangani")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now)
    is_valid = models.BooleanField("berlaku", default=True)
    withdrawn_because = models.CharField("alasan dibatalkan", max_length=300, blank=True)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = "pakta integritas"
        verbose_name_plural = "pakta integritas"
        ordering = ["-year", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "year"], condition=Q(is_valid=True), name="pledge_once_a_year"
            ),
            models.CheckConstraint(
                name="pledge_proof",
                condition=Q(way=PledgeWay.PORTAL, text__isnull=False, scan__isnull=True)
                | Q(way=PledgeWay.PAPER, text__isnull=True, scan__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Pakta integritas {self.year}, {self.unit}"


class ViolationKind(models.TextChoices):
    """What was violated, as Siwas and Propam count it."""

    DISCIPLINE = "discipline", "Disiplin"
    ETHICS = "ethics", "Kode etik profesi"
    EXTORTION = "extortion", "Pungutan liar"
    CRIME = "crime", "Pidana"


class ViolationStatementQuerySet(models.QuerySet["ViolationStatement"]):
    """Named reads over statements of violations."""

    def visible_to(self, user: User) -> Self:
        """Keep those of units over which the person reads violations; they are never public."""
        scope = user.scope
        return self.filter(
            scope.within("unit__path", *VIOLATION_READERS) | scope.at("unit__path", Role.OPERATOR, Role.COMMANDER)
        )

    def current(self) -> Self:
        """Keep the statements that were not corrected since."""
        return self.filter(is_current=True)


class ViolationStatement(models.Model):
    """What an integrity officer states of a unit and everything below it for a year; corrected by a new revision.

    No statement is "not reported"; a statement of zeros is "none".
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    year = models.PositiveSmallIntegerField("tahun")
    revision = models.PositiveSmallIntegerField("revisi", default=1)
    is_current = models.BooleanField("berlaku", default=True)
    source = models.CharField("sumber", max_length=200)
    reason = models.CharField("alasan perbaikan", max_length=500, blank=True)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+")
    stated_at = models.DateTimeField(default=timezone.now)

    objects = ViolationStatementQuerySet.as_manager()

    class Meta:
        verbose_name = "jumlah pelanggaran"
        verbose_name_plural = "jumlah pelanggaran"
        ordering = ["-year", "-revision"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "year", "revision"], name="violation_revision"),
            models.UniqueConstraint(
                fields=["unit", "year"], condition=Q(is_current=True), name="violation_one_current"
            ),
            models.CheckConstraint(name="violation_reason", condition=Q(revision=1) | ~Q(reason="")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Pelanggaran {self.year}, {self.unit}"


class ViolationCount(models.Model):
    """How many of a kind, and how many of these were punished."""

    statement = models.ForeignKey(ViolationStatement, models.CASCADE, related_name="counts")
    kind = models.CharField("jenis", max_length=12, choices=ViolationKind)
    count = models.PositiveIntegerField("jumlah")
    sanctioned = models.PositiveIntegerField("sudah dijatuhi sanksi")

    class Meta:
        verbose_name = "jumlah menurut jenis"
        verbose_name_plural = "jumlah menurut jenis"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "kind"], name="violation_kind_once"),
            models.CheckConstraint(name="violation_sanctioned", condition=Q(sanctioned__lte=F("count"))),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.count}"


def years_to_state(today: datetime.date) -> range:
    """Return the years of which violations may be stated: this one and five before."""
    return range(today.year - 5, today.year + 1)
