"""Findings of a simulated country: the instrument's ready texts, where the sheet of a visit is weak at their item."""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from supervisi.models import Checklist, Finding, FindingAct, FindingEvent, FindingStatus, Visit
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.stakes import better_options, points_at_stake

_CHUNK = 1000
# How likely a weakness is written down, and how far the findings have come.
_WRITTEN = 0.5
_STATES = (FindingStatus.OPEN, FindingStatus.ANSWERED, FindingStatus.RETURNED, FindingStatus.CLOSED)
_WEIGHTS = (40, 15, 5, 40)
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Seen:
    """A sheet of a visit that is done, as far as findings are drawn from it."""

    sheet: Checklist
    visit: Visit
    answers: dict[str, Any]
    draw: random.Random


def write_findings(
    seen: Iterable[Seen], engine: EngineInstrument, texts: list[dict[str, Any]], items: dict[str, int]
) -> int:
    """Write what the visits found, with the events of recording and handing over; return how many."""
    found = [finding for each in seen for finding in _found(each, engine, texts, items)]
    Finding.objects.bulk_create(found, _CHUNK)
    FindingEvent.objects.bulk_create(
        (
            FindingEvent(finding=finding, kind=kind, text=text, by=finding.created_by, at=at, visit=finding.visit)
            for finding in found
            for kind, text, at in (
                (FindingAct.RECORDED, finding.observation, finding.created_at),
                (FindingAct.HANDED_OVER, "", finding.handed_over_at or finding.created_at),
            )
        ),
        _CHUNK,
    )
    return len(found)


def _found(
    seen: Seen, engine: EngineInstrument, texts: list[dict[str, Any]], items: dict[str, int]
) -> Iterator[Finding]:
    told = seen.visit.done_at
    assert told is not None  # callers pass visits that are done
    for number, text in enumerate(texts, start=1):
        better = better_options(engine.item(text["item"]), seen.answers.get(text["item"]))
        if not better or seen.draw.random() > _WRITTEN:
            continue
        status = seen.draw.choices(_STATES, _WEIGHTS)[0]
        # Working days, about.
        due = seen.visit.last_day + _DAY * (text["due_days"] * 7 // 5)
        yield Finding(
            number=f"T-{seen.visit.starts_on:%Y%m}-{seen.sheet.unit.code}-{seen.visit.pk}-{number}",
            unit=seen.sheet.unit, visit=seen.visit, checklist=seen.sheet, item_id=items[text["item"]],
            target_option=better[0], points=points_at_stake(engine, seen.answers, text["item"], better[0]),
            severity=text["severity"], observation=text["observation"], recommendation=text["recommendation"],
            owner_unit=seen.sheet.unit, owner_title=text["owner_title"], status=status, due_days=text["due_days"],
            due_on=due, handed_over_at=told, answered_at=None if status == FindingStatus.OPEN else told + 3 * _DAY,
            closed_at=told + 5 * _DAY if status == FindingStatus.CLOSED else None,
            created_by=seen.visit.team_leader, created_at=told - datetime.timedelta(hours=2),
        )  # fmt: skip
