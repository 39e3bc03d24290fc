"""Tables of the public side, one module a topic."""

from .catalogue import Availability, CatalogueRevision, Service, ServicePoint, ServiceTemplate, Subject
from .gratuities import GratuityEvent, GratuityFile, GratuityReport
from .innovations import (
    FigureSource,
    Innovation,
    InnovationFigure,
    InnovationFile,
    InnovationStatus,
)
from .simba import (
    KEEPERS,
    MOST_PLACES,
    PLACED,
    ExamResult,
    LicenceClass,
    Outcome,
    PracticeSession,
    Registration,
    RegistrationStatus,
    SessionStatus,
)
from .tariffs import Tariff

__all__ = [
    "KEEPERS",
    "MOST_PLACES",
    "PLACED",
    "Availability",
    "CatalogueRevision",
    "ExamResult",
    "FigureSource",
    "GratuityEvent",
    "GratuityFile",
    "GratuityReport",
    "Innovation",
    "InnovationFigure",
    "InnovationFile",
    "InnovationStatus",
    "LicenceClass",
    "Outcome",
    "PracticeSession",
    "Registration",
    "RegistrationStatus",
    "Service",
    "ServicePoint",
    "ServiceTemplate",
    "SessionStatus",
    "Subject",
    "Tariff",
]
