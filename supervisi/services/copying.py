"""Beginning with the last sheet: its answers come along as "perlu ditinjau" until a person confirms or changes each.

A copied answer counts as not answered and enters no score (docs/keputusan/0008-salinan-perlu-ditinjau.md).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checklist, RevisionOutcome, Scope, VisitStatus
from supervisi.models.checklists import COUNTING_ORDER
from supervisi.rollup_key import KIND, rollup_key
from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.crosswalk import keeps_answer
from supervisi.services.checklists import hold_draft
from supervisi.services.instruments import crosswalk_between
from supervisi.services.operations import Card, payload_hash
from wbbm.errors import DomainError, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record


@dataclass(frozen=True)
class Copied:
    """What came along: from which sheet, and how many answers."""

    source: Checklist
    count: int


def last_sheet(checklist: Checklist, viewer: User) -> Checklist | None:
    """Return the sheet before this one that the person sees: same unit, layer and instrument, handed in (one query).

    Of several in a period the one furthest in state, then of the latest visit. None for a sample sheet: what was drawn
    is to be looked at afresh.
    """
    if checklist.scope != Scope.FULL:
        return None
    rank = Case(*[When(status=status, then=Value(place)) for place, status in enumerate(COUNTING_ORDER)])
    found = (
        Checklist.objects.visible_to(viewer)
        .counting_candidates()
        .filter(
            Q(visit__isnull=True) | ~Q(visit__status=VisitStatus.CANCELLED),
            unit=checklist.unit_id,
            layer=checklist.layer,
            instrument__code=checklist.instrument.code,
            period__first_day__lte=checklist.period.first_day,
        )
        .exclude(pk=checklist.pk)
    )
    return found.with_frame().order_by("-period__first_day", rank.desc(), "-visit__starts_on", "-pk").first()


@transaction.atomic
def copy_last_sheet(*, checklist: Checklist, by: User) -> Copied:
    """Bring the last sheet's answers along, each to be reviewed; what somebody has filled in already stays.

    Each copy is a save like any other: a version, a row of the history for ever. Notes come along, how it was checked
    doesn't. Safe to do twice: only items that nobody has touched take a copy.

    Args:
        checklist: the sheet that was begun, a draft, with its frame (`with_frame`).
        by: who begins with the copy; must be allowed to write on the sheet.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        DomainError: there is no sheet before it, or nothing left to copy.
    """
    posting = posting_to_write(by, checklist)
    if posting is None:
        raise NotAllowed("Lembar disalin oleh yang mengisinya.")
    hold_draft(checklist)
    source = last_sheet(checklist, by)
    if source is None:
        raise DomainError("Belum ada lembar sebelumnya yang dapat disalin. Isi butirnya satu per satu.")
    count = _copy(checklist, source, by, posting)
    if not count:
        raise DomainError("Tidak ada lagi yang dapat disalin: semua butirnya sudah diisi atau sudah disalin.")
    changes = {"source": [None, source.pk], "items": [None, count]}
    record("checklist.copied", by=by, posting=posting, about=checklist, unit=checklist.unit, changes=changes)
    jobs.request(KIND, rollup_key(checklist))
    return Copied(source, count)


def _copy(checklist: Checklist, source: Checklist, by: User, posting: Posting) -> int:
    cards = _cards(checklist, source)
    now = timezone.now()
    empty = Answer.objects.filter(checklist=checklist, is_due=True, version=0, item__code__in=cards)
    revisions = []
    for pk, code in empty.order_by("item__position").values_list("pk", "item__code"):
        card = cards[code]
        # The version stands in the WHERE: whoever fills the item in at the same moment was first, or overwrites.
        moved = Answer.objects.filter(pk=pk, version=0).update(
            version=1, value=card.as_value(), is_answered=False, needs_review=True, author=by, posting=posting,
            saved_at=now,
        )  # fmt: skip
        if moved:
            revisions.append(_revision(checklist, source, pk, code, card, by, posting))
    AnswerRevision.objects.bulk_create(revisions)
    return len(revisions)


def _cards(checklist: Checklist, source: Checklist) -> dict[str, Card]:
    """Return what can be copied, by item: answers that mean the same in the version of this sheet's instrument."""
    instrument, before = engine_instrument(checklist.instrument), engine_instrument(source.instrument)
    pairs = crosswalk_between(source.instrument, checklist.instrument)
    rows = Answer.objects.filter(checklist=source, is_answered=True).values_list("item__code", "value")
    cards = {}
    for old_code, value in rows:
        code = pairs.get(old_code)
        if code is None or not keeps_answer(before.item(old_code), instrument.item(code)):
            continue
        try:
            parsed = parse_answer(instrument.item(code), value.get("answer"))
        except AnswerFault:
            # The item was asked differently in another version of the instrument.
            continue
        if parsed.is_answered:
            cards[code] = Card(answer=parsed.raw, note=value.get("note", ""))
    return cards


def _revision(
    checklist: Checklist, source: Checklist, answer_id: int, code: str, card: Card, by: User, posting: Posting
) -> AnswerRevision:
    return AnswerRevision(
        uuid=uuid.uuid4(),
        answer_id=answer_id,
        checklist=checklist,
        payload_hash=payload_hash(checklist_id=checklist.pk, item_code=code, author_id=by.pk, card=card),
        value=card.as_value(),
        author=by,
        posting=posting,
        base_version=0,
        new_version=1,
        outcome=RevisionOutcome.ACCEPTED,
        copied_from=source,
    )
