"""The history of one item: every save for ever; those of one person within minutes open from one line."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checked, Checklist, RevisionOutcome
from supervisi.pages.evidence_history import EvidenceAct, read_evidence_acts
from supervisi.scoring.instrument import Item
from supervisi.services.operations import Card
from supervisi.services.replies import ShownAnswer, author_text, moment_text, show_answer
from wbbm.organisasi.models import User

FOLD = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Save:
    """One operation as people read it."""

    uuid: str
    at: datetime.datetime
    at_text: str
    author_id: int
    author: str
    on_behalf_of: str
    shown: ShownAnswer
    note: str
    # Why a decision on a reply changed the value; empty for an ordinary save.
    reason: str
    # The period of the sheet that it was copied from; empty for what a person entered.
    copied_from: str
    checked: str
    version: int | None
    is_refused: bool
    can_be_used: bool


@dataclass(frozen=True)
class Line:
    """Saves of one person that follow each other within five minutes; the newest first."""

    saves: tuple[Save, ...]

    @property
    def newest(self) -> Save:
        """The save that the line shows."""
        return self.saves[0]

    @property
    def leading(self) -> Save:
        """The newest save that was accepted; the newest of all when none was."""
        return next((save for save in self.saves if not save.is_refused), self.newest)

    @property
    def is_single(self) -> bool:
        """Tell whether there is nothing to open."""
        return len(self.saves) == 1

    @property
    def refused(self) -> int:
        """Count the refused values in the line."""
        return sum(save.is_refused for save in self.saves)


@dataclass(frozen=True)
class HistoryPage:
    """The history of an item, newest first."""

    checklist: Checklist
    item: Item
    version: int
    lines: tuple[Line, ...]
    count: int
    can_write: bool
    evidence: tuple[EvidenceAct, ...]


def read_history(*, checklist: Checklist, item_code: str, viewer: User) -> HistoryPage | None:
    """Read the history of an item; None when the sheet has no such item."""
    instrument = engine_instrument(checklist.instrument)
    if not instrument.has_item(item_code):
        return None
    item = instrument.item(item_code)
    answer = Answer.objects.filter(checklist=checklist, item__code=item_code).first()
    if answer is None:
        return None
    can_write = checklist.is_draft and posting_to_write(viewer, checklist) is not None
    revisions = (
        AnswerRevision.objects.filter(answer=answer)
        .select_related("author", "posting", "on_behalf_of", "copied_from__period")
        .order_by("-pk")
    )
    now = timezone.now()
    saves = [_save(revision, checklist, item, answer.value, can_write, now) for revision in revisions]
    return HistoryPage(
        checklist=checklist,
        item=item,
        version=answer.version,
        lines=fold(saves),
        count=len(saves),
        can_write=can_write,
        evidence=read_evidence_acts(answer, checklist, now),
    )


def fold(saves: list[Save]) -> tuple[Line, ...]:
    """Put saves (newest first) of one person in a row into one line, as far as all lie within five minutes."""
    groups: list[list[Save]] = []
    for save in saves:
        newest = groups[-1][0] if groups else None
        if newest is not None and newest.author_id == save.author_id and newest.at - save.at <= FOLD:
            groups[-1].append(save)
        else:
            groups.append([save])
    return tuple(Line(tuple(group)) for group in groups)


def _save(
    revision: AnswerRevision,
    checklist: Checklist,
    item: Item,
    present: dict[str, Any],
    can_write: bool,
    now: datetime.datetime,
) -> Save:
    card = Card.of(revision.value)
    is_refused = revision.outcome == RevisionOutcome.CONFLICT
    return Save(
        uuid=str(revision.uuid),
        at=revision.saved_at,
        at_text=moment_text(revision.saved_at, checklist.unit.time_zone, now),
        author_id=revision.author_id,
        author=author_text(revision.author, revision.posting, checklist),
        on_behalf_of=str(revision.on_behalf_of or ""),
        shown=show_answer(item, card.answer),
        note=card.note,
        reason=str(revision.reply.get("reason", "")),
        copied_from=revision.copied_from.period.name if revision.copied_from is not None else "",
        checked=dict(Checked.choices).get(card.checked, ""),
        version=revision.new_version,
        is_refused=is_refused,
        can_be_used=can_write and is_refused and revision.value != present,
    )
