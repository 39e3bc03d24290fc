"""Whether evidence still holds, in a word and a sign: the same on cards, lists and dashboards."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils import dateformat

from supervisi.models import Evidence
from supervisi.models.evidence import EXPIRING_DAYS

VALID, EXPIRING, EXPIRED, UNDATED, AHEAD = "berlaku", "akan-habis", "habis", "belum-bertanggal", "belum-berlaku"


@dataclass(frozen=True)
class Validity:
    """The state of a piece of evidence on a day."""

    key: str
    words: str
    tone: str
    icon: str

    @property
    def needs_care(self) -> bool:
        """Tell whether it has run out or soon will."""
        return self.key in {EXPIRED, EXPIRING}

    @property
    def has_expired(self) -> bool:
        """Tell whether it has run out."""
        return self.key == EXPIRED


def validity(evidence: Evidence, today: datetime.date) -> Validity:
    """Return the state of a piece of evidence on a day of its unit."""
    until = evidence.valid_until
    if until is not None and until < today:
        return Validity(EXPIRED, f"Habis {_day(until)}", "bad", "alert")
    if evidence.valid_from is not None and evidence.valid_from > today:
        return Validity(AHEAD, f"Berlaku mulai {_day(evidence.valid_from)}", "info", "calendar")
    if until is None:
        return Validity(UNDATED, "Belum bertanggal", "", "same")
    if until <= today + datetime.timedelta(days=EXPIRING_DAYS):
        return Validity(EXPIRING, f"Akan habis {_day(until)}", "warn", "clock")
    return Validity(VALID, f"Berlaku sampai {_day(until)}", "ok", "check")


def _day(day: datetime.date) -> str:
    return dateformat.format(day, "j M Y")
