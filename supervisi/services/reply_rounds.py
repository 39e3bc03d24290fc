"""Rounds of the right of reply: opened by disclosing, extended, waived, closed by finalising.

Every step writes the round's row first and only then replies or the sheet: steps of one round wait for each other.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import dateformat, timezone

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Item, Layer, Reply, ReplyRound, ReplyStatus
from supervisi.models.replies import ReplyQuerySet, ReplyRoundQuerySet
from supervisi.scoring.engine import item_share, score_sheet
from supervisi.scoring.rounding import to_units
from supervisi.services import reply_notices
from supervisi.services.counting import choose_counting
from supervisi.services.follow_up import MOST_EXTRA_DAYS, storable_text
from supervisi.services.layers import answers_of, sheets_past_draft
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.access import local_day, zone_day
from wbbm.organisasi.models import Posting, TimeZone, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.working_days import add_working_days

REPLY_DAYS = 5


@dataclass(frozen=True)
class MarkedDown:
    """An item worth less than the unit claimed; without a claim, less than full."""

    item_code: str
    claimed: Any
    found: Any
    points: Fraction


def marked_down(checklist: Checklist) -> list[MarkedDown]:
    """Return the items that were marked down, in the order of the sheet."""
    sheets = sheets_past_draft(checklist.unit_id, checklist.period_id, checklist.instrument_id)
    claim = choose_counting(sheet for sheet in sheets if sheet.layer == Layer.SELF)
    answers = answers_of([checklist, *([claim] if claim is not None else [])])
    engine = engine_instrument(checklist.instrument)
    found = answers[checklist.pk]
    score = score_sheet(engine, found)
    claims = answers[claim.pk] if claim is not None else {}
    claimed = score_sheet(engine, claims).item_values if claim is not None else {}
    lowered = []
    for item in engine.items:
        value = score.item_values[item.code]
        wanted = claimed[item.code] if claim is not None else Fraction(1)
        if value is not None and wanted is not None and value < wanted:
            points = (wanted - value) * item_share(engine, score, item)
            lowered.append(MarkedDown(item.code, claims.get(item.code), found[item.code], points))
    return lowered


def open_round(checklist: Checklist, *, by: User, posting: Posting) -> ReplyRound | None:
    """Open the round of a sheet that is being disclosed; none where nothing was marked down."""
    lowered = marked_down(checklist)
    if not lowered:
        return None
    due_on = add_working_days(checklist.unit, local_day(checklist.unit), REPLY_DAYS)
    opened = ReplyRound.objects.create(checklist=checklist, due_on=due_on)
    items = dict(Item.objects.filter(instrument=checklist.instrument_id).values_list("code", "pk"))
    Reply.objects.bulk_create(
        Reply(
            round=opened,
            item_id=items[each.item_code],
            claimed=each.claimed,
            found=each.found,
            points=to_units(each.points),
        )
        for each in lowered
    )
    changes = {"due_on": [None, str(due_on)], "items": [None, [each.item_code for each in lowered]]}
    event = record("reply-round.opened", by=by, posting=posting, about=checklist, unit=checklist.unit, changes=changes)
    reply_notices.tell_opened(opened, len(lowered), event)
    return opened


def close_round(checklist: Checklist, *, by: User, posting: Posting) -> None:
    """Close the running round of a sheet that is being made final.

    Raises:
        InvalidTransition: the unit may still reply, or a reply waits for its decision.
    """
    running = ReplyRound.objects.running().filter(checklist=checklist).first()
    if running is None:
        return
    over = Q(waived_at__isnull=False) | Q(due_on__lt=local_day(checklist.unit))
    row = ReplyRound.objects.running().filter(over, pk=running.pk)
    if not row.update(closed_at=timezone.now(), moved_at=timezone.now()):
        day = dateformat.format(running.due_on, "j F Y")
        raise InvalidTransition(f"Hak jawab satuan masih berjalan sampai {day}. Finalkan sesudahnya.")
    waiting = Reply.objects.filter(round=running, status=ReplyStatus.REPLIED).count()
    if waiting:
        raise InvalidTransition(f"{waiting} jawaban satuan belum diputuskan. Putuskan dulu, lalu finalkan.")
    record("reply-round.closed", by=by, posting=posting, about=checklist, unit=checklist.unit)
    reply_notices.settle_round(running)


def hold_round(running: ReplyRound, *, for_unit: bool) -> None:
    """Write the round's row, so that other steps of it wait; the first statement of every step.

    Raises:
        InvalidTransition: the round is closed; for the unit also: waived, or past its last day.
    """
    row = ReplyRound.objects.running().filter(pk=running.pk)
    if for_unit:
        row = row.filter(waived_at__isnull=True, due_on__gte=local_day(running.checklist.unit))
    if row.update(moved_at=timezone.now()):
        return
    running.refresh_from_db(fields=["closed_at", "waived_at", "due_on"])
    raise InvalidTransition("Hak jawab pada lembar ini sudah berakhir. Muat ulang halaman ini.")


def waive_round(*, running: ReplyRound, by: User) -> ReplyRound:
    """Say for the unit that nothing more will come; what it has replied is still decided."""
    checklist = running.checklist
    posting = access.posting_to_waive(by, checklist)
    if posting is None:
        raise NotAllowed("Hak jawab diakhiri lebih awal oleh pimpinan satuan itu sendiri.")
    with transaction.atomic():
        hold_round(running, for_unit=True)
        ReplyRound.objects.filter(pk=running.pk).update(waived_at=timezone.now())
        event = record("reply-round.waived", by=by, posting=posting, about=checklist, unit=checklist.unit)
        reply_notices.tell_waived(running, event)
    running.refresh_from_db()
    return running


def extend_round(*, running: ReplyRound, days: int, reason: str, by: User) -> ReplyRound:
    """Give the unit more working days, counted from the last day, or from today when that is past.

    Raises:
        NotAllowed: neither decides replies nor commands a unit above.
        InvalidTransition: closed, waived, or extended by somebody else meanwhile.
    """
    checklist = running.checklist
    posting = check_may_extend(running, by)
    if not 1 <= days <= MOST_EXTRA_DAYS:
        raise DomainError(f"Perpanjangan 1 sampai {MOST_EXTRA_DAYS} hari kerja.")
    reason = storable_text(reason, "Alasan")
    old = running.due_on
    new = add_working_days(checklist.unit, max(old, local_day(checklist.unit)), days)
    with transaction.atomic():
        row = ReplyRound.objects.running().filter(pk=running.pk, due_on=old, waived_at__isnull=True)
        if not row.update(due_on=new, moved_at=timezone.now()):
            raise InvalidTransition("Tenggat sudah berubah, atau hak jawab sudah berakhir. Muat ulang halaman ini.")
        event = record(
            "reply-round.extended", by=by, posting=posting, about=checklist, unit=checklist.unit,
            changes={"due_on": [str(old), str(new)]}, reason=reason,
        )  # fmt: skip
        reply_notices.tell_extended(running, new, event)
    running.refresh_from_db()
    return running


def check_may_extend(running: ReplyRound, by: User) -> Posting:
    """Return the posting by which the person may give more time.

    Raises:
        NotAllowed: he may not.
    """
    posting = access.posting_to_give_time(by, running.checklist)
    if posting is None:
        raise NotAllowed("Tenggat hak jawab diperpanjang oleh pemutus jawaban atau pimpinan satuan di atas.")
    return posting


def rounds_holding_back() -> ReplyRoundQuerySet:
    """Keep the rounds for which `is_holding_back` is true: the same rule as a query, each unit by its own day."""
    now = timezone.now()
    in_time = Q(pk__in=[])
    for zone in TimeZone.values:
        in_time |= Q(checklist__unit__time_zone=zone, due_on__gte=zone_day(zone, now))
    waiting = Q(pk__in=Reply.objects.filter(status=ReplyStatus.REPLIED).order_by().values("round"))
    running: ReplyRoundQuerySet = ReplyRound.objects.running()
    return running.filter(waiting | in_time & Q(waived_at__isnull=True))


def replies_to_decide(user: User) -> ReplyQuerySet:
    """Keep the replies that wait for a decision which the person may take as far as he did not reply himself."""
    waiting: ReplyQuerySet = Reply.objects.filter(status=ReplyStatus.REPLIED, round__closed_at__isnull=True)
    return waiting.exclude(replied_by=user)


def is_holding_back(running: ReplyRound | None, waiting: int, today: datetime.date) -> bool:
    """Tell whether the sheet can't be made final yet."""
    return running is not None and (running.takes_replies(today) or waiting > 0)
