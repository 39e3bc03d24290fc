"""What a unit's dashboard shows of its public side, worked out beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.utils import timezone

from wbbm.organisasi.models import Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class PublicFiguresQuerySet(models.QuerySet["PublicFigures"]):
    """Named reads over stored figures."""

    def visible_to(self, user: User) -> Self:
        """Keep those of units in sight."""
        return self.filter(user.scope.reading_units("unit__path"))


class PublicFigures(models.Model):
    """The figures of one unit's public side (services/public_figures.py), so that a dashboard asks for one row."""

    unit = models.OneToOneField(Unit, models.CASCADE, related_name="public_figures", primary_key=True)
    figures = models.JSONField("angka")
    computed_at = models.DateTimeField("dihitung pada", default=timezone.now)

    objects = PublicFiguresQuerySet.as_manager()

    class Meta:
        verbose_name = "angka sisi publik"
        verbose_name_plural = "angka sisi publik"

    def __str__(self) -> str:
        return f"Angka sisi publik {self.unit_id}"
