"""Rounds of the right of reply in the demo: one that runs, one that is over and waits for a decision."""

from __future__ import annotations

import datetime

from django.utils import timezone

from supervisi.demo.district import District
from supervisi.models import Checklist, ChecklistStatus, Item, Layer, Reply, ReplyRound, ReplyStatus
from supervisi.scoring.rounding import to_units
from supervisi.services.reply_notices import tell_opened, tell_step
from supervisi.services.reply_rounds import REPLY_DAYS, marked_down
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.working_days import read_calendar

# Stations whose sheet is disclosed and which handed in their own, with the states of their first replies.
ROUNDS = {
    "Tuban": (ReplyStatus.UPHELD, ReplyStatus.REPLIED),
    "Kerek": (ReplyStatus.REPLIED,),
}
_TEXT = "Buktinya sudah ada pada hari kunjungan, tetapi belum ditunjukkan kepada tim (contoh)."
_REASON = "Bukti bertanggal sesudah hari kunjungan; berlaku untuk penilaian berikutnya (contoh)."
_DAY = datetime.timedelta(days=1)


def add_replies(district: District) -> None:
    """Open the rounds of the disclosed sheets, with replies in several states."""
    for name, states in ROUNDS.items():
        sheets = Checklist.objects.with_frame().filter(unit=district.stations[name], layer=Layer.SUPERVISION)
        sheet = sheets.select_related("reviewed_by").get(status=ChecklistStatus.DISCLOSED)
        _add_round(district, sheet, states, district.people[f"kapolsek.{name.lower()}"])


def _add_round(district: District, sheet: Checklist, states: tuple[str, ...], head: User) -> None:
    told = sheet.disclosed_at
    assert told is not None  # disclosed, by the caller
    unit, leader, commander = sheet.unit, district.people["kabagren"], district.people["kapolres"]
    due_on = read_calendar([unit]).add(unit, local_day(unit, told), REPLY_DAYS)
    replied_at, decided_at = (min(told + days * _DAY, timezone.now()) for days in (1, 2))
    opened = ReplyRound.objects.create(checklist=sheet, opened_at=told, due_on=due_on, moved_at=told)
    items = {item.code: item for item in Item.objects.filter(instrument=sheet.instrument_id)}
    lowered = sorted(marked_down(sheet), key=lambda each: -each.points)
    event = record(
        "reply-round.opened", by=commander, posting=_office(commander), about=sheet, unit=unit, at=told,
        changes={"due_on": [None, str(due_on)], "items": [None, [each.item_code for each in lowered]]},
    )  # fmt: skip
    tell_opened(opened, len(lowered), event)
    for place, each in enumerate(lowered):
        state = states[place] if place < len(states) else ReplyStatus.OPEN
        is_decided = state == ReplyStatus.UPHELD
        is_said = state != ReplyStatus.OPEN
        reply = Reply.objects.create(
            round=opened, item=items[each.item_code], claimed=each.claimed, found=each.found,
            points=to_units(each.points), status=state, text=_TEXT if is_said else "",
            replied_at=replied_at if is_said else None, replied_by=head if is_said else None,
            reply_posting=_office(head) if is_said else None, decision=_REASON if is_decided else "",
            decided_at=decided_at if is_decided else None, decided_by=leader if is_decided else None,
            decision_posting=_office(leader) if is_decided else None,
        )  # fmt: skip
        acts = [("reply", head, replied_at)] * is_said + [("uphold", leader, decided_at)] * is_decided
        for act, by, moment in acts:
            event = record(
                f"reply.{act}", by=by, posting=_office(by), about=sheet, unit=unit, at=moment,
                reason=_REASON if act == "uphold" else "", changes={"item": [None, each.item_code]},
            )  # fmt: skip
            tell_step(reply, act, event)


def _office(user: User) -> Posting | None:
    return Posting.objects.filter(user=user).order_by("pk").first()
