"""Samples: which items of a visit's sheet are looked at, why, and who changed the proposal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from .checklists import Checklist
from .instruments import Item

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class SampleReason(models.TextChoices):
    """Why an item is in a sample."""

    GATE = "gate", "Menentukan ambang"
    WEIGHT = "weight", "Bobot besar"
    RANDOM = "random", "Undian"
    ADDED = "added", "Ditambahkan tim"


class SampleDrawQuerySet(models.QuerySet["SampleDraw"]):
    """Named reads over draws."""

    def visible_to(self, user: User) -> Self:
        """Keep the draws of visible sheets."""
        return self.filter(checklist__in=Checklist.objects.visible_to(user).order_by().values("pk"))


class SampleDraw(models.Model):
    """The draw of a sample sheet. The seed decides its random part and is never changed."""

    checklist = models.OneToOneField(Checklist, models.CASCADE, related_name="draw", verbose_name="lembar")
    seed = models.CharField("benih undian", max_length=32)
    drawn_at = models.DateTimeField(default=timezone.now)

    objects = SampleDrawQuerySet.as_manager()

    class Meta:
        verbose_name = "undian sampel"
        verbose_name_plural = "undian sampel"

    def __str__(self) -> str:
        return f"Undian {self.seed}"


class SampleItem(models.Model):
    """An item that was proposed or added; one that was taken out again keeps its row and the reason."""

    draw = models.ForeignKey(SampleDraw, models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+")
    why = models.CharField("mengapa", max_length=10, choices=SampleReason)
    is_in = models.BooleanField("diperiksa", default=True)
    # Of the last change by a person; empty while it is as proposed.
    reason = models.TextField("alasan", blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "butir sampel"
        verbose_name_plural = "butir sampel"
        ordering = ["draw", "item__position"]
        constraints = [models.UniqueConstraint(fields=["draw", "item"], name="sample_item_once")]

    def __str__(self) -> str:
        return f"Butir sampel {self.item_id}"
