"""The audit trail: who did what, by which posting, to which object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models.functions import Cast
from django.utils import timezone

from .people import Posting, User
from .units import Unit

if TYPE_CHECKING:
    from django.db.models import Q


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Named reads over the audit trail."""

    def unsealed(self) -> Self:
        """Keep events that the sealer has not come to yet, in the order of their ids."""
        return self.filter(seal__isnull=True).order_by("pk")

    def visible_to(self, user: User) -> Self:
        """Keep events of units whose trail the person may read (auditor, admin: own subtree), and his own acts."""
        scope: Q = user.scope.audit_units("unit__path")
        return self.filter(scope | models.Q(actor=user))

    def with_names(self) -> Self:
        """Add what each event is about in words, of this moment for a person: the trail itself keeps no name."""
        number = Cast(models.OuterRef("object_id"), models.BigIntegerField())
        person = models.Subquery(User.objects.filter(pk=number).values("name"))
        name = models.Case(models.When(object_type="organisasi.user", then=person), default=models.F("object_label"))
        return self.annotate(object_name=name)

    def about(self, obj: models.Model) -> Self:
        """Keep the events of one object."""
        return self.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))


class AuditEvent(models.Model):
    """One act. Rows are only ever added (services/audit.py)."""

    at = models.DateTimeField("waktu", default=timezone.now, db_index=True)
    # When the row was written; `at` may lie before it, for history that is taken over.
    recorded_at = models.DateTimeField("dicatat", default=timezone.now)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="pelaku")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+", verbose_name="penugasan")
    action = models.CharField("tindakan", max_length=60)
    object_type = models.CharField("jenis objek", max_length=60, blank=True)
    object_id = models.CharField("nomor objek", max_length=64, blank=True)
    object_label = models.CharField("objek", max_length=200, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="satuan")
    changes = models.JSONField("perubahan", default=dict)
    reason = models.TextField("alasan", blank=True)
    address = models.GenericIPAddressField("alamat", null=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = "catatan audit"
        verbose_name_plural = "catatan audit"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_object")]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}"


def grouped_hash(digest: str) -> str:
    """Write a hash in groups of eight."""
    return " ".join(digest[place : place + 8] for place in range(0, len(digest), 8))


class AuditSeal(models.Model):
    """Number and hash of one event. The hash covers the one before, so that nothing between can go unseen.

    Written by the sealer alone (services/seals.py), after the event and in a table of its own: no writer of events
    waits for another.
    """

    number = models.BigIntegerField("nomor", primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="seal", verbose_name="catatan")
    hash = models.CharField("sidik", max_length=64)
    sealed_at = models.DateTimeField("disegel", default=timezone.now)

    class Meta:
        verbose_name = "segel audit"
        verbose_name_plural = "segel audit"
        ordering = ["number"]

    def __str__(self) -> str:
        return f"Segel {self.number}"

    @property
    def grouped(self) -> str:
        """The hash in groups of eight, to be compared by eye."""
        return grouped_hash(self.hash)


class AuditHead(models.Model):
    """The last seal on a day, made known outside: whoever holds it can prove that nothing before was rewritten."""

    day = models.DateField("hari", unique=True)
    number = models.BigIntegerField("nomor")
    hash = models.CharField("sidik", max_length=64)
    published_at = models.DateTimeField("diumumkan", default=timezone.now)

    class Meta:
        verbose_name = "kepala harian"
        verbose_name_plural = "kepala harian"
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day} {self.number}"

    @property
    def grouped(self) -> str:
        """The hash in groups of eight, to be compared by eye."""
        return grouped_hash(self.hash)
