"""Evidence at the items of an area, and what of a copied sheet's evidence still holds: proposed, attached by people."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from supervisi.models import Answer, AnswerEvidence, Checklist, Evidence
from supervisi.pages.validity import Validity, validity
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import User

_FACTS = {
    "pk": "pk", "title": "title", "number": "number", "unit_id": "unit_id", "unit_name": "unit__name",
    "file_id": "file_id", "valid_from": "valid_from", "valid_until": "valid_until",
}  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """The newest revision of a document that proved the copied answer."""

    evidence_id: int
    file_id: int
    title: str
    # With the unit's name where it is another unit's.
    number: str
    # The same for all revisions of a document.
    document: str
    validity: Validity
    # Made with the page: the same button pressed twice attaches once.
    uuid: str

    @classmethod
    def of(cls, facts: dict[str, Any], unit_id: int, today: datetime.date) -> Proposal:
        """Describe a revision that was read as JSON."""
        first, last = (_day(facts[name]) for name in ("valid_from", "valid_until"))
        is_foreign = facts["unit_id"] != unit_id
        return cls(
            evidence_id=facts["pk"],
            file_id=facts["file_id"],
            title=facts["title"],
            number=f"{facts['number']} {facts['unit_name']}" if is_foreign else str(facts["number"]),
            document=f"{facts['unit_id']}-{facts['number']}",
            validity=validity(Evidence(valid_from=first, valid_until=last), today),
            uuid=str(uuid.uuid4()),
        )


@dataclass(frozen=True)
class AreaEvidence:
    """Links by answer, and proposals by item code."""

    links: dict[int, list[AnswerEvidence]]
    proposals: dict[str, list[Proposal]]


def read_area_evidence(
    checklist: Checklist, answers: Sequence[Answer], viewer: User, now: datetime.datetime, *, can_write: bool
) -> AreaEvidence:
    """Read what is attached to the answers and, for who may write, what may be taken over with a copy (one query)."""
    sources = {answer.item.code: vars(answer)["source"] for answer in answers if can_write and vars(answer)["source"]}
    own = [answer.pk for answer in answers]
    taken_over = Q(answer__checklist__in=set(sources.values()), answer__item__code__in=list(sources))
    rows = AnswerEvidence.objects.attached().select_related("evidence__file", "evidence__unit", "answer__item")
    rows = rows.filter(Q(answer__in=own) | taken_over) if sources else rows.filter(answer__in=own)
    if sources:
        rows = rows.annotate(newest=_newest(checklist, viewer, local_day(checklist.unit, now)))
    links: dict[int, list[AnswerEvidence]] = {}
    found: dict[str, dict[int, dict[str, Any]]] = {}
    here = set(own)
    for link in rows.order_by("pk"):
        facts = vars(link).get("newest")
        if link.answer_id in here:
            links.setdefault(link.answer_id, []).append(link)
        elif facts is not None:
            found.setdefault(link.answer.item.code, {})[facts["pk"]] = facts
    today = local_day(checklist.unit, now)
    proposals = {
        code: [Proposal.of(facts, checklist.unit_id, today) for facts in each.values()] for code, each in found.items()
    }
    return AreaEvidence(links, proposals)


def _newest(checklist: Checklist, viewer: User, today: datetime.date) -> Subquery:
    """Return the newest revision of the outer link's document, if it holds and the person may attach it here."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gte=today)
    usable = Evidence.objects.visible_to(viewer).usable_on(checklist).current().filter(holds)
    newest = usable.filter(unit=OuterRef("evidence__unit"), number=OuterRef("evidence__number")).order_by()
    return Subquery(newest.values(facts=JSONObject(**_FACTS))[:1])


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
