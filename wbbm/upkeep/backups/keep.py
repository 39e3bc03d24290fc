"""Which sets stay: pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT = "7d,4w,12m"


@dataclass(frozen=True)
class Rule:
    """Of how many days, weeks and months the newest set stays."""

    days: int = 0
    weeks: int = 0
    months: int = 0


def parse(text: str) -> Rule:
    """Read a rule such as ``7d,4w,12m``.

    Raises:
        ValueError: it is none.
    """
    found = {"d": 0, "w": 0, "m": 0}
    for part in text.split(","):
        match = re.fullmatch(r"([1-9][0-9]{0,3})([dwm])", part.strip())
        if match is None or found[match[2]]:
            raise ValueError(f"{text!r}: tulis misalnya 7d,4w,12m (hari, minggu, bulan)")
        found[match[2]] = int(match[1])
    return Rule(found["d"], found["w"], found["m"])


def superfluous(made_on: Mapping[str, datetime.datetime], rule: Rule) -> set[str]:
    """Return which sets the rule lets go, of those given by name and moment; never the newest.

    The newest set of each of the last so many days, weeks and months that have one stays, however long ago they were:
    a laptop that was off for a month loses nothing.
    """
    newest_first = sorted(made_on, key=lambda name: (made_on[name], name), reverse=True)
    stays: set[str] = set(newest_first[:1])
    for count, form in ((rule.days, "%Y-%m-%d"), (rule.weeks, "%G-%V"), (rule.months, "%Y-%m")):
        seen: set[str] = set()
        for name in newest_first:
            mark = made_on[name].strftime(form)
            if mark not in seen and len(seen) < count:
                seen.add(mark)
                stays.add(name)
    return set(newest_first) - stays
