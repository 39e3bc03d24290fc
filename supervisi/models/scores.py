"""Stored results: per sheet, per unit, and rolled up the tree. Scores are integers in units of 10⁻¹⁰."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from wbbm.organisasi.models import PredicateCode, Unit

from .checklists import Checklist, Layer
from .instruments import Instrument
from .periods import Period

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class ChecklistScore(models.Model):
    """The result of one sheet, as the engine gave it.

    `areas`: area key → [complete, provisional, weight, answered, total] (scores in 10⁻¹⁰).
    `nodes`: node code → complete score. `predicates`: code → {"passed": bool, "label": str,
    "gates": [{code, label, node, measure, required, actual, distance (10⁻¹⁰ ints), passed}]}, decided on the exact
    fraction.
    """

    checklist = models.OneToOneField(Checklist, models.CASCADE, related_name="score")
    complete = models.BigIntegerField()
    provisional = models.BigIntegerField()
    areas = models.JSONField()
    nodes = models.JSONField()
    predicates = models.JSONField()
    answered = models.PositiveIntegerField()
    due = models.PositiveIntegerField()
    unanswered = models.JSONField()
    unanswerable = models.JSONField()
    # How many saves went in (the sum of the answers' versions): tells whether the row is behind.
    saves = models.BigIntegerField(default=0)
    computed_at = models.DateTimeField()

    class Meta:
        verbose_name = "nilai lembar"
        verbose_name_plural = "nilai lembar"

    def __str__(self) -> str:
        return f"Nilai lembar {self.checklist_id}"


class UnitScoreQuerySet(models.QuerySet["UnitScore"]):
    """Named reads over stored results."""

    def of(self, *, period: Period, instrument: Instrument, layer: str) -> Self:
        """Keep the rows of one period, instrument and layer."""
        return self.filter(period=period, instrument=instrument, layer=layer)

    def visible_to(self, user: User) -> Self:
        """Keep the rows of overseen units and of the person's own; what of it is disclosed, the page asks."""
        scope = user.scope
        return self.filter(scope.overseen_units("unit__path") | scope.own_units("unit__path"))


class UnitScore(models.Model):
    """The result of a unit and the roll-up of its subtree; sums and counts, never a mean.

    `counting` is the counting sheet of the unit itself (moved by the roll-up service only); `areas` area key → sum of
    complete scores over the subtree's counting sheets; `verdicts` predicate code → units that pass all gates;
    `changes` own items that fell or rose since the counting sheet of the period before:
    ``[{"item", "question", "before", "after", "points"}]``, fallen first.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="scores")
    period = models.ForeignKey(Period, models.CASCADE, related_name="+")
    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="+")
    layer = models.CharField(max_length=12, choices=Layer)
    counting = models.ForeignKey(Checklist, models.SET_NULL, null=True, related_name="+")
    changes = models.JSONField(default=list)
    # Subtree, the unit itself included.
    units_due = models.PositiveIntegerField(default=0)
    units_submitted = models.PositiveIntegerField(default=0)
    score_sum = models.BigIntegerField(default=0)
    areas = models.JSONField(default=dict)
    lowest = models.BigIntegerField(null=True)
    lowest_unit = models.ForeignKey(Unit, models.SET_NULL, null=True, related_name="+")
    verdicts = models.JSONField(default=dict)
    # Of drafts only progress.
    sheets_begun = models.PositiveIntegerField(default=0)
    items_answered = models.PositiveIntegerField(default=0)
    items_due = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField()

    objects = UnitScoreQuerySet.as_manager()

    class Meta:
        verbose_name = "nilai satuan"
        verbose_name_plural = "nilai satuan"
        constraints = [
            models.UniqueConstraint(fields=["unit", "period", "instrument", "layer"], name="unit_score_key"),
        ]
        indexes = [models.Index(fields=["period", "instrument", "layer", "unit"], name="unit_score_page")]

    def __str__(self) -> str:
        return f"Nilai satuan {self.unit_id}"


class LayerComparisonQuerySet(models.QuerySet["LayerComparison"]):
    """Named reads over comparisons."""

    def visible_to(self, user: User) -> Self:
        """Keep those of overseen units; a unit itself compares only sheets that it sees (pages/layers.py)."""
        return self.filter(user.scope.overseen_units("unit__path"))


class LayerComparison(models.Model):
    """What a unit claimed against what was seen there, for one period and instrument; computed with the roll-up.

    `areas`: area key → [claims upheld, claims looked at]. `estimate` is an estimate of the claim's total (10⁻¹⁰), never
    a score; null when nothing is left to estimate. `basis`: [sheet, state, saves] of every sheet that went in.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    period = models.ForeignKey(Period, models.CASCADE, related_name="+")
    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="+")
    claim = models.ForeignKey(Checklist, models.SET_NULL, null=True, related_name="+")
    seen = models.ForeignKey(Checklist, models.SET_NULL, null=True, related_name="+")
    areas = models.JSONField(default=dict)
    upheld = models.PositiveIntegerField(default=0)
    verified = models.PositiveIntegerField(default=0)
    estimate = models.BigIntegerField(null=True)
    basis = models.JSONField(default=list)
    computed_at = models.DateTimeField()

    objects = LayerComparisonQuerySet.as_manager()

    class Meta:
        verbose_name = "perbandingan lapisan"
        verbose_name_plural = "perbandingan lapisan"
        constraints = [
            models.UniqueConstraint(fields=["unit", "period", "instrument"], name="layer_comparison_key"),
        ]

    def __str__(self) -> str:
        return f"Perbandingan lapisan {self.unit_id}"


class ConditionStateQuerySet(models.QuerySet["ConditionState"]):
    """Named reads over states of conditions."""

    def visible_to(self, user: User) -> Self:
        """Keep the states of overseen units and of the person's own."""
        scope = user.scope
        return self.filter(scope.overseen_units("unit__path") | scope.own_units("unit__path"))


class ConditionState(models.Model):
    """A dated state of one condition of a predicate at a unit; the newest holds (PermenPANRB 90/2021, Tabel 5)."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="conditions")
    predicate = models.CharField("predikat", max_length=10, choices=PredicateCode)
    code = models.SlugField("syarat", max_length=40)
    is_met = models.BooleanField("terpenuhi")
    as_of = models.DateField("keadaan per")
    note = models.CharField("keterangan", max_length=300, blank=True)
    evidence = models.ForeignKey("supervisi.Evidence", models.SET_NULL, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ConditionStateQuerySet.as_manager()

    class Meta:
        verbose_name = "keadaan syarat"
        verbose_name_plural = "keadaan syarat"
        ordering = ["unit", "predicate", "code", "-as_of", "-pk"]

    def __str__(self) -> str:
        return f"{self.code} {self.as_of}"
