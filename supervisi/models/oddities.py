"""What looks odd: signs that somebody above should look at, and what was said of each (docs/janggal.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.models import Posting, Unit

from .checklists import Checklist
from .findings import Finding
from .periods import Period

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class OddityKind(models.TextChoices):
    """The five signs."""

    SAME_FILE = "same-file", "Berkas yang sama di beberapa satuan"
    DATED_AFTER = "dated-after", "Bukti bertanggal sesudah yang dibuktikan"
    JUMP = "jump", "Nilai naik tanpa bukti baru"
    FAST = "fast", "Terisi dalam hitungan menit"
    HIGHER = "higher", "Satu penilai selalu lebih tinggi"


class OddityStatus(models.TextChoices):
    """What was said of a sign (docs/alur-status.md)."""

    NEW = "new", "Belum dilihat"
    CHECKED = "checked", "Diperiksa"
    EXPLAINED = "explained", "Dijelaskan"
    FINDING = "finding", "Jadi temuan"


# From where each state is reached; what became a finding stays one.
ODDITY_TRANSITIONS: dict[str, tuple[str, ...]] = {
    OddityStatus.CHECKED: (OddityStatus.NEW,),
    OddityStatus.EXPLAINED: (OddityStatus.NEW, OddityStatus.CHECKED),
    OddityStatus.FINDING: (OddityStatus.NEW, OddityStatus.CHECKED, OddityStatus.EXPLAINED),
}


class OddityQuerySet(models.QuerySet["Oddity"]):
    """Named reads over signs."""

    def visible_to(self, user: User) -> Self:
        """Keep the signs about units that all lie below the person, and about somebody else's work.

        Nobody sees a sign about a unit where he holds any posting, nor one about what he did himself.
        """
        above = user.scope.supervised_units("unit__path")
        units = self.model.units.through.objects.filter(oddity=OuterRef("pk"))
        people = self.model.people.through.objects.filter(oddity=OuterRef("pk"), user=user.pk)
        return self.filter(Exists(units.filter(above)), ~Exists(units.exclude(above)), ~Exists(people))

    def of_unit_named(self, words: str) -> Self:
        """Keep the signs about a unit whose name holds the words."""
        named = self.model.units.through.objects.filter(oddity=OuterRef("pk"), unit__name__icontains=words)
        return self.filter(Exists(named))

    def unsettled(self) -> Self:
        """Keep what nobody has said anything about yet."""
        return self.filter(status=OddityStatus.NEW)


class Oddity(models.Model):
    """One sign: what it is about, the figures, and what was said of it.

    `subject` names what the sign is about, `fingerprint` the facts as well: the same facts never come twice, and of one
    subject at most one sign waits for somebody. `facts` holds figures and ids; pages/oddities.py puts them into words.
    """

    kind = models.CharField("jenis", max_length=12, choices=OddityKind)
    status = models.CharField("keadaan", max_length=10, choices=OddityStatus, default=OddityStatus.NEW)
    subject = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64, unique=True)
    facts = models.JSONField(default=dict)
    period = models.ForeignKey(Period, models.CASCADE, null=True, related_name="+", verbose_name="periode")
    checklist = models.ForeignKey(Checklist, models.CASCADE, null=True, related_name="+", verbose_name="lembar")
    # Whom it must not be shown to: everybody at these units, and whose work it is about.
    units = models.ManyToManyField(Unit, related_name="+", verbose_name="satuan")
    people = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    finding = models.ForeignKey(Finding, models.PROTECT, null=True, related_name="+", verbose_name="temuan")
    found_at = models.DateTimeField("ditemukan", default=timezone.now)

    objects = OddityQuerySet.as_manager()

    class Meta:
        verbose_name = "tanda"
        verbose_name_plural = "tanda"
        ordering = ["-found_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["subject"], condition=Q(status="new"), name="oddity_waits_once"),
            models.CheckConstraint(
                name="oddity_finding_iff_status",
                condition=Q(status="finding", finding__isnull=False) | (~Q(status="finding") & Q(finding__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["status", "-found_at"], name="oddity_list")]

    def __str__(self) -> str:
        # The audit trail reads this: it tells neither unit nor person.
        return f"Tanda {self.pk}"

    def get_absolute_url(self) -> str:
        """Return the sign's page."""
        return reverse("supervisi:oddity-detail", args=[self.pk])

    @property
    def is_new(self) -> bool:
        """Tell whether nobody has said anything yet."""
        return self.status == OddityStatus.NEW

    def may_become(self, status: str) -> bool:
        """Tell whether a step leads from here to the state."""
        return self.status in ODDITY_TRANSITIONS[status]


class OddityStep(models.Model):
    """What somebody said of a sign: who, by which posting, when, and why; rows are only added."""

    oddity = models.ForeignKey(Oddity, models.CASCADE, related_name="steps")
    status = models.CharField(max_length=10, choices=OddityStatus)
    note = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "langkah tanda"
        verbose_name_plural = "langkah tanda"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.oddity_id}: {self.get_status_display()}"
