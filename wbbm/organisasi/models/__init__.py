"""Models of the organisation."""

from .audit import AuditEvent
from .imports import ImportDraft, ImportKind
from .people import AccessLink, Posting, PostingKind, PostingQuerySet, Role, User, UserQuerySet
from .signin import SignInPace
from .units import HeldPredicate, PredicateCode, Unit, UnitKind, UnitQuerySet

__all__ = [
    "AccessLink",
    "AuditEvent",
    "HeldPredicate",
    "ImportDraft",
    "ImportKind",
    "Posting",
    "PostingKind",
    "PostingQuerySet",
    "PredicateCode",
    "Role",
    "SignInPace",
    "Unit",
    "UnitKind",
    "UnitQuerySet",
    "User",
    "UserQuerySet",
]
