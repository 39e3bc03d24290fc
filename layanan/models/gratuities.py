"""Reports of officers about themselves (laporan gratifikasi): identified, never mixed with residents' reports."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils import timezone

from layanan.gratuity_limits import Gift
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Role, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class GratuityStatus(models.TextChoices):
    """States of a gratuity report (docs/alur-status.md)."""

    DRAFT = "draft", "Draf"
    SUBMITTED = "submitted", "Diserahkan ke UPG"
    FORWARDED = "forwarded", "Diteruskan ke KPK"
    DECIDED = "decided", "Ditetapkan KPK"
    CLOSED = "closed", "Ditutup"
    WITHDRAWN = "withdrawn", "Draf dibatalkan"


class GratuityForm(models.TextChoices):
    """What kind of thing was given."""

    MONEY = "money", "Uang atau setara uang"
    GOODS = "goods", "Barang"
    FOOD = "food", "Makanan atau minuman"
    SERVICE = "service", "Fasilitas, perjalanan, atau jasa"
    OTHER = "other", "Lainnya"


class GiverRelation(models.TextChoices):
    """What the giver is to the officer; no name is asked for."""

    SERVED = "served", "Warga yang dilayani atau diperiksa"
    PARTNER = "partner", "Rekanan atau pihak yang berurusan dengan satuan"
    COLLEAGUE = "colleague", "Rekan kerja, atasan, atau bawahan"
    FAMILY = "family", "Keluarga atau kerabat"
    UNKNOWN = "unknown", "Tidak diketahui"
    OTHER = "other", "Lainnya"


class Occasion(models.TextChoices):
    """On what occasion it was given."""

    DUTY = "duty", "Berkaitan dengan tugas atau layanan"
    CEREMONY = "ceremony", "Pernikahan, upacara adat, atau upacara agama"
    FAREWELL = "farewell", "Pisah sambut, pensiun, atau ulang tahun"
    HOLIDAY = "holiday", "Hari raya"
    OTHER = "other", "Lainnya"


class GratuityResponse(models.TextChoices):
    """What the officer did."""

    REFUSED = "refused", "Ditolak"
    ACCEPTED = "accepted", "Terpaksa diterima"


class Whereabouts(models.TextChoices):
    """Where the thing is now."""

    NONE = "none", "Tidak ada: pemberian ditolak"
    HELD = "held", "Disimpan penerima, belum dipakai"
    UPG = "upg", "Dititipkan kepada UPG"
    RETURNED = "returned", "Dikembalikan kepada pemberi"
    PASSED_ON = "passed_on", "Mudah rusak, sudah disalurkan"


class GratuityDecision(models.TextChoices):
    """What the KPK decided."""

    STATE = "state", "Milik negara"
    RECEIVER = "receiver", "Milik penerima"


# Only its officer sees it.
OWN_STATUSES = (GratuityStatus.DRAFT, GratuityStatus.WITHDRAWN)
# Something must still happen.
OPEN_STATUSES = (GratuityStatus.SUBMITTED, GratuityStatus.FORWARDED, GratuityStatus.DECIDED)
_MONEY = Decimal("0.01")


class GratuityReportQuerySet(models.QuerySet["GratuityReport"]):
    """Named reads over gratuity reports."""

    def visible_to(self, user: User) -> Self:
        """Keep the person's own, and what was handed to the UPG that he is."""
        return self.filter(Q(by_id=user.pk) | self._handed_to(user))

    @staticmethod
    def _handed_to(user: User) -> Q:
        return user.scope.within("unit__path", Role.INTEGRITY_OFFICER) & ~Q(status__in=OWN_STATUSES)

    def of(self, user: User) -> Self:
        """Keep the person's own."""
        return self.filter(by_id=user.pk)

    def in_register_of(self, user: User) -> Self:
        """Keep what the UPG handles: handed to it by others. His own are handled by somebody else."""
        return self.filter(self._handed_to(user)).exclude(by_id=user.pk)

    def open(self) -> Self:
        """Keep what was handed in and not closed."""
        return self.filter(status__in=OPEN_STATUSES)

    def deadline_first(self) -> Self:
        """Order by deadline: it follows the day of receipt; what waits for the KPK or is closed comes after."""
        late = Value(1)
        waits = Case(When(status=GratuityStatus.SUBMITTED, then=Value(0)), When(status__in=OPEN_STATUSES, then=late))
        return self.annotate(_turn=waits).order_by(F("_turn").asc(nulls_last=True), "received_on", "pk")

    def awaiting_kpk(self, zone: str, since: datetime.date) -> Self:
        """Keep what was accepted since the day, in units of the zone, and did not reach the KPK yet."""
        waits = [GratuityStatus.DRAFT, GratuityStatus.SUBMITTED]
        rows = self.filter(unit__time_zone=zone, status__in=waits, received_on__gte=since)
        return rows.filter(response=GratuityResponse.ACCEPTED)

    def with_frame(self) -> Self:
        """Read what pages name along with the rows."""
        return self.select_related("unit", "posting", "by")

    def from_colleagues(self, officers: Iterable[int]) -> Self:
        """Keep what the officers accepted from colleagues, no money: it is summed up over a year."""
        rows = self.exclude(status=GratuityStatus.WITHDRAWN)
        rows = rows.filter(by_id__in=sorted(officers), relation=GiverRelation.COLLEAGUE)
        return rows.filter(response=GratuityResponse.ACCEPTED).exclude(form=GratuityForm.MONEY)


class GratuityReport(models.Model):
    """What an officer was given, by himself; the KPK's clock runs from the day of receipt."""

    number = models.CharField("nomor", max_length=60, unique=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="pelapor")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name="penugasan")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    status = models.CharField(max_length=10, choices=GratuityStatus, default=GratuityStatus.DRAFT)
    received_on = models.DateField("hari diterima")
    form = models.CharField("bentuk", max_length=10, choices=GratuityForm)
    what = models.CharField("yang diberikan", max_length=300)
    value = models.DecimalField(
        "nilai (rupiah)", max_digits=14, decimal_places=2, validators=[MinValueValidator(_MONEY)]
    )
    relation = models.CharField("hubungan pemberi", max_length=10, choices=GiverRelation)
    giver_note = models.CharField("tentang pemberi", max_length=200, blank=True)
    occasion = models.CharField("peristiwa", max_length=10, choices=Occasion)
    response = models.CharField("yang dilakukan", max_length=10, choices=GratuityResponse)
    circumstances = models.TextField("keadaannya", max_length=2000)
    whereabouts = models.CharField("di mana sekarang", max_length=10, choices=Whereabouts)
    submitted_on = models.DateField("diserahkan ke UPG", null=True)
    forwarded_on = models.DateField("diteruskan ke KPK", null=True)
    kpk_number = models.CharField("nomor laporan KPK", max_length=80, blank=True)
    decision = models.CharField("penetapan", max_length=10, choices=GratuityDecision, blank=True)
    decided_on = models.DateField("hari penetapan", null=True)
    decision_number = models.CharField("nomor penetapan", max_length=80, blank=True)
    closed_on = models.DateField("ditutup", null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = GratuityReportQuerySet.as_manager()

    class Meta:
        verbose_name = "laporan gratifikasi"
        verbose_name_plural = "laporan gratifikasi"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["unit", "status", "received_on"], name="gratuity_register"),
            models.Index(fields=["by", "received_on"], name="gratuity_of_officer"),
        ]
        constraints = [
            models.CheckConstraint(name="gratuity_value", condition=Q(value__gt=0)),
            models.CheckConstraint(
                name="gratuity_forwarded",
                condition=~Q(status__in=[GratuityStatus.FORWARDED, GratuityStatus.DECIDED])
                | (Q(forwarded_on__isnull=False) & ~Q(kpk_number="")),
            ),
            models.CheckConstraint(
                name="gratuity_decided",
                condition=~Q(status=GratuityStatus.DECIDED) | (Q(decided_on__isnull=False) & ~Q(decision="")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        """Return the report's page."""
        return reverse("layanan:gratuity-detail", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        """Tell whether it is still being written."""
        return self.status == GratuityStatus.DRAFT

    @property
    def is_refused(self) -> bool:
        """Tell whether the officer refused."""
        return self.response == GratuityResponse.REFUSED

    @property
    def is_colleagues(self) -> bool:
        """Tell whether it counts in the yearly sum of colleagues' gifts."""
        return self.relation == GiverRelation.COLLEAGUE and self.form != GratuityForm.MONEY and not self.is_refused

    def as_gift(self, colleague_earlier: Decimal) -> Gift:
        """Return what decides whether it must be reported."""
        return Gift(
            received_on=self.received_on,
            value=self.value,
            is_money=self.form == GratuityForm.MONEY,
            is_refused=self.is_refused,
            from_colleague=self.relation == GiverRelation.COLLEAGUE,
            is_ceremony=self.occasion == Occasion.CEREMONY,
            is_farewell=self.occasion == Occasion.FAREWELL,
            colleague_earlier=colleague_earlier,
        )


class GratuityAct(models.TextChoices):
    """What can happen to a gratuity report."""

    WRITTEN = "written", "Draf ditulis"
    SUBMITTED = "submit", "Diserahkan ke UPG"
    RETURNED = "return", "Dikembalikan untuk dilengkapi"
    FORWARDED = "forward", "Diteruskan ke KPK"
    DECIDED = "decide", "Penetapan KPK dicatat"
    CLOSED = "close", "Ditutup"
    WITHDRAWN = "withdraw", "Draf dibatalkan"


class GratuityEventQuerySet(models.QuerySet["GratuityEvent"]):
    """Named reads over what happened to gratuity reports."""

    def visible_to(self, user: User) -> Self:
        """Keep the events of reports in sight."""
        return self.filter(report__in=GratuityReport.objects.visible_to(user).order_by().values("pk"))


class GratuityEvent(models.Model):
    """One act on a gratuity report; rows are only added."""

    report = models.ForeignKey(GratuityReport, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=GratuityAct)
    text = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+")
    on = models.DateField()
    at = models.DateTimeField(default=timezone.now)

    objects = GratuityEventQuerySet.as_manager()

    class Meta:
        verbose_name = "riwayat laporan gratifikasi"
        verbose_name_plural = "riwayat laporan gratifikasi"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.get_kind_display()}"


class GratuityFileQuerySet(models.QuerySet["GratuityFile"]):
    """Named reads over files of gratuity reports."""

    def visible_to(self, user: User) -> Self:
        """Keep the files of reports in sight."""
        return self.filter(report__in=GratuityReport.objects.visible_to(user).order_by().values("pk"))


class GratuityFile(models.Model):
    """A photo or document that came with a gratuity report."""

    report = models.ForeignKey(GratuityReport, models.CASCADE, related_name="files")
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")

    objects = GratuityFileQuerySet.as_manager()

    class Meta:
        verbose_name = "berkas laporan gratifikasi"
        verbose_name_plural = "berkas laporan gratifikasi"
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.file)


def first_day_allowed(today: datetime.date) -> datetime.date:
    """Return the earliest day of receipt that a report may name: ten years back."""
    return datetime.date(today.year - 10, 1, 1)
