"""Sample sheets: drawn when the visit is planned, changed by the team with a reason until it begins."""

from __future__ import annotations

import datetime
import secrets

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    Checklist,
    Item,
    Layer,
    SampleDraw,
    SampleItem,
    SampleReason,
    Scope,
    Visit,
    VisitStatus,
)
from supervisi.scoring.sampling import propose_sample
from supervisi.services.counting import choose_counting
from supervisi.services.follow_up import storable_text
from supervisi.services.layers import answers_of, sheets_past_draft
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record


def draw_sample(
    checklist: Checklist, *, by: User, posting: Posting, seed: str = "", at: datetime.datetime | None = None
) -> SampleDraw:
    """Make a sheet that was just made a sample: only drawn items are due. In the caller's transaction.

    Args:
        seed: of the random part; a fresh one when empty.
        at: when it was drawn; now when not given.

    The unit's own counting sheet of the period says which items decide a gate; without one none does.
    """
    seed = seed or secrets.token_hex(8)
    sheets = sheets_past_draft(checklist.unit_id, checklist.period_id, checklist.instrument_id)
    claim = choose_counting(sheet for sheet in sheets if sheet.layer == Layer.SELF)
    claims = answers_of([claim])[claim.pk] if claim is not None else {}
    drawn = propose_sample(engine_instrument(checklist.instrument), claims, seed)
    codes = [each.item_code for each in drawn]
    Checklist.objects.filter(pk=checklist.pk).update(scope=Scope.SAMPLE)
    Answer.objects.filter(checklist=checklist).exclude(item__code__in=codes).update(is_due=False)
    at = at or timezone.now()
    made = SampleDraw.objects.create(checklist=checklist, seed=seed, drawn_at=at)
    items = dict(Item.objects.filter(instrument=checklist.instrument_id).values_list("code", "pk"))
    SampleItem.objects.bulk_create(SampleItem(draw=made, item_id=items[each.item_code], why=each.why) for each in drawn)
    record(
        "sample.drawn", by=by, posting=posting, about=checklist, unit=checklist.unit,
        changes={"seed": [None, seed], "items": [None, codes]}, at=at,
    )  # fmt: skip
    return made


def change_sample(*, checklist: Checklist, item_code: str, is_in: bool, reason: str, by: User) -> None:
    """Put an item into the sample or take it out, with a reason, while the visit is only planned.

    Raises:
        NotAllowed: neither leads the visit nor may change its team.
        InvalidTransition: the visit has begun, or the item is that already.
        DomainError: no sample, no such item, no reason, or nothing would be left.
    """
    posting = check_may_change(checklist, by)
    reason = storable_text(reason, "Alasan")
    draw, item = SampleDraw.objects.filter(checklist=checklist).first(), _item(checklist, item_code)
    visit = checklist.visit
    if draw is None or visit is None:
        raise DomainError("Lembar ini memeriksa semua butir, bukan sampel.")
    with transaction.atomic():
        # Writing the visit's row keeps it from beginning meanwhile, and two changes from passing each other.
        if not Visit.objects.filter(pk=visit.pk, status=VisitStatus.PLANNED).update(status=F("status")):
            raise InvalidTransition("Sampel hanya diubah sebelum kunjungan dimulai.")
        if not Answer.objects.filter(checklist=checklist, item=item, is_due=not is_in).update(is_due=is_in):
            raise InvalidTransition("Butir ini sudah begitu. Muat ulang halaman ini.")
        if not Answer.objects.filter(checklist=checklist, is_due=True).exists():
            raise DomainError("Sampel paling sedikit satu butir.")
        SampleItem.objects.update_or_create(
            draw=draw, item=item, defaults={"is_in": is_in, "reason": reason, "changed_by": by},
            create_defaults={"is_in": is_in, "reason": reason, "changed_by": by, "why": SampleReason.ADDED},
        )  # fmt: skip
        act = "sample.added" if is_in else "sample.removed"
        record(
            act, by=by, posting=posting, about=checklist, unit=checklist.unit, reason=reason,
            changes={"item": [None, item_code]},
        )  # fmt: skip


def check_may_change(checklist: Checklist, by: User) -> Posting:
    """Return the posting by which the person may change the sample.

    Raises:
        NotAllowed: he may not.
    """
    visit = checklist.visit
    posting = access.posting_to_change_team(by, visit) if visit is not None else None
    if posting is None:
        raise NotAllowed("Sampel diubah oleh supervisor dari satuan di atas.")
    return posting


def _item(checklist: Checklist, code: str) -> Item:
    found = Item.objects.filter(instrument=checklist.instrument_id, code=code[:20].replace("\0", "")).first()
    if found is None:
        raise DomainError("Butir ini tidak ada pada lembar. Pilih butir lain.")
    return found
