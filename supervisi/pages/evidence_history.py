"""The history of an item's evidence: what was attached and taken away, by whom and when; the files stay readable."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from supervisi.models import Answer, AnswerEvidence, Checklist
from supervisi.services.replies import author_text, moment_text


@dataclass(frozen=True)
class EvidenceAct:
    """One act on one piece of evidence."""

    at: datetime.datetime
    at_text: str
    author: str
    is_detaching: bool
    number: str
    title: str
    file_id: int


def read_evidence_acts(answer: Answer, checklist: Checklist, now: datetime.datetime) -> tuple[EvidenceAct, ...]:
    """Read the acts on the evidence of an answer, newest first (one query)."""
    links = AnswerEvidence.objects.filter(answer=answer).select_related(
        "evidence__unit", "added_by", "posting", "detached_by", "detached_posting"
    )
    acts = []
    for link in links:
        attached = EvidenceAct(
            at=link.added_at,
            at_text=moment_text(link.added_at, checklist.unit.time_zone, now),
            author=author_text(link.added_by, link.posting, checklist),
            is_detaching=False,
            number=link.evidence.number_at(checklist.unit_id),
            title=link.evidence.title,
            file_id=link.evidence.file_id,
        )
        acts.append(attached)
        if link.detached_at is not None:
            detached = replace(
                attached,
                at=link.detached_at,
                at_text=moment_text(link.detached_at, checklist.unit.time_zone, now),
                author=author_text(link.detached_by, link.detached_posting, checklist),
                is_detaching=True,
            )
            acts.append(detached)
    return tuple(sorted(acts, key=lambda act: act.at, reverse=True))
