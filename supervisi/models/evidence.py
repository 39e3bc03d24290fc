"""Evidence (bukti dukung): files that prove answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Unit

from .checklists import Answer, Checklist

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Named reads over evidence."""

    def visible_to(self, user: User) -> Self:
        """Keep evidence of visible sheets, what was taken away from an answer too: it stays in the history."""
        sheets = Checklist.objects.visible_to(user).order_by().values("pk")
        attached = AnswerEvidence.objects.filter(evidence=OuterRef("pk"), answer__checklist__in=sheets)
        return self.filter(Exists(attached))


class Evidence(models.Model):
    """A document or photo of a unit; proves one or several answers."""

    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="evidence")
    number = models.PositiveIntegerField("nomor", help_text="Nomor urut bukti pada satuan.")
    title = models.CharField("judul", max_length=200)
    valid_from = models.DateField("berlaku sejak", null=True, blank=True)
    valid_until = models.DateField("berlaku sampai", null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    answers = models.ManyToManyField(Answer, through="AnswerEvidence", related_name="evidence")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = "bukti dukung"
        verbose_name_plural = "bukti dukung"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="evidence_number_once"),
            models.CheckConstraint(
                name="evidence_range",
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=models.F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"Bukti {self.number}: {self.title}"


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
