"""Documents to file: minutes of a visit, report of a sheet, list of findings; and the letterheads of units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Unit

from .checklists import DISCLOSED_STATUSES, Checklist, Layer
from .visits import Visit, VisitStatus

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class DocumentKind(models.TextChoices):
    """What can be made."""

    MINUTES = "minutes", "Berita acara supervisi"
    FINDINGS = "findings", "Daftar temuan"
    REPORT = "report", "Laporan hasil"


class DocumentStatus(models.TextChoices):
    """States of a document (docs/alur-status.md)."""

    REQUESTED = "requested", "Menunggu giliran"
    WORKING = "working", "Sedang dibuat"
    READY = "ready", "Siap diunduh"
    FAILED = "failed", "Gagal dibuat"
    SUPERSEDED = "superseded", "Digantikan"


AT_WORK = (DocumentStatus.REQUESTED, DocumentStatus.WORKING)


class DocumentQuerySet(models.QuerySet["Document"]):
    """Named reads over documents."""

    def visible_to(self, user: User) -> Self:
        """Keep documents of overseen units, and those of the person's own unit that show no more than it may see.

        Minutes and findings from the hand-over on; what tells of a result only while its sheet is disclosed, and only
        when it was made after that.
        """
        scope = user.scope
        told = Q(shows_result=False, visit__status=VisitStatus.DONE)
        disclosed = Q(shown_status__in=DISCLOSED_STATUSES, checklist__status__in=DISCLOSED_STATUSES)
        own = scope.own_units("unit__path") & (told | disclosed | Q(checklist__layer=Layer.SELF))
        return self.filter(scope.overseen_units("unit__path") | own)

    def at_work(self) -> Self:
        """Keep what waits for the worker or is in its hands."""
        return self.filter(status__in=AT_WORK)

    def ready(self) -> Self:
        """Keep what can be downloaded and holds."""
        return self.filter(status=DocumentStatus.READY)

    def failed(self) -> Self:
        """Keep what somebody has to ask for again."""
        return self.filter(status=DocumentStatus.FAILED)

    def current(self) -> Self:
        """Keep what no newer one has replaced."""
        return self.exclude(status=DocumentStatus.SUPERSEDED)

    def about(self, kind: str, subject: str) -> Self:
        """Keep the documents of one kind about one thing."""
        return self.filter(kind=kind, subject=subject)

    def of_visit(self, visit: Visit) -> Self:
        """Keep the documents of a visit and of its sheet."""
        return self.filter(visit=visit)

    def of_sheet(self, checklist: Checklist) -> Self:
        """Keep the documents that tell of a sheet."""
        return self.filter(checklist=checklist)


class Document(models.Model):
    """A PDF about a visit or a sheet, made by the worker; what it showed never changes.

    `subject` names the visit or sheet for what may exist only once; `content_hash` is of what the document shows,
    empty until it was made; `shown_status` is the state of the sheet that it tells of.
    """

    kind = models.CharField("jenis", max_length=10, choices=DocumentKind)
    number = models.CharField("nomor", max_length=80, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="documents", verbose_name="satuan")
    visit = models.ForeignKey(Visit, models.PROTECT, null=True, related_name="documents")
    checklist = models.ForeignKey(Checklist, models.PROTECT, null=True, related_name="documents")
    subject = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=DocumentStatus, default=DocumentStatus.REQUESTED)
    progress = models.PositiveSmallIntegerField("kemajuan", default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    fault = models.TextField("sebab gagal", blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    shown_status = models.CharField(max_length=10, blank=True)
    shows_result = models.BooleanField(default=False)
    file = models.ForeignKey(StoredFile, models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField("diminta", default=timezone.now)
    made_at = models.DateTimeField("dibuat", null=True)
    superseded_at = models.DateTimeField("digantikan", null=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = "dokumen hasil"
        verbose_name_plural = "dokumen hasil"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(status__in=AT_WORK), name="document_once_at_work"
            ),
        ]
        indexes = [models.Index(fields=["subject", "kind"], name="document_subject")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"

    @property
    def is_report(self) -> bool:
        """Tell whether it is the report of a sheet."""
        return self.kind == DocumentKind.REPORT

    @property
    def is_current(self) -> bool:
        """Tell whether nothing has replaced it."""
        return self.status != DocumentStatus.SUPERSEDED

    @property
    def is_at_work(self) -> bool:
        """Tell whether the worker has it, or will."""
        return self.status in AT_WORK

    @property
    def is_ready(self) -> bool:
        """Tell whether it can be downloaded and nothing has replaced it."""
        return self.status == DocumentStatus.READY

    @property
    def has_failed(self) -> bool:
        """Tell whether somebody has to ask again."""
        return self.status == DocumentStatus.FAILED


class LetterheadQuerySet(models.QuerySet["Letterhead"]):
    """Named reads over letterheads."""

    def visible_to(self, user: User) -> Self:
        """Keep the letterheads of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))


class Letterhead(models.Model):
    """The head of a unit's documents (kop surat); where there is none, it is made from the names in the tree."""

    unit = models.OneToOneField(Unit, models.CASCADE, related_name="letterhead", verbose_name="satuan")
    lines = models.TextField(
        "baris kop",
        help_text="Satu baris untuk setiap tingkat, dari atas, misalnya: Kepolisian Negara Republik Indonesia.",
    )
    address = models.CharField("alamat", max_length=200, blank=True)
    town = models.CharField("kota", max_length=60, help_text="Ditulis di depan tanggal tanda tangan.")

    objects = LetterheadQuerySet.as_manager()

    class Meta:
        verbose_name = "kop surat"
        verbose_name_plural = "kop surat"
        ordering = ["unit__path"]

    def __str__(self) -> str:
        return f"Kop surat {self.unit}"
