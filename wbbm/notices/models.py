"""What people are told: rows of the inbox, and what of it also goes out by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from wbbm.organisasi.clock import moment_text
from wbbm.organisasi.models import Posting, Role, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class NoticeKind(models.TextChoices):
    """What a notice is about; people choose by these which ones also come by mail."""

    VISIT = "visit", "Kunjungan"
    SHEET = "sheet", "Lembar"
    RESULT = "result", "Hasil dan hak jawab"
    FINDING = "finding", "Temuan"
    EVIDENCE = "evidence", "Bukti dukung"
    DOCUMENT = "document", "Dokumen"
    PERIOD = "period", "Periode dan satuan"
    POSTING = "posting", "Penugasan"
    ACCOUNT = "account", "Akun Anda"
    AUDIT = "audit", "Jejak audit"
    INTEGRITY = "integrity", "Gratifikasi dan pakta integritas"
    REPORT = "report", "Laporan warga"
    SERVICE = "service", "Layanan kepada warga"
    SYSTEM = "system", "Keadaan sistem"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Named reads over notices."""

    def visible_to(self, user: User) -> Self:
        """Keep the person's own, about units that his postings of this moment reach."""
        return self.filter(person_id=user.pk).within_reach()

    def within_reach(self) -> Self:
        """Keep notices whose unit a running posting of their person reaches: what he was told ends with it."""
        path = ExpressionWrapper(OuterRef("unit__path"), output_field=models.CharField())
        held = Posting.objects.running().filter(user_id=OuterRef("person_id")).annotate(told=path)
        subtree = ~Q(role=Role.OPERATOR) & Q(told__startswith=F("unit__path"))
        return self.filter(Exists(held.filter(subtree | Q(unit_id=OuterRef("unit_id"))).order_by()))

    def unread(self) -> Self:
        """Keep what the person has not marked as read."""
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One row of a person's inbox (pemberitahuan). Its text stays as it was told."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name="orang")
    kind = models.CharField("jenis", max_length=20, choices=NoticeKind)
    text = models.CharField("isi", max_length=300)
    url = models.CharField("halaman", max_length=300)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    # What it is told for: told once, whoever tells it again.
    key = models.CharField(max_length=120)
    created_at = models.DateTimeField("dibuat", default=timezone.now)
    read_at = models.DateTimeField("dibaca", null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = "pemberitahuan"
        verbose_name_plural = "pemberitahuan"
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="notice_of_person"),
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def told_at(self) -> str:
        """When it was told, in the unit's zone."""
        return moment_text(self.created_at, self.unit)


class Preference(models.Model):
    """Whether a person wants a kind of notice in the daily mail as well; without a row he does."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField("jenis", max_length=20, choices=NoticeKind)
    is_mailed = models.BooleanField("ikut surel harian", default=True)

    class Meta:
        verbose_name = "pilihan pemberitahuan"
        verbose_name_plural = "pilihan pemberitahuan"
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"


class DigestState(models.TextChoices):
    """What became of a day's mail. Only a waiting one is ever sent."""

    WAITING = "waiting", "Menunggu"
    SENDING = "sending", "Sedang dikirim"
    SENT = "sent", "Terkirim"
    # The server refused for good; or it can't be known whether it took the mail: neither is tried again.
    REFUSED = "refused", "Ditolak"
    UNCLEAR = "unclear", "Tidak pasti"


class Digest(models.Model):
    """The one mail of a person and day (surel harian)."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField("hari")
    state = models.CharField(max_length=10, choices=DigestState, default=DigestState.WAITING)
    # Notices up to here are in it; the next mail begins here.
    until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "surel harian"
        verbose_name_plural = "surel harian"
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="digest_once_a_day")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.day}"
