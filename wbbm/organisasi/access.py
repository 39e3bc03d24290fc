"""What the postings of this moment let a person see and do (docs/keputusan/0001-hak-dari-penugasan.md)."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from .models import Posting, Role

if TYPE_CHECKING:
    from .models import Unit, User

# Roles that, at the very unit where the person is posted, see only what the unit sees.
STANDING_ROLES = frozenset({Role.COMMANDER, Role.SUPERVISOR, Role.OPERATOR})
OVERSEEING_ROLES = frozenset({Role.COMMANDER, Role.SUPERVISOR})

_CRUD = ("view", "add", "change")
# What Django's admin shows to a person with an admin posting; everybody else has no permission at all there.
ADMIN_PERMISSIONS = frozenset(
    [
        f"organisasi.{verb}_{model}"
        for verb in _CRUD
        for model in ("unit", "user", "posting", "heldpredicate", "holiday")
    ]
    + [f"supervisi.{verb}_{model}" for verb in _CRUD for model in ("period", "letterhead")]
    + ["supervisi.view_instrument", "organisasi.view_auditevent"]
)


# What an admin reads of the audit trail: what admins write.
ADMIN_TRAIL = Q(object_type__startswith="organisasi.") | Q(
    object_type__in=["supervisi.period", "supervisi.letterhead", "supervisi.instrumentdraft"]
)


def nothing() -> Q:
    """Return a condition that no row meets."""
    return Q(pk__in=[])


def local_day(unit: Unit, now: datetime.datetime | None = None) -> datetime.date:
    """Return the day that it is at the unit; the server's clock decides."""
    return zone_day(unit.time_zone, now or timezone.now())


def zone_day(zone: str, now: datetime.datetime) -> datetime.date:
    """Return the day that it is in a time zone."""
    return now.astimezone(zoneinfo.ZoneInfo(zone)).date()


@dataclass(frozen=True)
class Scope:
    """The running postings of one person, with what they reach. Made anew for each request."""

    user_id: int
    postings: tuple[Posting, ...]

    # --- facts -------------------------------------------------------------------------------

    @property
    def roles(self) -> frozenset[str]:
        """The roles held now, at whatever unit."""
        return frozenset(posting.role for posting in self.postings)

    def has_role(self, *roles: str) -> bool:
        """Tell whether one of the roles is held at some unit."""
        return bool(self.roles.intersection(roles))

    def _paths(self, roles: Iterable[str]) -> list[str]:
        wanted = set(roles)
        return sorted({posting.unit.path for posting in self.postings if posting.role in wanted})

    @property
    def standing_paths(self) -> frozenset[str]:
        """Paths of the units where the person is commander, supervisor or operator himself."""
        return frozenset(self._paths(STANDING_ROLES))

    def posting_at(self, unit: Unit, *roles: str) -> Posting | None:
        """Return the posting in one of the roles that stands at the unit itself."""
        return next((p for p in self.postings if p.role in roles and p.unit_id == unit.pk), None)

    def posting_over(self, unit: Unit, *roles: str) -> Posting | None:
        """Return the nearest posting in one of the roles that stands at the unit or above."""
        return self._nearest(p for p in self.postings if p.role in roles and unit.is_within(p.unit.path))

    def posting_above(self, unit: Unit, *roles: str) -> Posting | None:
        """Return the nearest posting in one of the roles that stands strictly above the unit."""
        return self._nearest(p for p in self.postings if p.role in roles and unit.is_strictly_under(p.unit.path))

    @staticmethod
    def _nearest(postings: Iterable[Posting]) -> Posting | None:
        return max(postings, key=lambda posting: len(posting.unit.path), default=None)

    def is_own_unit(self, unit: Unit) -> bool:
        """Tell whether the person is commander, supervisor or operator at the unit itself."""
        return unit.path in self.standing_paths

    def reads_unit(self, unit: Unit) -> bool:
        """Tell whether the unit itself is in sight."""
        return any(
            unit.pk == p.unit_id if p.role == Role.OPERATOR else unit.is_within(p.unit.path) for p in self.postings
        )

    # --- conditions for queries; `field` is the look-up that leads to a unit's path ---------------

    def within(self, field: str, *roles: str) -> Q:
        """Units in the subtree of a posting in one of the roles, its own unit included."""
        found = nothing()
        for path in self._paths(roles):
            found |= Q(**{f"{field}__startswith": path})
        return found

    def at(self, field: str, *roles: str) -> Q:
        """Units at which a posting in one of the roles stands."""
        paths = self._paths(roles)
        return Q(**{f"{field}__in": paths}) if paths else nothing()

    def reading_units(self, field: str) -> Q:
        """Units whose name and place the person may see: subtrees; an operator only the own unit."""
        return self.within(field, *(set(Role.values) - {Role.OPERATOR})) | self.at(field, Role.OPERATOR)

    def overseen_units(self, field: str) -> Q:
        """Units whose supervision the person sees in full.

        The auditor's subtree with its root, the commander's and supervisor's below their own unit; never a
        unit where he is commander, supervisor or operator himself, whatever else he holds.
        """
        found = self.within(field, Role.AUDITOR, *OVERSEEING_ROLES)
        standing = self.standing_paths
        return found & ~Q(**{f"{field}__in": sorted(standing)}) if standing else found

    def own_units(self, field: str) -> Q:
        """Units where the person is commander, supervisor or operator: he sees what the unit sees."""
        return self.at(field, *STANDING_ROLES)

    def supervised_units(self, field: str) -> Q:
        """Units strictly below a supervisor, commander or auditor, and where he holds no posting of any kind."""
        found = self.within(field, Role.AUDITOR, *OVERSEEING_ROLES)
        own = sorted({posting.unit.path for posting in self.postings})
        return found & ~Q(**{f"{field}__in": own}) if own else found

    def people_units(self, field: str) -> Q:
        """Units whose people and postings the person may look up."""
        return self.within(field, Role.ADMIN, Role.AUDITOR, Role.COMMANDER)

    def audit_units(self, field: str) -> Q:
        """Units whose audit trail the person may read.

        An admin that of what admins write only; and nobody more than that of a unit where he stands himself.
        """
        found = self.within(field, Role.AUDITOR, Role.COMMANDER)
        standing = self.standing_paths
        if standing:
            found &= ~Q(**{f"{field}__in": sorted(standing)}) | ADMIN_TRAIL
        return found | (ADMIN_TRAIL & self.within(field, Role.ADMIN))

    # --- Django's admin --------------------------------------------------------------------------

    def has_perm(self, permission: str) -> bool:
        """Answer Django's admin; scope is kept by the querysets there."""
        return Role.ADMIN in self.roles and permission in ADMIN_PERMISSIONS

    def has_module_perms(self, app_label: str) -> bool:
        """Tell whether the admin shows anything of the app."""
        return Role.ADMIN in self.roles and any(name.startswith(f"{app_label}.") for name in ADMIN_PERMISSIONS)


def people_at(unit: Unit, *roles: str) -> list[User]:
    """Return the people posted in one of the roles at the unit itself, each once (one query)."""
    rows = Posting.objects.running().filter(unit=unit, role__in=roles).select_related("user").order_by("pk")
    return list({row.user_id: row.user for row in rows}.values())


def nearest_people(unit: Unit, role: str, *, is_above: bool = True, besides: Iterable[int] = ()) -> list[User]:
    """Return who holds the role at the nearest unit where somebody does, each once (one query).

    Args:
        is_above: look above the unit only; otherwise at the unit itself first.
        besides: ids of people who don't count.
    """
    paths = [*unit.ancestor_paths, *([] if is_above else [unit.path])]
    held = Posting.objects.running().filter(role=role, unit__path__in=paths).exclude(user_id__in=list(besides))
    rows = list(held.select_related("user", "unit").order_by("pk"))
    depth = max((len(row.unit.path) for row in rows), default=0)
    return list({row.user_id: row.user for row in rows if len(row.unit.path) == depth}.values())


def read_scope(user: User) -> Scope:
    """Read the postings that run at this moment, in each unit's own day (one query)."""
    if user.pk is None or not user.is_active:
        return Scope(user_id=0, postings=())
    today = timezone.now().astimezone(datetime.UTC).date()
    margin = datetime.timedelta(days=1)
    candidates = (
        Posting.objects.lasting(today - margin)
        .filter(user_id=user.pk, approved_at__isnull=False, starts_on__lte=today + margin)
        .select_related("unit")
        .order_by("unit__path", "pk")
    )
    running = tuple(posting for posting in candidates if posting.runs_on(local_day(posting.unit)))
    return Scope(user_id=user.pk, postings=running)
