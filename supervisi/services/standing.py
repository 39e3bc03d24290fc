"""What stands on a sheet at this moment: progress and preview scores, the same for replies and for pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from supervisi.models import Answer, Checklist
from supervisi.scoring.engine import SheetScore, score_sheet
from supervisi.scoring.instrument import TOTAL, Instrument
from supervisi.scoring.rounding import shown


@dataclass(frozen=True)
class Progress:
    """Items answered, of those due."""

    answered: int
    due: int
    # Of those left, copied answers that wait to be reviewed.
    review: int = 0

    @property
    def left(self) -> int:
        """Items still to be answered."""
        return self.due - self.answered

    @property
    def percent(self) -> int:
        """Share in whole percent, cut off: 100 only when nothing is left."""
        return self.answered * 100 // self.due if self.due else 100

    def as_reply(self) -> dict[str, int]:
        """Return the JSON form."""
        reply = {"answered": self.answered, "due": self.due, "percent": self.percent}
        return reply | {"review": self.review} if self.review else reply


@dataclass(frozen=True)
class AreaStanding:
    """Progress and score of one area; scores are shares of the area's weight."""

    key: str
    label: str
    short: str
    progress: Progress
    provisional: Fraction
    complete: Fraction

    def as_reply(self) -> dict[str, Any]:
        """Return the JSON form of the score."""
        return {"provisional": percent(self.provisional), "complete": percent(self.complete)}


@dataclass(frozen=True)
class Standing:
    """Progress and score of a sheet."""

    progress: Progress
    areas: tuple[AreaStanding, ...]
    provisional: Fraction
    complete: Fraction
    score: SheetScore

    def area(self, key: str) -> AreaStanding:
        """Return the area with the key."""
        return next(area for area in self.areas if area.key == key)


@dataclass(frozen=True)
class Row:
    """What the standing needs of one answer."""

    answer_id: int
    item_code: str
    area_key: str
    answer: Any
    is_answered: bool
    is_due: bool
    needs_review: bool = False

    @property
    def counted(self) -> Any:
        """The answer as far as it enters the score."""
        return None if self.needs_review else self.answer


def percent(share: Fraction) -> str:
    """Write a share as a percentage with two decimals and a comma."""
    return f"{shown(share * 100)}%"


def read_rows(checklist: Checklist) -> list[Row]:
    """Read what the standing needs (one query)."""
    found = Answer.objects.filter(checklist=checklist).values_list(
        "pk", "item__code", "item__area_key", "value", "is_answered", "is_due", "needs_review"
    )
    return [Row(pk, code, area, value.get("answer"), *states) for pk, code, area, value, *states in found]


def stand(instrument: Instrument, rows: Iterable[Row]) -> Standing:
    """Compute progress and preview scores of a sheet from its rows."""
    rows = list(rows)
    score = score_sheet(instrument, {row.item_code: row.counted for row in rows if row.counted is not None})
    areas = []
    for area in instrument.areas:
        result = score.area(area.key)
        areas.append(
            AreaStanding(
                key=area.key,
                label=area.label,
                short=area.short,
                progress=_progress(row for row in rows if row.area_key == area.key),
                provisional=_share(result.provisional, result.weight),
                complete=_share(result.complete, result.weight),
            )
        )
    return Standing(
        progress=_progress(rows),
        areas=tuple(areas),
        provisional=score.provisional[TOTAL],
        complete=score.complete[TOTAL],
        score=score,
    )


def _progress(rows: Iterable[Row]) -> Progress:
    due = [row for row in rows if row.is_due]
    return Progress(
        answered=sum(row.is_answered for row in due), due=len(due), review=sum(row.needs_review for row in due)
    )


def _share(score: Fraction, weight: Fraction) -> Fraction:
    return score / weight if weight else Fraction(0)
