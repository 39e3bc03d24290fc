"""Models of supervision."""

from .checklists import (
    Answer,
    AnswerRevision,
    Checked,
    Checklist,
    ChecklistStatus,
    Layer,
    RevisionOutcome,
    Scope,
)
from .documents import Document, DocumentKind, DocumentStatus, Letterhead
from .evidence import AnswerEvidence, Evidence
from .feeds import CalendarFeed
from .findings import DUE_DAYS, Finding, FindingAct, FindingEvent, FindingFile, FindingStatus, Severity
from .instrument_drafts import DraftStatus, EffectLine, EffectStatus, InstrumentDraft, InstrumentEffect, Outcome
from .instruments import Instrument, Item, Node
from .list_files import ListFile, ListFileStatus
from .oddities import ODDITY_TRANSITIONS, Oddity, OddityKind, OddityStatus, OddityStep
from .periods import Period, PeriodKind, PeriodPlace
from .plans import PlanEntry, PlanLock
from .replies import Reply, ReplyFile, ReplyRound, ReplyStatus
from .samples import SampleDraw, SampleItem, SampleReason
from .scores import ChecklistScore, ConditionState, LayerComparison, UnitScore
from .suggestions import Suggestion, SuggestionOutcome
from .verification import VerificationCode
from .visits import Assignment, Visit, VisitMember, VisitStatus
from .workbooks import WorkbookImport

__all__ = [
    "DUE_DAYS",
    "ODDITY_TRANSITIONS",
    "Answer",
    "AnswerEvidence",
    "AnswerRevision",
    "Assignment",
    "CalendarFeed",
    "Checked",
    "Checklist",
    "ChecklistScore",
    "ChecklistStatus",
    "ConditionState",
    "Document",
    "DocumentKind",
    "DocumentStatus",
    "DraftStatus",
    "EffectLine",
    "EffectStatus",
    "Evidence",
    "Finding",
    "FindingAct",
    "FindingEvent",
    "FindingFile",
    "FindingStatus",
    "Instrument",
    "InstrumentDraft",
    "InstrumentEffect",
    "Item",
    "Layer",
    "LayerComparison",
    "Letterhead",
    "ListFile",
    "ListFileStatus",
    "Node",
    "Oddity",
    "OddityKind",
    "OddityStatus",
    "OddityStep",
    "Outcome",
    "Period",
    "PeriodKind",
    "PeriodPlace",
    "PlanEntry",
    "PlanLock",
    "Reply",
    "ReplyFile",
    "ReplyRound",
    "ReplyStatus",
    "RevisionOutcome",
    "SampleDraw",
    "SampleItem",
    "SampleReason",
    "Scope",
    "Severity",
    "Suggestion",
    "SuggestionOutcome",
    "UnitScore",
    "VerificationCode",
    "Visit",
    "VisitMember",
    "VisitStatus",
    "WorkbookImport",
]
