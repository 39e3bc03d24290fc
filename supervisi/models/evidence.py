"""Evidence (bukti dukung): files that prove answers."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.access import zone_day
from wbbm.organisasi.models import Posting, Role, TimeZone, Unit

from .checklists import Answer, Checklist, Layer

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

# What runs out within so many days is marked, and told of once.
EXPIRING_DAYS = 30
SOON = datetime.timedelta(days=EXPIRING_DAYS)
# Whoever reads sheets at all; admins and integrity officers read no evidence.
_READERS = frozenset({Role.COMMANDER, Role.SUPERVISOR, Role.OPERATOR, Role.AUDITOR})


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Named reads over evidence."""

    def visible_to(self, user: User) -> Self:
        """Keep what the person may read.

        What overseen units and his own keep themselves, what a unit above shares with them, and evidence of visible
        sheets; what was taken away from an answer too: it stays in the history. What a team brought goes with its
        sheet: the unit doesn't see it sooner.
        """
        scope = user.scope
        sheets = Checklist.objects.visible_to(user).order_by().values("pk")
        attached = AnswerEvidence.objects.filter(evidence=OuterRef("pk"), answer__checklist__in=sheets)
        kept = Q(is_own=True) & (scope.overseen_units("unit__path") | scope.own_units("unit__path"))
        above = {path for held in scope.postings if held.role in _READERS for path in held.unit.ancestor_paths}
        shared = Q(is_shared=True, unit__path__in=sorted(above))
        return self.filter(kept | shared | Exists(attached))

    def current(self) -> Self:
        """Keep the newest revision of each document."""
        return self.filter(is_current=True)

    def usable_at(self, unit: Unit) -> Self:
        """Keep what proves something at the unit: its own, and what a unit above shares."""
        return self.filter(Q(unit=unit) | Q(is_shared=True, unit__path__in=unit.ancestor_paths))

    def usable_on(self, checklist: Checklist) -> Self:
        """Keep what may be attached on the sheet; on a unit's own sheet nothing that a team brought."""
        found = self.usable_at(checklist.unit)
        return found.filter(is_own=True) if checklist.layer == Layer.SELF else found

    def same_document(self, evidence: Evidence) -> Self:
        """Keep all revisions of one document."""
        return self.filter(unit=evidence.unit_id, number=evidence.number)

    def same_file(self, *digests: str) -> Self:
        """Keep what was one of the files when it came, or is it as it is kept now."""
        return self.filter(Q(file__original_sha256__in=digests) | Q(file__sha256__in=digests))

    def expired(self, now: datetime.datetime) -> Self:
        """Keep what has run out, each by its unit's day."""
        return self.filter(_on_day(now, lambda day: Q(valid_until__lt=day)))

    def expiring(self, now: datetime.datetime) -> Self:
        """Keep what still holds and runs out soon, each by its unit's day."""
        return self.filter(_on_day(now, lambda day: Q(valid_until__range=(day, day + SOON))))


def _on_day(now: datetime.datetime, condition: Callable[[datetime.date], Q]) -> Q:
    found = Q(pk__in=[])
    for zone in TimeZone.values:
        found |= Q(unit__time_zone=zone) & condition(zone_day(zone, now))
    return found


class Evidence(models.Model):
    """One revision of a document or photo of a unit; proves one or several answers.

    The rows of one unit and number are the revisions of one document (docs/keputusan/0009-bukti-dan-revisi.md): a new
    file is a new row, so that a link holds the very file that was looked at.
    """

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="evidence")
    number = models.PositiveIntegerField("nomor", help_text="Nomor urut bukti pada satuan.")
    revision = models.PositiveSmallIntegerField("revisi", default=1)
    is_current = models.BooleanField("revisi terbaru", default=True)
    # False for what a team brought: the unit sees it with the sheet, not before.
    is_own = models.BooleanField("disimpan satuan sendiri", default=True)
    is_shared = models.BooleanField("berlaku untuk satuan di bawah", default=False)
    title = models.CharField("judul", max_length=200)
    document_number = models.CharField("nomor surat", max_length=100, blank=True)
    dated_on = models.DateField("tanggal surat", null=True, blank=True)
    valid_from = models.DateField("berlaku sejak", null=True, blank=True)
    valid_until = models.DateField("berlaku sampai", null=True, blank=True)
    # Words between commas, with one at each end: ",sk,pelayanan,".
    tags = models.CharField("penanda", max_length=200, blank=True)
    # Title, numbers and tags in small letters: what a search looks through, the same way on both databases.
    search_text = models.TextField(blank=True, editable=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", null=True)
    answers = models.ManyToManyField(Answer, through="AnswerEvidence", related_name="evidence")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = "bukti dukung"
        verbose_name_plural = "bukti dukung"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number", "revision"], name="evidence_revision_once"),
            models.UniqueConstraint(
                fields=["unit", "number"], condition=Q(is_current=True), name="evidence_current_once"
            ),
            models.CheckConstraint(name="evidence_shared_is_own", condition=Q(is_shared=False) | Q(is_own=True)),
            models.CheckConstraint(
                name="evidence_range",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=models.F("valid_from")),
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-id"], condition=Q(is_current=True), name="evidence_of_unit"),
            models.Index(fields=["valid_until"], condition=Q(is_current=True), name="evidence_expiring"),
            models.Index(fields=["unit"], condition=Q(is_shared=True), name="evidence_shared"),
        ]

    def __str__(self) -> str:
        return f"Bukti {self.number}: {self.title}"

    def get_absolute_url(self) -> str:
        """Return the document's page."""
        return reverse("supervisi:evidence-detail", args=[self.pk])

    def number_at(self, unit_id: int) -> str:
        """Return the number as it is said at a unit: that of another unit with its name."""
        return str(self.number) if unit_id == self.unit_id else f"{self.number} {self.unit.name}"

    @property
    def tag_list(self) -> list[str]:
        """The tags, one by one."""
        return [tag for tag in self.tags.split(",") if tag]


class AnswerEvidenceQuerySet(models.QuerySet["AnswerEvidence"]):
    """Named reads over the links of evidence and answers."""

    def attached(self) -> Self:
        """Keep what holds now."""
        return self.filter(detached_at__isnull=True)

    def visible_to(self, user: User) -> Self:
        """Keep links at answers that the person sees."""
        return self.filter(answer__in=Answer.objects.visible_to(user).order_by().values("pk"))


class AnswerEvidence(models.Model):
    """One piece of evidence at one answer; taken away, the row stays.

    `uuid` is made on the device: a repeated upload adds nothing, not even after the evidence was taken away.
    """

    uuid = models.UUIDField(unique=True)
    answer = models.ForeignKey(Answer, models.CASCADE, related_name="evidence_links")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="links")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", null=True)
    detached_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    detached_at = models.DateTimeField(null=True)
    detached_posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", null=True)

    objects = AnswerEvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = "bukti pada jawaban"
        verbose_name_plural = "bukti pada jawaban"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "evidence"], condition=Q(detached_at__isnull=True), name="answer_evidence_once"
            ),
            models.CheckConstraint(
                name="answer_evidence_detached_by",
                condition=Q(detached_at__isnull=True, detached_by__isnull=True)
                | Q(detached_at__isnull=False, detached_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id} pada {self.answer_id}"
