"""Sheets (lembar), their answers, and the history of every save."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from wbbm.addresses import address_of
from wbbm.organisasi.models import Posting, Unit

from .instruments import Instrument, Item
from .periods import Period
from .visits import Visit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class Layer(models.TextChoices):
    """Who assesses."""

    SELF = "self", "Penilaian mandiri"
    SUPERVISION = "supervision", "Supervisi"
    TPI = "tpi", "TPI"


class Scope(models.TextChoices):
    """Whether every item is due or only those drawn."""

    FULL = "full", "Penuh"
    SAMPLE = "sample", "Sampel"


class ChecklistStatus(models.TextChoices):
    """States of a sheet (docs/alur-status.md)."""

    DRAFT = "draft", "Diisi"
    SUBMITTED = "submitted", "Diserahkan"
    REVIEWED = "reviewed", "Ditinjau"
    DISCLOSED = "disclosed", "Disampaikan"
    FINAL = "final", "Final"


# Shown to the unit itself from here on.
DISCLOSED_STATUSES = (ChecklistStatus.DISCLOSED, ChecklistStatus.FINAL)
KNOWN_TO_UNIT = Q(layer=Layer.SELF) | Q(status__in=DISCLOSED_STATUSES)
# The further a sheet is, the sooner it counts.
COUNTING_ORDER = (
    ChecklistStatus.SUBMITTED,
    ChecklistStatus.REVIEWED,
    ChecklistStatus.DISCLOSED,
    ChecklistStatus.FINAL,
)


class ChecklistQuerySet(models.QuerySet["Checklist"]):
    """Named reads over sheets."""

    def visible_to(self, user: User) -> Self:
        """Keep the sheets of overseen units, and what the unit itself sees of its own.

        A unit sees its self sheets always, those of others from `disclosed` on.
        """
        scope = user.scope
        return self.filter(scope.overseen_units("unit__path") | scope.own_units("unit__path") & KNOWN_TO_UNIT)

    def without_hidden(self, user: User) -> Self:
        """Drop the sheets that the person's own unit must not know of yet."""
        return self.exclude(user.scope.own_units("unit__path") & ~KNOWN_TO_UNIT)

    def with_frame(self) -> Self:
        """Load unit, period, visit and instrument along; the instrument's definition stays in the process's cache."""
        frame = ("unit__public_figures", "period", "visit", "instrument")
        return self.select_related(*frame).defer("instrument__definition")

    def one_of(self, unit: Unit, period: Period, instrument: Instrument, layer: str) -> Checklist | None:
        """Return the `self` or `tpi` sheet of the period, when it was begun."""
        return self.filter(unit=unit, period=period, instrument=instrument, layer=layer).first()

    def counting_candidates(self) -> Self:
        """Keep full sheets past draft: the counting sheet is one of them."""
        return self.filter(scope=Scope.FULL).exclude(status=ChecklistStatus.DRAFT)


class Checklist(models.Model):
    """One filled-in sheet of an instrument for a unit and period, in one layer."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="checklists", verbose_name="satuan")
    period = models.ForeignKey(Period, models.PROTECT, related_name="checklists", verbose_name="periode")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="checklists", verbose_name="instrumen")
    layer = models.CharField("lapisan", max_length=12, choices=Layer)
    scope = models.CharField("cakupan", max_length=8, choices=Scope, default=Scope.FULL)
    visit = models.ForeignKey(Visit, models.CASCADE, null=True, related_name="checklists", verbose_name="kunjungan")
    status = models.CharField(max_length=10, choices=ChecklistStatus, default=ChecklistStatus.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    disclosed_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True)
    # Hash of answers, evidence, instrument and score at finalising; empty before.
    content_hash = models.CharField(max_length=64, blank=True)
    returned_reason = models.TextField(blank=True)
    reopen_requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reopen_requested_at = models.DateTimeField(null=True)
    reopen_reason = models.TextField(blank=True)
    # Who approved the last reopening; the database lets a final sheet go by this only (supervisi/guards.py).
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = ChecklistQuerySet.as_manager()

    class Meta:
        verbose_name = "lembar"
        verbose_name_plural = "lembar"
        ordering = ["-period__first_day", "unit__path", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "period", "instrument", "layer"],
                condition=Q(layer__in=[Layer.SELF, Layer.TPI]),
                name="checklist_once_a_period",
            ),
            models.UniqueConstraint(
                fields=["visit", "instrument"], condition=Q(layer=Layer.SUPERVISION), name="checklist_once_a_visit"
            ),
            models.CheckConstraint(
                name="checklist_visit_iff_supervision",
                condition=Q(layer=Layer.SUPERVISION, visit__isnull=False)
                | (~Q(layer=Layer.SUPERVISION) & Q(visit__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["unit", "period", "instrument", "layer"], name="checklist_key")]

    def __str__(self) -> str:
        return f"{self.instrument} {self.unit} {self.period}, {self.get_layer_display()}"

    def get_absolute_url(self) -> str:
        """Return the sheet's page."""
        return address_of("supervisi:checklist-detail", self.pk)

    @property
    def is_final(self) -> bool:
        """Tell whether the sheet is frozen."""
        return self.status == ChecklistStatus.FINAL

    @property
    def is_sample(self) -> bool:
        """Tell whether only drawn items are due: no score, no predicate, no ranking."""
        return self.scope == Scope.SAMPLE

    @property
    def is_draft(self) -> bool:
        """Tell whether answers may be written."""
        return self.status == ChecklistStatus.DRAFT


class Checked(models.TextChoices):
    """How an item was checked."""

    SITE = "site", "Di lokasi"
    PAPER = "paper", "Dokumen"


class AnswerQuerySet(models.QuerySet["Answer"]):
    """Named reads over answers."""

    def visible_to(self, user: User) -> Self:
        """Keep answers of visible sheets."""
        return self.filter(checklist__in=Checklist.objects.visible_to(user).order_by().values("pk"))


class Answer(models.Model):
    """The present answer of one item of one sheet. Made with the sheet, at version 0 and empty.

    `value` is the whole card: ``{"answer": raw, "note": str, "checked": "site"|"paper"|"", "on_behalf_of": id|None}``
    where raw is a letter, an index as decimal string, an object of inputs, or None; the id is a person's.
    """

    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="answers")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    value = models.JSONField(default=dict)
    # Kept by the saving service: counts of progress need no engine.
    is_answered = models.BooleanField(default=False)
    # Copied from an earlier sheet, and nobody has confirmed or changed it yet: counts as not answered, enters no score.
    needs_review = models.BooleanField(default=False)
    # False only on the items of a sample sheet that were not drawn.
    is_due = models.BooleanField(default=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(null=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "jawaban"
        verbose_name_plural = "jawaban"
        ordering = ["checklist", "item__position"]
        constraints = [
            models.UniqueConstraint(fields=["checklist", "item"], name="answer_once"),
            models.CheckConstraint(
                name="answer_review_is_unanswered", condition=Q(needs_review=False) | Q(is_answered=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Jawaban {self.item_id} (versi {self.version})"


class RevisionOutcome(models.TextChoices):
    """What became of an operation."""

    ACCEPTED = "accepted", "Diterima"
    CONFLICT = "conflict", "Berbeda"


class AnswerRevision(models.Model):
    """One operation, for ever: never changed, merged or deleted. A refused value is kept as well."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    answer = models.ForeignKey(Answer, models.CASCADE, related_name="revisions")
    checklist = models.ForeignKey(Checklist, models.CASCADE, related_name="revisions")
    payload_hash = models.CharField(max_length=64)
    value = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    base_version = models.PositiveIntegerField()
    # The version that an accepted operation made; null for a refused one.
    new_version = models.PositiveIntegerField(null=True)
    outcome = models.CharField(max_length=10, choices=RevisionOutcome)
    # The sheet whose answer this is a copy of.
    copied_from = models.ForeignKey(Checklist, models.PROTECT, null=True, related_name="+")
    # What was answered to the device, so that a repeat gets the same reply.
    reply = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=timezone.now)
    # When the answer was given, by how long it had waited on the device; null where no device tells (a plain form).
    made_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "riwayat jawaban"
        verbose_name_plural = "riwayat jawaban"
        ordering = ["pk"]
        indexes = [models.Index(fields=["answer", "new_version"], name="revision_version")]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "new_version"], condition=Q(new_version__isnull=False), name="revision_version_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.uuid)
