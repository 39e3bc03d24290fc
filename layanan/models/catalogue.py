"""Services: the templates of a district, what each unit says of its own, its desk, and every version of all that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from layanan.components import COMPONENTS
from wbbm.organisasi.models import Posting, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.models import User

TEXT_LIMIT = 4000
LINE_LIMIT = 200


class Availability(models.TextChoices):
    """What a unit does about a service."""

    SERVES = "serves", "Melayani di sini"
    INFORMS = "informs", "Memberi informasi dan mendampingi"
    NONE = "none", "Tidak ada di satuan ini"


class ServiceTemplateQuerySet(models.QuerySet["ServiceTemplate"]):
    """Named reads over templates."""

    def visible_to(self, user: User) -> Self:
        """Keep the templates that ship, and those of units that the person sees."""
        return self.filter(Q(unit__isnull=True) | user.scope.reading_units("unit__path"))

    def holding_at(self, unit: Unit | None) -> Self:
        """Keep the templates of the unit, of those above, and those that ship; the nearest last."""
        paths = [*unit.ancestor_paths, unit.path] if unit is not None else []
        found = self.filter(Q(unit__isnull=True) | Q(unit__path__in=paths))
        return found.order_by("position", "code", models.F("unit__path").asc(nulls_first=True))


class ServiceTemplate(models.Model):
    """The standard of a service (standar pelayanan): for everybody, or for a unit and everything below it."""

    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="satuan")
    code = models.SlugField("kode", max_length=40)
    name = models.CharField("nama", max_length=80)
    summary = models.CharField("satu kalimat", max_length=LINE_LIMIT)
    desk = models.CharField("loket", max_length=80)
    hours = models.TextField("jam layanan", blank=True)
    icon = models.CharField(max_length=20, default="file")
    position = models.PositiveSmallIntegerField(default=0)
    # Kind of unit → what it does about the service unless it says otherwise; kinds that are absent don't offer it.
    availability = models.JSONField(default=dict)
    # Component → text; components that only the district writes; those of which there is one source only.
    parts = models.JSONField(default=dict)
    fixed = models.JSONField(default=list)
    unsure = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=0)

    objects = ServiceTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = "standar pelayanan"
        verbose_name_plural = "standar pelayanan"
        ordering = ["position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "code"], name="service_template_once"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(unit__isnull=True), name="service_template_once_everywhere"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceQuerySet(models.QuerySet["Service"]):
    """Named reads over services."""

    def visible_to(self, user: User) -> Self:
        """Keep the services of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))


class Service(models.Model):
    """What a unit says of a service beyond the template (layanan); without a row the template alone holds."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="services", verbose_name="satuan")
    code = models.SlugField("kode", max_length=40)
    availability = models.CharField("di satuan ini", max_length=10, choices=Availability)
    hours = models.TextField("jam layanan", blank=True)
    parts = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        verbose_name = "layanan"
        verbose_name_plural = "layanan"
        ordering = ["unit", "code"]
        constraints = [models.UniqueConstraint(fields=["unit", "code"], name="service_once_a_unit")]

    def __str__(self) -> str:
        return f"{self.code}, {self.unit}"


class ServicePointQuerySet(models.QuerySet["ServicePoint"]):
    """Named reads over desks."""

    def visible_to(self, user: User) -> Self:
        """Keep the desks of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))


class ServicePoint(models.Model):
    """Where, when and how a unit serves (loket), and its maklumat pelayanan."""

    unit = models.OneToOneField(Unit, models.PROTECT, related_name="service_point", verbose_name="satuan")
    address = models.TextField("alamat", blank=True)
    hours = models.TextField("jam layanan", blank=True)
    phone = models.CharField("telepon", max_length=30, blank=True)
    whatsapp = models.CharField("WhatsApp", max_length=20, blank=True)
    note = models.TextField("petunjuk", blank=True)
    charter = models.TextField("maklumat pelayanan", blank=True)
    charter_office = models.CharField("ditandatangani oleh", max_length=120, blank=True)
    charter_on = models.DateField("pada tanggal", null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = ServicePointQuerySet.as_manager()

    class Meta:
        verbose_name = "loket"
        verbose_name_plural = "loket"

    def __str__(self) -> str:
        return f"Loket {self.unit}"


class Subject(models.TextChoices):
    """What has versions."""

    TEMPLATE = "template", "Standar"
    SERVICE = "service", "Layanan"
    POINT = "point", "Loket"


class CatalogueRevisionQuerySet(models.QuerySet["CatalogueRevision"]):
    """Named reads over versions."""

    def visible_to(self, user: User) -> Self:
        """Keep the versions of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))


class CatalogueRevision(models.Model):
    """One saved version of a template, a service or a desk. Never changed, never deleted (layanan/guards.py)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name="satuan")
    subject = models.CharField(max_length=10, choices=Subject)
    code = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField("versi")
    content = models.JSONField("isi")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    posting = models.ForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    # The version whose content was brought back, if it was.
    restored = models.PositiveIntegerField(null=True)

    objects = CatalogueRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = "versi layanan"
        verbose_name_plural = "versi layanan"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "subject", "code", "version"], name="catalogue_revision_once")
        ]

    def __str__(self) -> str:
        return f"Versi {self.version}"


# What of each is edited, and so kept in its versions.
CONTENT: dict[str, tuple[str, ...]] = {
    Subject.TEMPLATE: ("name", "summary", "desk", "hours", "parts", "fixed"),
    Subject.SERVICE: ("availability", "hours", "parts"),
    Subject.POINT: (
        "address", "hours", "phone", "whatsapp", "note", "charter", "charter_office", "charter_on",
    ),
}  # fmt: skip
PART_KEYS = frozenset(component.key for component in COMPONENTS)
