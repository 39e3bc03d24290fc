"""Secret addresses by which a person's calendar program reads his visits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    """Named reads over feeds."""

    def visible_to(self, user: User) -> Self:
        """Keep the person's own."""
        return self.filter(person_id=user.pk)


class CalendarFeed(models.Model):
    """The one calendar address of a person. Only the token's hash is kept; a new one ends the old one."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="orang")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = "langganan kalender"
        verbose_name_plural = "langganan kalender"

    def __str__(self) -> str:
        return f"Langganan kalender {self.person_id}"
