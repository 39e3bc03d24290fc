"""The panel of surveys on a unit's public page."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from layanan.models import Questionnaire, SurveyKind, SurveyTally
from layanan.pages.panel import Panel
from layanan.pages.survey_results import PartLine, outcome_lines, quarter_words
from layanan.survey_maths import last_quarters
from layanan.surveyed import KINDS
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class SurveyPanel:
    """The last closed quarter of a unit, as far as it may be shown."""

    unit: Unit
    quarter: str
    outcomes: tuple[PartLine, ...]

    @property
    def has_figures(self) -> bool:
        """Tell whether anything may be shown."""
        return any(line.outcome for line in self.outcomes)


def survey_panel(unit: Unit, day: datetime.date) -> Panel | None:
    """Read a unit's panel (one query)."""
    if unit.kind not in KINDS:
        return None
    quarter = last_quarters(day, 1)[0]
    tallies = SurveyTally.objects.official().in_window(quarter).filter(unit=unit)
    rows = list(tallies.select_related("questionnaire").order_by("questionnaire"))
    known: dict[str, Questionnaire] = {row.questionnaire.code: row.questionnaire for row in rows}
    in_order = [(code, known[code]) for code in SurveyKind.values if code in known]
    content = SurveyPanel(unit, quarter_words(quarter), outcome_lines(rows, in_order))
    return Panel("layanan/_survey_panel.html", content)
