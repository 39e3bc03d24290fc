"""People, their postings, and the links by which they set a password."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast, Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from .units import TimeZone, Unit

if TYPE_CHECKING:
    from wbbm.organisasi.access import Scope


class UserQuerySet(models.QuerySet["User"]):
    """Named reads over people."""

    def visible_to(self, user: User) -> Self:
        """Keep the people whom an admin or auditor may look up: those posted in his reach, and himself."""
        return self.filter(Q(pk=user.pk) | Q(pk__in=Posting.objects.visible_to(user).order_by().values("user_id")))

    def administered_by(self, user: User) -> Self:
        """Keep people with a posting in the admin's reach, and those who were added there and are posted nowhere."""
        from .audit import AuditEvent

        reach = user.scope.within("unit__path", Role.ADMIN)
        added = AuditEvent.objects.filter(
            reach,
            action="person.created",
            object_type="organisasi.user",
            object_id=Cast(models.OuterRef("pk"), models.CharField()),
        )
        posted = Posting.objects.filter(reach).order_by().values("user_id")
        fresh = Q(models.Exists(added), ~models.Exists(Posting.objects.filter(user=models.OuterRef("pk"))))
        return self.filter(Q(pk__in=posted) | fresh)

    def owing_a_factor(self, roles: Iterable[str]) -> Self:
        """Keep people who hold one of the roles now and have no second factor."""
        held = Posting.objects.running().filter(role__in=list(roles)).order_by().values("user_id")
        return self.filter(pk__in=held, second_factor__isnull=True)

    def open(self) -> Self:
        """Keep people who are not closed."""
        return self.filter(closed_at__isnull=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Finds people by their user name, in any case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the person with the user name, whatever its case."""
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person. Rights come from postings alone; nothing is stored here that grants any."""

    username = models.CharField("nama pengguna", max_length=60, unique=True)
    nrp = models.CharField("NRP/NIP", max_length=18, unique=True, null=True, blank=True)
    name = models.CharField("nama", max_length=120)
    rank = models.CharField("pangkat", max_length=40, blank=True)
    email = models.EmailField("surel", blank=True)
    created_at = models.DateTimeField("dibuat", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("ditutup", null=True, blank=True, editable=False)
    must_change_password = models.BooleanField("harus mengganti kata sandi", default=False, editable=False)
    # Raised to end every session of the person ("keluar dari semua perangkat").
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    is_demo = models.BooleanField("akun contoh", default=False, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = "orang"
        verbose_name_plural = "orang"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_any_case",
                violation_error_message="Nama pengguna ini sudah dipakai.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Tell whether the person may sign in: people are closed, never deleted."""
        return self.closed_at is None

    def get_session_auth_hash(self) -> str:
        """Tie sessions to the password and to the epoch, so that raising either ends them all."""
        return salted_hmac("wbbm.session", f"{self.password}:{self.session_epoch}", algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> Any:
        """Keep no fall-back: a changed SECRET_KEY ends all sessions."""
        return iter(())

    @cached_property
    def scope(self) -> Scope:
        """What the person's postings of this moment reach; read once per request (one query)."""
        from wbbm.organisasi.access import read_scope

        return read_scope(self)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Ask the postings (needed by Django's admin)."""
        return self.is_active and self.scope.has_perm(perm)

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        """Ask the postings for each permission."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Ask the postings whether the admin shows anything of the app."""
        return self.is_active and self.scope.has_module_perms(app_label)


class Role(models.TextChoices):
    """The six roles; what each may do stands in docs/arsitektur.md and docs/alur-status.md."""

    ADMIN = "admin", "Admin"
    SUPERVISOR = "supervisor", "Supervisor"
    COMMANDER = "commander", "Pimpinan satuan"
    OPERATOR = "operator", "Operator"
    AUDITOR = "auditor", "Auditor"
    INTEGRITY_OFFICER = "integrity_officer", "Petugas integritas"


ROLES_NEEDING_SECOND_ADMIN = frozenset({Role.COMMANDER, Role.INTEGRITY_OFFICER})


class PostingKind(models.TextChoices):
    """How the office is held."""

    DEFINITIVE = "definitif", "Definitif"
    ACTING = "plt", "Plt"
    DAILY = "plh", "Plh"


class PostingQuerySet(models.QuerySet["Posting"]):
    """Named reads over postings."""

    def visible_to(self, user: User) -> Self:
        """Keep postings at units where the person is admin, auditor or commander, and his own."""
        return self.filter(Q(user=user) | user.scope.people_units("unit__path"))

    def active_on(self, day: datetime.date) -> Self:
        """Keep approved postings that run on the day."""
        return self.lasting(day).filter(starts_on__lte=day, approved_at__isnull=False)

    def running(self, now: datetime.datetime | None = None) -> Self:
        """Keep approved postings of open people that run at the moment, each in its own unit's day."""
        moment = now or timezone.now()
        zones: dict[datetime.date, list[str]] = {}
        for zone in TimeZone.values:
            zones.setdefault(moment.astimezone(zoneinfo.ZoneInfo(zone)).date(), []).append(zone)
        days = Q()
        for day, names in zones.items():
            runs = Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gte=day))
            # For most hours it is the same day in all zones; every request asks this, so it is kept short.
            days |= runs if len(zones) == 1 else runs & Q(unit__time_zone__in=names)
        return self.filter(days, approved_at__isnull=False, withdrawn_at__isnull=True, user__closed_at__isnull=True)

    def lasting(self, day: datetime.date) -> Self:
        """Keep postings that run on the day or come later, approved or not."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), withdrawn_at__isnull=True)

    def pending(self) -> Self:
        """Keep postings that wait for a second admin."""
        return self.lasting(timezone.localdate()).filter(approved_at__isnull=True)


class Posting(models.Model):
    """A dated office of a person at a unit (penugasan). It alone grants rights, and only while it runs."""

    user = models.ForeignKey(User, models.PROTECT, related_name="postings", verbose_name="orang")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="postings", verbose_name="satuan")
    role = models.CharField("peran", max_length=20, choices=Role)
    title = models.CharField("jabatan", max_length=120)
    kind = models.CharField("sifat", max_length=10, choices=PostingKind, default=PostingKind.DEFINITIVE)
    starts_on = models.DateField("mulai")
    ends_on = models.DateField("sampai", null=True, blank=True, help_text="Hari terakhir; kosong bila masih berjalan.")
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", editable=False)
    # Null while the posting waits for a second admin (commander, integrity officer).
    approved_at = models.DateTimeField("disetujui", null=True, editable=False)
    # Set when the posting was ended before or on its first day: it counts on no day, whoever approved it.
    withdrawn_at = models.DateTimeField("dicabut", null=True, editable=False)

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = "penugasan"
        verbose_name_plural = "penugasan"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="posting_range",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message="Tanggal akhir tidak boleh sebelum tanggal mulai.",
            ),
            models.UniqueConstraint(
                fields=["user", "unit", "role", "title", "starts_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="posting_once",
                violation_error_message="Penugasan ini sudah ada.",
            ),
        ]
        indexes = [models.Index(fields=["unit", "role"], name="posting_unit_role")]

    def __str__(self) -> str:
        kind = str(self.get_kind_display())
        is_said = self.kind == PostingKind.DEFINITIVE or self.title.lower().startswith(f"{kind.lower()} ")
        return self.title if is_said else f"{kind} {self.title}"

    def runs_on(self, day: datetime.date) -> bool:
        """Tell whether the posting is approved and runs on the day."""
        return self.approved_at is not None and self.starts_on <= day and not self.has_ended_by(day)

    def has_ended_by(self, day: datetime.date) -> bool:
        """Tell whether the posting is over on the day, or was withdrawn before it ever counted."""
        return self.withdrawn_at is not None or (self.ends_on is not None and self.ends_on < day)


class AccessLinkQuerySet(models.QuerySet["AccessLink"]):
    """Named reads over one-time links."""

    def usable(self, now: datetime.datetime) -> Self:
        """Keep links that were neither used nor withdrawn and have not expired."""
        return self.filter(used_at__isnull=True, expires_at__gt=now)


class AccessLink(models.Model):
    """A one-time link (72 hours) by which a person sets the own password. Only the token's hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="access_links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = AccessLinkQuerySet.as_manager()

    class Meta:
        verbose_name = "tautan sekali pakai"
        verbose_name_plural = "tautan sekali pakai"

    def __str__(self) -> str:
        return f"Tautan untuk {self.user_id}"
