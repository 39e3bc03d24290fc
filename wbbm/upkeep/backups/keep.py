"""Which sets stay: pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT = "7d,4w,12m"
# Whatever the rule says: so long somebody has to notice what went wrong, and to go back to before it.
YOUNG = datetime.timedelta(days=2)
CHANGES_KEPT = 6


@dataclass(frozen=True)
class Changes:
    """A set of changes: when it was made, and the full set below it."""

    made_at: datetime.datetime
    base: str


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


def obsolete(
    full: Mapping[str, datetime.datetime], changes: Mapping[str, Changes], rule: Rule, now: datetime.datetime
) -> set[str]:
    """Return which sets go, full ones and changes, of those given by name.

    A full set stays by the rule, and for two days after its making or the newest changes on it: one that is made by
    hand after a mishap lets none go that were made before it. Changes stay with the set below them: the six newest of
    all, also once a newer full one is there (it might be damaged), and the six newest on each young full one.
    """
    touched = dict(full)
    for each in changes.values():
        if each.base in touched:
            touched[each.base] = max(touched[each.base], each.made_at)
    young = {name for name, at in touched.items() if at > now - YOUNG}
    gone = superfluous(full, rule) - young
    standing = [name for name, each in changes.items() if each.base in full and each.base not in gone]
    standing.sort(key=lambda name: (changes[name].made_at, name), reverse=True)
    stays = set(standing[:CHANGES_KEPT])
    for base in young:
        stays.update([name for name in standing if changes[name].base == base][:CHANGES_KEPT])
    return gone | (set(changes) - stays)
