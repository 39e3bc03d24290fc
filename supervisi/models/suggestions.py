"""Answers that were taken over from the portal's own figures: what was proposed, what was kept, and on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from wbbm.organisasi.models import Posting

from .checklists import Answer, Checklist
from .evidence import Evidence

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class SuggestionOutcome(models.TextChoices):
    """What the person made of a proposal."""

    ACCEPTED = "accepted", "Dipakai"
    CORRECTED = "corrected", "Dikoreksi"


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    """Named reads over proposals that were taken over."""

    def visible_to(self, user: User) -> Self:
        """Keep those of sheets in the person's sight."""
        sheets = Checklist.objects.visible_to(user).order_by().values("pk")
        return self.filter(answer__checklist__in=sheets)

    def on(self, checklist: Checklist) -> Self:
        """Keep those of the sheet, the latest first, with who decided and the evidence."""
        found = self.filter(answer__checklist=checklist).select_related(
            "answer__item", "evidence__unit", "by", "posting"
        )
        return found.order_by("-decided_at", "-pk")


class Suggestion(models.Model):
    """One proposal as it was taken over: frozen figures, their hash, and the answer that the person gave by them."""

    # Made with the page: the same press twice is one.
    uuid = models.UUIDField(unique=True)
    answer = models.ForeignKey(Answer, models.PROTECT, related_name="suggestions", verbose_name="jawaban")
    fact = models.CharField("angka", max_length=20)
    # What the figures were at that moment (supervisi/services/public_facts.py), and the SHA-256 of their one form.
    figures = models.JSONField("angka saat itu")
    digest = models.CharField("sidik", max_length=64)
    proposed = models.JSONField("usulan portal", null=True)
    decided = models.JSONField("jawaban yang dipakai")
    outcome = models.CharField("putusan", max_length=10, choices=SuggestionOutcome)
    reason = models.TextField("alasan", blank=True)
    # The figures as a workbook, tied to the answer.
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+", verbose_name="bukti")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="oleh")
    posting = models.ForeignKey(Posting, models.PROTECT, related_name="+", verbose_name="sebagai")
    decided_at = models.DateTimeField("pada", default=timezone.now)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = "usulan dari data portal"
        verbose_name_plural = "usulan dari data portal"
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="suggestion_correction_has_reason",
                condition=models.Q(outcome=SuggestionOutcome.ACCEPTED) | ~models.Q(reason=""),
            )
        ]

    def __str__(self) -> str:
        return f"Usulan {self.fact}"
