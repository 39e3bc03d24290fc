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
from .surveys import (
    Bundle,
    Questionnaire,
    ServedMonth,
    SurveyAnswer,
    SurveyContact,
    SurveyKind,
    SurveyTally,
    SurveyToken,
    TokenBatch,
)
from .tariffs import Tariff

__all__ = [
    "KEEPERS",
    "MOST_PLACES",
    "PLACED",
    "Availability",
    "Bundle",
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
    "Questionnaire",
    "Registration",
    "RegistrationStatus",
    "ServedMonth",
    "Service",
    "ServicePoint",
    "ServiceTemplate",
    "SessionStatus",
    "Subject",
    "SurveyAnswer",
    "SurveyContact",
    "SurveyKind",
    "SurveyTally",
    "SurveyToken",
    "Tariff",
    "TokenBatch",
]
