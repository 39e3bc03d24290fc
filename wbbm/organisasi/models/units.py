"""Units of the police, as a tree, and the predicates they hold."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from wbbm.addresses import address_of

if TYPE_CHECKING:
    from .people import User


class UnitKind(models.TextChoices):
    """Levels of the organisation (Perpol 2/2021, Perpol 14/2018)."""

    MABES = "mabes", "Mabes Polri"
    POLDA = "polda", "Polda"
    POLRES = "polres", "Polres"
    POLSEK = "polsek", "Polsek"
    SATFUNG = "satfung", "Satuan fungsi"


class TimeZone(models.TextChoices):
    """The three zones of Indonesia."""

    WIB = "Asia/Jakarta", "WIB"
    WITA = "Asia/Makassar", "WITA"
    WIT = "Asia/Jayapura", "WIT"


class UnitQuerySet(MP_NodeQuerySet):
    """Named reads over units."""

    def visible_to(self, user: User) -> Self:
        """Keep the units that the person's postings of this moment reach."""
        return self.filter(user.scope.reading_units("path"))

    def active_on(self, day: datetime.date) -> Self:
        """Keep the units that exist on the day."""
        return self.filter(
            Q(active_from__isnull=True) | Q(active_from__lte=day),
            Q(active_to__isnull=True) | Q(active_to__gte=day),
        )

    def named_like(self, text: str) -> Self:
        """Keep the units whose name holds the text; all without a text."""
        return self.filter(name__icontains=text) if text else self

    def below_named(self, text: str) -> Self:
        """Keep the units whose name, or that of one above, holds the text; all without a text."""
        if not text:
            return self
        path = ExpressionWrapper(OuterRef("path"), output_field=models.CharField())
        named = Unit.objects.named_like(text).order_by().annotate(sought=path)
        return self.filter(Exists(named.filter(sought__startswith=F("path"))))

    def under(self, unit: Unit) -> Self:
        """Keep the unit itself and everything below it."""
        return self.filter(path__startswith=unit.path)

    def strictly_under(self, unit: Unit) -> Self:
        """Keep what is below the unit, without itself."""
        return self.under(unit).exclude(pk=unit.pk)


class UnitManager(MP_NodeManager.from_queryset(UnitQuerySet)):  # type: ignore[misc]
    """Manager in tree order."""

    def get_queryset(self) -> UnitQuerySet:
        """Return units in tree order."""
        return UnitQuerySet(self.model, using=self._db).order_by("path")


class Unit(MP_Node):
    """A unit (satuan): Mabes, Polda, Polres, Polsek or satfung."""

    code = models.SlugField("kode", max_length=40, unique=True, help_text="Huruf kecil, angka, tanda hubung.")
    name = models.CharField("nama", max_length=120)
    kind = models.CharField("jenis", max_length=10, choices=UnitKind)
    latitude = models.DecimalField("lintang", max_digits=8, decimal_places=5, null=True, blank=True)
    longitude = models.DecimalField("bujur", max_digits=8, decimal_places=5, null=True, blank=True)
    own_time_zone = models.CharField(
        "zona waktu", max_length=40, choices=TimeZone, blank=True, help_text="Kosong: mengikuti satuan di atasnya."
    )
    # The zone that holds: the unit's own or the nearest one above; kept by services/units.py.
    time_zone = models.CharField(
        "zona waktu berlaku", max_length=40, choices=TimeZone, default=TimeZone.WIB, editable=False
    )
    active_from = models.DateField("aktif sejak", null=True, blank=True)
    active_to = models.DateField("aktif sampai", null=True, blank=True)

    objects = UnitManager()

    class Meta:
        verbose_name = "satuan"
        verbose_name_plural = "satuan"
        constraints = [
            models.CheckConstraint(
                name="unit_active_range",
                condition=Q(active_from__isnull=True)
                | Q(active_to__isnull=True)
                | Q(active_to__gte=models.F("active_from")),
                violation_error_message="Tanggal akhir tidak boleh sebelum tanggal mulai.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the unit's dashboard."""
        return address_of("supervisi:unit-dashboard", self.pk)

    @property
    def parent_path(self) -> str:
        """Path of the unit above, empty for a root."""
        return self.path[: -self.steplen]

    @property
    def ancestor_paths(self) -> list[str]:
        """Paths of the units above, from the root down, without the unit itself."""
        return [self.path[:end] for end in range(self.steplen, len(self.path), self.steplen)]

    def is_within(self, path: str) -> bool:
        """Tell whether the unit lies in the subtree whose root has the path."""
        return self.path.startswith(path)

    def is_strictly_under(self, path: str) -> bool:
        """Tell whether the unit lies below the unit with the path, and is not it."""
        return self.path != path and self.path.startswith(path)

    def is_active_on(self, day: datetime.date) -> bool:
        """Tell whether the unit exists on the day."""
        return not ((self.active_from and day < self.active_from) or (self.active_to and day > self.active_to))


class UnitChangeKind(models.TextChoices):
    """What can happen to a unit in the tree."""

    RENAMED = "renamed", "Berganti nama"
    MOVED = "moved", "Pindah"
    MERGED = "merged", "Digabung"
    CLOSED = "closed", "Ditutup"


class UnitChangeQuerySet(models.QuerySet["UnitChange"]):
    """Named reads over what happened to units."""

    def visible_to(self, user: User) -> Self:
        """Keep changes of units that the person sees, and of those that were merged into them."""
        scope = user.scope
        return self.filter(scope.reading_units("unit__path") | scope.reading_units("into__path"))

    def concerning(self, unit: Unit) -> Self:
        """Keep what happened to the unit and what was merged into it, the latest first."""
        return self.filter(Q(unit=unit) | Q(into=unit)).order_by("-day", "-pk")


class UnitChange(models.Model):
    """One change of a unit's name or place: what it was before, and what it went into (services/unit_changes)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes", verbose_name="satuan")
    kind = models.CharField("jenis", max_length=10, choices=UnitChangeKind)
    day = models.DateField("hari")
    old_name = models.CharField("nama sebelumnya", max_length=120)
    # The unit above before and after; only of one that moved do they differ.
    old_parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="semula di bawah")
    new_parent = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", verbose_name="kini di bawah")
    into = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="absorbed", verbose_name="digabung ke")
    reason = models.TextField("alasan", blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="oleh")

    objects = UnitChangeQuerySet.as_manager()

    class Meta:
        verbose_name = "perubahan satuan"
        verbose_name_plural = "perubahan satuan"
        ordering = ["-day", "-pk"]

    def __str__(self) -> str:
        return f"{self.old_name}: {self.get_kind_display()}"


class PredicateCode(models.TextChoices):
    """The two predicates of PermenPANRB 90/2021."""

    WBK = "wbk", "WBK"
    WBBM = "wbbm", "WBBM"


class HeldPredicateQuerySet(models.QuerySet["HeldPredicate"]):
    """Named reads over held predicates."""

    def visible_to(self, user: User) -> Self:
        """Keep the predicates of units that the person sees."""
        return self.filter(user.scope.reading_units("unit__path"))

    def in_force(self, day: datetime.date) -> Self:
        """Keep what has not been revoked by the day."""
        return self.filter(Q(revoked_on__isnull=True) | Q(revoked_on__gt=day))


class HeldPredicate(models.Model):
    """A predicate that a unit was given (predikat yang dimiliki)."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="held_predicates", verbose_name="satuan")
    predicate = models.CharField("predikat", max_length=10, choices=PredicateCode)
    year = models.PositiveSmallIntegerField("tahun")
    decree = models.CharField("keputusan", max_length=200, blank=True)
    revoked_on = models.DateField("dicabut pada", null=True, blank=True)

    objects = HeldPredicateQuerySet.as_manager()

    class Meta:
        verbose_name = "predikat yang dimiliki"
        verbose_name_plural = "predikat yang dimiliki"
        ordering = ["-year"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "predicate", "year"], name="held_predicate_once_a_year"),
        ]

    def __str__(self) -> str:
        return f"{self.get_predicate_display()} {self.year}"
