"""Models of the organisation."""

from .audit import AuditEvent, AuditHead, AuditSeal
from .factors import FactorReset, RecoveryCode, SecondFactor
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
    "FactorReset",
    "HeldPredicate",
    "Holiday",
    "HolidayYear",
    "ImportDraft",
    "ImportKind",
    "Posting",
    "PostingKind",
    "PostingQuerySet",
    "PredicateCode",
    "RecoveryCode",
    "ResetRequest",
    "Role",
    "SecondFactor",
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
