"""What the page shows on which a survey is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layanan.models import Bundle, Questionnaire, SurveyToken
from layanan.models.surveys import KINDS
from layanan.survey_codes import hashed, typed


@dataclass(frozen=True)
class Choice:
    """One star: its value, what it says, whether it is chosen."""

    value: int
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Question:
    """One statement with its stars."""

    name: str
    number: int
    text: str
    choices: tuple[Choice, ...]
    ends: tuple[str, str]
    # A title stands above the first statement of each questionnaire.
    title: str
    is_missing: bool


@dataclass(frozen=True)
class SurveyForm:
    """All statements of one page, in order."""

    questions: tuple[Question, ...]
    is_skm: bool

    @property
    def count(self) -> int:
        """How many statements there are."""
        return len(self.questions)

    @property
    def missing(self) -> tuple[Question, ...]:
        """The statements without a star, once the form was sent."""
        return tuple(question for question in self.questions if question.is_missing)


def find_token(text: str) -> SurveyToken | None:
    """Return the token of a code as it was typed (one query, whatever the code)."""
    token = SurveyToken.objects.filter(pk=hashed(typed(text))).select_related("batch__unit")
    return token.first()


def questionnaires_of(bundle: str) -> tuple[Questionnaire, ...]:
    """Return the questionnaires in use for a bundle, in their order (one query)."""
    newest: dict[str, Questionnaire] = {}
    for row in Questionnaire.objects.of_bundle(bundle):
        newest.setdefault(row.code, row)
    return tuple(newest[code] for code in KINDS[bundle] if code in newest)


def field_name(questionnaire: Questionnaire, number: int) -> str:
    """Return the name of a statement's field."""
    return f"{questionnaire.code}-{number}"


def make_form(
    bundle: str, questionnaires: tuple[Questionnaire, ...], sent: Mapping[str, str] | None = None
) -> SurveyForm:
    """Lay the questionnaires out; with what was sent where something is missing."""
    questions: list[Question] = []
    for each in questionnaires:
        for number, statement in enumerate(each.statements, start=1):
            name = field_name(each, number)
            chosen = (sent or {}).get(name, "")
            choices = tuple(
                Choice(value, label.lower(), chosen == str(value)) for value, label in enumerate(each.labels, start=1)
            )
            is_missing = sent is not None and not any(choice.is_chosen for choice in choices)
            low, high = each.ends
            title = each.title if number == 1 else ""
            place = len(questions) + 1
            questions.append(Question(name, place, statement["text"], choices, (low, high), title, is_missing))
    return SurveyForm(tuple(questions), bundle == Bundle.SKM)
