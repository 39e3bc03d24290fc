"""What became of the survey element that an innovation is meant to raise: two closed quarters side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layanan.models import Innovation, Questionnaire, SurveyTally
from layanan.pages.moments import quarter_words
from layanan.pages.survey_outcomes import Outcome, comma
from layanan.pages.survey_results import in_window, public_outcome
from layanan.survey_maths import PUBLIC_LEAST, Window, shifted


@dataclass(frozen=True)
class Effect:
    """An element before and after, in words; `before` and `after` are empty where there are no results to compare."""

    element: str
    before_quarter: str
    after_quarter: str
    before: str
    after: str
    said: str


NONE = Effect("", "", "", "", "", "Belum ada unsur survei yang disebut.")


def read_effect(innovation: Innovation) -> Effect:
    """Compare the element in the two quarters that are named, at the innovation's unit (at most two queries).

    Told as on the page of results: official answers, closed quarters, nothing below ten answers.
    """
    code, number = innovation.effect_survey, innovation.effect_element
    first, second = innovation.effect_before, innovation.effect_after
    if not code or number is None or first is None or second is None:
        return NONE
    asked = Questionnaire.objects.filter(code=code).order_by("pk").last()
    windows = [Window(month, shifted(month, 2)) for month in (first, second)]
    found = _outcomes(innovation, asked, windows) if asked is not None else [None, None]
    before, after = (_mean(outcome, number) for outcome in found)
    return Effect(
        element=element_name(code, number, asked),
        before_quarter=quarter_words(first),
        after_quarter=quarter_words(second),
        before=before if after else "",
        after=after if before else "",
        said=_SAID if before and after else _MISSING,
    )


_SAID = (
    "Rata-rata survei internal; perubahannya dapat juga berasal dari hal lain. Bukan hasil survei resmi tim penilai "
    "nasional."
)
_MISSING = f"Belum dapat dibandingkan: salah satu triwulan itu belum mempunyai {PUBLIC_LEAST} jawaban."


def _outcomes(innovation: Innovation, asked: Questionnaire, windows: Sequence[Window]) -> list[Outcome | None]:
    span = Window(windows[0].first, windows[-1].last)
    tallies = SurveyTally.objects.official().in_window(span)
    rows = list(tallies.filter(unit=innovation.unit_id, questionnaire__code=asked.code))
    return [public_outcome(in_window(rows, window), asked) for window in windows]


def _mean(outcome: Outcome | None, number: int) -> str:
    if outcome is None or number > len(outcome.tally.means):
        return ""
    return f"{comma(outcome.tally.means[number - 1])} dari {outcome.scale} ({outcome.count} jawaban)"


def element_name(code: str, number: int, asked: Questionnaire | None) -> str:
    """Return what the element of a survey is called; by its number alone where the questionnaire is not loaded."""
    names = [statement["name"] for statement in asked.statements] if asked is not None else []
    name = names[number - 1] if number <= len(names) else f"unsur {number}"
    return f"{code.upper()}: {name}"


def element_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the elements of each survey, for a choice (one query)."""
    newest = {row.code: row for row in Questionnaire.objects.order_by("pk")}
    return [
        (row.title, [(f"{code}-{number}", name["name"]) for number, name in enumerate(row.statements, start=1)])
        for code, row in newest.items()
    ]
