"""Visits of a team to a unit."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from wbbm.organisasi.models import Unit

from .instruments import Node
from .periods import Period

if TYPE_CHECKING:
    from wbbm.organisasi.models import User


class VisitStatus(models.TextChoices):
    """States of a visit (docs/alur-status.md)."""

    PLANNED = "planned", "Direncanakan"
    ONGOING = "ongoing", "Berjalan"
    DONE = "done", "Selesai"
    CANCELLED = "cancelled", "Dibatalkan"


OPEN_STATUSES = (VisitStatus.PLANNED, VisitStatus.ONGOING)
# The unit knows of a visit that was announced, and of every other from its beginning on.
KNOWN_TO_UNIT = Q(is_announced=True) | Q(started_at__isnull=False)


def on_days(first: datetime.date, last: datetime.date, *, prefix: str = "") -> Q:
    """Visits that share a day with the span; `prefix` leads to the visit."""
    until = Q(**{f"{prefix}ends_on__gte": first})
    one_day = Q(**{f"{prefix}ends_on__isnull": True, f"{prefix}starts_on__gte": first})
    return Q(**{f"{prefix}starts_on__lte": last}) & (until | one_day)


class VisitQuerySet(models.QuerySet["Visit"]):
    """Named reads over visits."""

    def visible_to(self, user: User) -> Self:
        """Keep visits to units the person oversees, and to his own unit what the unit may know of."""
        scope = user.scope
        return self.filter(scope.overseen_units("unit__path") | scope.own_units("unit__path") & KNOWN_TO_UNIT)

    def without_surprises(self, user: User) -> Self:
        """Drop the unannounced visits that the person's own unit must not know of yet."""
        return self.exclude(user.scope.own_units("unit__path") & ~KNOWN_TO_UNIT)

    def on_days(self, first: datetime.date, last: datetime.date) -> Self:
        """Keep visits that share a day with the span."""
        return self.filter(on_days(first, last))

    def open(self) -> Self:
        """Keep visits that are ahead or under way."""
        return self.filter(status__in=OPEN_STATUSES)

    def not_cancelled(self) -> Self:
        """Drop what was given up."""
        return self.exclude(status=VisitStatus.CANCELLED)

    def below_named(self, text: str) -> Self:
        """Keep visits to units whose name, or that of a unit above, holds the text; all without a text."""
        return self.filter(unit__in=Unit.objects.order_by().below_named(text)) if text else self

    def with_member(self, user: User) -> Self:
        """Keep visits in whose team the person is."""
        return self.filter(pk__in=VisitMember.objects.filter(user=user, left_at__isnull=True).values("visit_id"))


class Visit(models.Model):
    """A team's visit to a unit, by a warrant (Sprin)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="visits", verbose_name="satuan")
    period = models.ForeignKey(Period, models.PROTECT, related_name="visits", verbose_name="periode")
    sprin_number = models.CharField("nomor Sprin", max_length=80)
    starts_on = models.DateField("hari kunjungan")
    ends_on = models.DateField("sampai", null=True, blank=True)
    status = models.CharField(max_length=10, choices=VisitStatus, default=VisitStatus.PLANNED, editable=False)
    # An unannounced visit is hidden from the unit until it begins.
    is_announced = models.BooleanField("diberitahukan kepada satuan", default=True)
    team_leader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="led_visits", verbose_name="ketua tim"
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deputised_visits",
        verbose_name="wakil ketua tim",
    )
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    planned_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    done_at = models.DateTimeField(null=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)
    cancel_reason = models.TextField("alasan pembatalan", blank=True, editable=False)
    # How often days, team or state changed, and when last: a subscribed calendar tells by these what is new.
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = "kunjungan"
        verbose_name_plural = "kunjungan"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="visit_range",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="Hari terakhir tidak boleh sebelum hari kunjungan.",
            ),
            # A second click on "Rencanakan" makes no second visit.
            models.UniqueConstraint(
                fields=["unit", "sprin_number", "starts_on"],
                condition=~Q(status=VisitStatus.CANCELLED),
                name="visit_once",
            ),
        ]

    def __str__(self) -> str:
        return f"Kunjungan {self.unit}"

    def get_absolute_url(self) -> str:
        """Return the visit's page."""
        return reverse("supervisi:visit-detail", args=[self.pk])

    @property
    def last_day(self) -> datetime.date:
        """The last day of the visit; it decides which sheet counts."""
        return self.ends_on or self.starts_on

    @property
    def takes_answers(self) -> bool:
        """Tell whether answers may be written: while the visit is ongoing or done."""
        return self.status in {VisitStatus.ONGOING, VisitStatus.DONE}

    @property
    def is_done(self) -> bool:
        """Tell whether the visit is over and its findings are handed over; it stays so."""
        return self.status == VisitStatus.DONE

    @property
    def is_cancelled(self) -> bool:
        """Tell whether the visit was given up; its answers stay readable."""
        return self.status == VisitStatus.CANCELLED

    @property
    def is_hidden_from_unit(self) -> bool:
        """Tell whether the unit must not know of it: unannounced, and not begun."""
        return not self.is_announced and self.started_at is None

    @property
    def is_open(self) -> bool:
        """Tell whether team and days may still change."""
        return self.status in OPEN_STATUSES

    @property
    def days(self) -> tuple[datetime.date, ...]:
        """The days of the visit."""
        count = (self.last_day - self.starts_on).days + 1
        return tuple(self.starts_on + datetime.timedelta(days=number) for number in range(count))


class VisitMember(models.Model):
    """A person in a team. Leaving keeps the row, so that the history stays readable."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="anggota")
    number = models.PositiveSmallIntegerField("nomor")
    joined_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "anggota tim"
        verbose_name_plural = "anggota tim"
        ordering = ["visit", "number"]
        constraints = [models.UniqueConstraint(fields=["visit", "user"], name="visit_member_once")]

    def __str__(self) -> str:
        return f"{self.number}. {self.user}"


class Assignment(models.Model):
    """A person and any node of the instrument: it orders the page and is no right."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="assignments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    node = models.ForeignKey(Node, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "pembagian tugas"
        verbose_name_plural = "pembagian tugas"
        ordering = ["visit", "node__position"]
        constraints = [models.UniqueConstraint(fields=["visit", "user", "node"], name="assignment_once")]

    def __str__(self) -> str:
        return f"{self.node_id} → {self.user_id}"
