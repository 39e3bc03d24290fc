"""Reading of survey forms."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping

from layanan.models import Questionnaire
from layanan.pages.survey_form import field_name
from layanan.services.surveys import Filled
from layanan.survey_maths import Window, last_months, month_of, shifted

# A chosen window is two years at most.
MOST_MONTHS = 24


def read_filled(sent: Mapping[str, str], questionnaires: tuple[Questionnaire, ...]) -> tuple[Filled, ...] | None:
    """Return all questionnaires filled in; None when a statement has no star, or none of the scale."""
    filled = []
    for each in questionnaires:
        given = [sent.get(field_name(each, number), "") for number in range(1, len(each.statements) + 1)]
        known = {str(value) for value in range(1, each.scale + 1)}
        if not all(value in known for value in given):
            return None
        filled.append(Filled(each, tuple(int(value) for value in given)))
    return tuple(filled)


def read_uuid(text: str) -> uuid.UUID | None:
    """Return the number that a form was made with; None when it is not one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def read_month(text: str) -> datetime.date | None:
    """Return the first day of a month written as 2026-09; None when it is not one."""
    if not re.fullmatch(r"20[0-9]{2}-(0[1-9]|1[0-2])", text):
        return None
    return datetime.date(int(text[:4]), int(text[5:]), 1)


def read_window(first: str, last: str, today: datetime.date, *, least: int = 1) -> Window:
    """Return the chosen full months; the last three when nothing usable was chosen.

    Args:
        least: a shorter window is widened to so many months.
    """
    begin, end = read_month(first), read_month(last)
    if begin is None or end is None or begin > end or end >= month_of(today) or shifted(begin, MOST_MONTHS) <= end:
        return last_months(today)
    return Window(min(begin, shifted(end, 1 - least)), end)
