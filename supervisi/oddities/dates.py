"""Evidence that is dated after what it proves (one query)."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import TruncDate

from supervisi.models import AnswerEvidence, ChecklistStatus, OddityKind
from wbbm.organisasi.access import local_day

from .found import CAMERA_DAYS, Found, Look

_DAY = datetime.timedelta(days=1)
_PERIOD_END = F("answer__checklist__period__last_day")


def dated_after(look: Look) -> Iterator[Found]:
    """Find evidence on sheets of open periods whose own date lies after the period, or after it was attached.

    What a team brings shows what it saw on its visit: only the day when it was attached bounds it.
    """
    sheets: dict[int, list[tuple[AnswerEvidence, list[Any]]]] = defaultdict(list)
    for link in _candidates():
        told = _told(link)
        if told is not None:
            sheets[link.answer.checklist_id].append((link, told))
    for rows in sheets.values():
        yield _sign(rows)


def _candidates() -> Iterator[AnswerEvidence]:
    own = Q(evidence__is_own=True) & (
        Q(evidence__dated_on__gt=_PERIOD_END)
        | Q(evidence__valid_from__gt=_PERIOD_END)
        | Q(evidence__file__taken_at__date__gt=_PERIOD_END)
    )
    attached = TruncDate("added_at", tzinfo=datetime.UTC)
    later = Q(evidence__dated_on__gt=attached) | Q(evidence__file__taken_at__date__gt=attached)
    rows = AnswerEvidence.objects.attached().filter(own | later, answer__checklist__period__closed_at__isnull=True)
    rows = rows.exclude(answer__checklist__status=ChecklistStatus.DRAFT)
    frame = ("evidence__file", "evidence__unit", "answer__item", "answer__checklist__period", "answer__checklist__unit")
    return rows.select_related(*frame).order_by("pk").iterator(chunk_size=1000)


def _told(link: AnswerEvidence) -> list[Any] | None:
    """Return what is dated, its day, what bounds it and that day; None when nothing is odd about it.

    All by the unit's own day: the query before was wider.
    """
    evidence, sheet = link.evidence, link.answer.checklist
    bounds = [("attached", local_day(sheet.unit, link.added_at))]
    if evidence.is_own:
        bounds.append(("period", sheet.period.last_day))
    bound, last = min(bounds, key=lambda each: each[1])
    taken = evidence.file.taken_at
    camera = local_day(evidence.unit, taken) if taken is not None else None
    if evidence.dated_on is not None and evidence.dated_on > last:
        return ["letter", evidence.dated_on.isoformat(), bound, last.isoformat()]
    if evidence.is_own and evidence.valid_from is not None and evidence.valid_from > sheet.period.last_day:
        return ["valid", evidence.valid_from.isoformat(), "period", sheet.period.last_day.isoformat()]
    if camera is not None and camera > last + CAMERA_DAYS * _DAY:
        return ["camera", camera.isoformat(), bound, last.isoformat()]
    return None


def _sign(rows: list[tuple[AnswerEvidence, list[Any]]]) -> Found:
    sheet = rows[0][0].answer.checklist
    return Found(
        kind=OddityKind.DATED_AFTER,
        subject=f"dated:{sheet.pk}",
        key=[[link.answer.item.code, link.evidence_id, told[1]] for link, told in rows],
        facts={
            "evidence": [
                [
                    link.evidence_id, link.evidence.number_at(sheet.unit_id), link.evidence.title,
                    link.answer.item.code, link.answer.item.area_key, *told,
                ]
                for link, told in rows
            ]
        },
        units=frozenset({sheet.unit_id}),
        people=frozenset(person for link, _ in rows for person in (link.added_by_id, link.evidence.added_by_id)),
        period_id=sheet.period_id,
        checklist_id=sheet.pk,
    )  # fmt: skip
