"""What became of the survey element that an innovation is meant to raise."""

from __future__ import annotations

from dataclasses import dataclass

from layanan.models import Innovation
from layanan.pages.moments import quarter_words


@dataclass(frozen=True)
class Effect:
    """An element before and after, in words; `before` and `after` are empty where there are no results."""

    element: str
    before_quarter: str
    after_quarter: str
    before: str
    after: str
    said: str


NONE = Effect("", "", "", "", "", "Belum ada unsur survei yang disebut.")


def read_effect(innovation: Innovation) -> Effect:
    """Compare the survey's element in the two quarters that are named."""
    if not innovation.effect_survey or innovation.effect_before is None or innovation.effect_after is None:
        return NONE
    return Effect(
        element=f"{innovation.effect_survey.upper()} unsur {innovation.effect_element}",
        before_quarter=quarter_words(innovation.effect_before),
        after_quarter=quarter_words(innovation.effect_after),
        before="",
        after="",
        said="Hasil survei untuk kedua triwulan itu belum cukup untuk dibandingkan.",
    )
