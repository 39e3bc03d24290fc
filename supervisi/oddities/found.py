"""What a look at the data found, and from where on it is worth somebody's look (docs/janggal.md explains each)."""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

# New files and newly submitted sheets of so many days are looked at each night: a server that was off misses nothing.
LOOK_BACK_DAYS = 14
# A camera's clock and zone may be a day off.
CAMERA_DAYS = 1
# Points of 100: so much the whole sheet rose, and so much the items that rose without new evidence together.
JUMP_POINTS = Fraction(5)
# So many answers of one person within so many minutes: less than it takes to read an item and its options.
FAST_ANSWERS = 15
FAST_MINUTES = 3
# An assessor beside the others on the same items: items that differ, share of them where he is higher (percent),
# difference of the means (percent of a full item), and units that either side assessed.
HIGHER_ITEMS = 10
HIGHER_SHARE = 90
HIGHER_PERCENT = 10
HIGHER_UNITS = 3


@dataclass(frozen=True)
class Found:
    """One sign: `subject` says what it is about, `key` what must change for it to come anew."""

    kind: str
    subject: str
    key: Any
    facts: dict[str, Any]
    units: frozenset[int]
    people: frozenset[int]
    period_id: int | None = None
    checklist_id: int | None = None

    @property
    def fingerprint(self) -> str:
        """Return the hash of subject and facts that matter."""
        said = json.dumps([self.kind, self.subject, self.key], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Look:
    """One look at the data: at which moment."""

    now: datetime.datetime
    since: datetime.datetime = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "since", self.now - datetime.timedelta(days=LOOK_BACK_DAYS))
