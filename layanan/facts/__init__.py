"""Named facts of the public side for those above: frozen, in a fixed number of queries, and only what may be told."""

from .complaints import ComplaintFacts, complaint_facts
from .innovations import InnovationFacts, PracticeFacts, innovation_facts, practice_facts
from .integrity import GratuityFacts, PledgeFacts, ViolationFacts, gratuity_facts, pledge_facts, violation_facts
from .services import ServiceFacts, service_facts
from .surveys import SurveyFacts, SurveyIndex, SurveyRound, public_survey, survey_indices, survey_rounds

__all__ = [
    "ComplaintFacts",
    "GratuityFacts",
    "InnovationFacts",
    "PledgeFacts",
    "PracticeFacts",
    "ServiceFacts",
    "SurveyFacts",
    "SurveyIndex",
    "SurveyRound",
    "ViolationFacts",
    "complaint_facts",
    "gratuity_facts",
    "innovation_facts",
    "pledge_facts",
    "practice_facts",
    "public_survey",
    "service_facts",
    "survey_indices",
    "survey_rounds",
    "violation_facts",
]
