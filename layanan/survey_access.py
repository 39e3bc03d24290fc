"""Who hands out tokens, and who reads results."""

from __future__ import annotations

from wbbm.organisasi.models import Posting, Role, Unit, User

# Above a unit these read its results; at the unit itself its operator too.
READERS = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR)
DESK = (Role.OPERATOR, Role.COMMANDER)
LIST_ROLES = (*READERS, Role.OPERATOR)


def posting_at_desk(user: User, unit: Unit) -> Posting | None:
    """Return the posting by which the person hands out tokens: operator or commander of the very unit."""
    return user.scope.posting_at(unit, *DESK)


def reads_results(user: User, unit: Unit) -> bool:
    """Tell whether the person reads the unit's results."""
    scope = user.scope
    return scope.posting_over(unit, *READERS) is not None or scope.posting_at(unit, Role.OPERATOR) is not None


# At the unit itself a window has so many months at least.
OWN_MONTHS = 3


def sees_all(user: User, unit: Unit) -> bool:
    """Tell whether the person stands above the unit, and not at it.

    He sees small figures too, and days that look improbable. Whoever works at the unit has met the people who answer:
    to him figures are told from ten answers on, as in public.
    """
    return user.scope.posting_above(unit, *READERS) is not None and not user.scope.is_own_unit(unit)
