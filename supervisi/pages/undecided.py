"""Refused values that nobody has decided about yet, for whoever wants to hand the sheet in."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from supervisi.models import AnswerRevision, Checklist, RevisionOutcome
from supervisi.services.replies import author_text
from wbbm.organisasi.models import User


@dataclass(frozen=True)
class Undecided:
    """An item with two answers, and whose was refused."""

    code: str
    area_key: str
    author: str
    is_mine: bool


def read_undecided(sheets: list[Checklist], viewer: User) -> dict[int, tuple[Undecided, ...]]:
    """Return by sheet the items of drafts with a refused value that its author has not dealt with (one query)."""
    drafts = {sheet.pk: sheet for sheet in sheets if sheet.is_draft}
    later = AnswerRevision.objects.filter(
        answer=OuterRef("answer"), author=OuterRef("author"), outcome=RevisionOutcome.ACCEPTED, pk__gt=OuterRef("pk")
    )
    refused = (
        AnswerRevision.objects.filter(~Exists(later), checklist__in=drafts, outcome=RevisionOutcome.CONFLICT)
        .select_related("answer__item", "author", "posting")
        .order_by("answer__item__position", "-pk")
    )
    newest: dict[tuple[int, int], AnswerRevision] = {}
    for revision in refused:
        newest.setdefault((revision.answer_id, revision.author_id), revision)
    found: dict[int, list[Undecided]] = {}
    for revision in newest.values():
        if revision.value == revision.answer.value:
            continue
        item = revision.answer.item
        sheet = drafts[revision.checklist_id]
        author = author_text(revision.author, revision.posting, sheet)
        line = Undecided(item.code, item.area_key, author, revision.author_id == viewer.pk)
        found.setdefault(sheet.pk, []).append(line)
    return {sheet: tuple(lines) for sheet, lines in found.items()}
