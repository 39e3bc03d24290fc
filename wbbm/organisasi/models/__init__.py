"""Models of the organisation."""

from .audit import AuditEvent, AuditHead, AuditSeal
from .holidays import Holiday, HolidayYear
from .imports import ImportDraft, ImportKind
from .people import AccessLink, Posting, PostingKind, PostingQuerySet, Role, User, UserQuerySet
from .signin import ResetRequest, SignInPace
from .units import (
    HeldPredicate,
    PredicateCode,
    TimeZone,
    Unit,
    UnitChange,
    UnitChangeKind,
    UnitKind,
    UnitQuerySet,
)

__all__ = [
    "AccessLink",
    "AuditEvent",
    "AuditHead",
    "AuditSeal",
    "HeldPredicate",
    "Holiday",
    "HolidayYear",
    "ImportDraft",
    "ImportKind",
    "Posting",
    "PostingKind",
    "PostingQuerySet",
    "PredicateCode",
    "ResetRequest",
    "Role",
    "SignInPace",
    "TimeZone",
    "Unit",
    "UnitChange",
    "UnitChangeKind",
    "UnitKind",
    "UnitQuerySet",
    "User",
    "UserQuerySet",
]
