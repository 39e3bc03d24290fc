"""Who may write what residents read of a unit."""

from __future__ import annotations

from layanan.models import Subject
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, User

# Kinds of unit that have a public page, and those that keep standards and tariffs of their own.
PUBLIC_KINDS = (UnitKind.POLDA, UnitKind.POLRES, UnitKind.POLSEK)
SERVING_KINDS = (UnitKind.POLRES, UnitKind.POLSEK)
DISTRICT_KINDS = (UnitKind.MABES, UnitKind.POLDA, UnitKind.POLRES)


def posting_to_write(user: User, unit: Unit, subject: str) -> Posting | None:
    """Return the posting by which the person may edit: an operator the unit's pages, an admin the standards."""
    if subject == Subject.TEMPLATE:
        return posting_to_keep(user, unit)
    return user.scope.posting_at(unit, Role.OPERATOR) if unit.kind in SERVING_KINDS else None


def posting_to_keep(user: User, unit: Unit) -> Posting | None:
    """Return the posting by which the person keeps the standards and tariffs of a district."""
    return user.scope.posting_over(unit, Role.ADMIN) if unit.kind in DISTRICT_KINDS else None


def posting_to_operate(user: User, unit: Unit) -> Posting | None:
    """Return the posting by which the person runs what the unit offers beside its services: its operator's."""
    return user.scope.posting_at(unit, Role.OPERATOR)
