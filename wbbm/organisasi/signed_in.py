"""The query that nearly every request begins with: who is signed in, and what apps above want to know of him.

Building its SQL took longer than running it, a quarter of a plain request, so the SQL is kept for as long as it is
the same: until the day changes in one of the time zones.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from .access import zone_day
from .models import TimeZone, User

# Stands for the person while the SQL is made; no key is negative.
_ANYBODY = -987_654_321
# The number of the person's second factor, None without one (services/factors.factor_id_of).
FACTOR = "factor_id"
_facts: dict[str, Callable[[], Any]] = {}
_kept: dict[tuple[datetime.date, ...], tuple[str, tuple[Any, ...]]] = {}


def add_fact(name: str, expression: Callable[[], Any]) -> None:
    """Let an app above read a figure with the signed-in person, in the same query; called in ready().

    The expression is about `OuterRef("pk")`, and may look at the day in each time zone, not at the clock.
    """
    _facts[name] = expression
    _kept.clear()


def read_person(user_id: int) -> User | None:
    """Return the person with the facts as attributes, or None (one query)."""
    sql, parameters = _statement()
    wanted = [user_id if parameter == _ANYBODY else parameter for parameter in parameters]
    return next(iter(User.objects.raw(sql, wanted)), None)


def _statement() -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of today, with _ANYBODY for the person."""
    now = timezone.now()
    days = tuple(zone_day(zone, now) for zone in TimeZone.values)
    kept = _kept.get(days)
    if kept is None:
        facts = {name: expression() for name, expression in _facts.items()}
        kept = User.objects.filter(pk=_ANYBODY).annotate(**facts).query.sql_with_params()
        _kept.clear()
        _kept[days] = kept
    return kept
