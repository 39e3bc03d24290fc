"""What the device is told about an operation, and how an answer reads."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supervisi.models import Answer, Checklist
from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.instrument import Item
from supervisi.scoring.rounding import shown
from supervisi.services.operations import Card
from supervisi.services.standing import Standing, percent

if TYPE_CHECKING:
    from wbbm.organisasi.models import Posting, User

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")


@dataclass(frozen=True)
class ShownAnswer:
    """An answer as people read it."""

    # "A", "Ya", "75,00%", "3,2"; empty when there is none.
    letter: str
    # The criterion of the option, or the inputs in words.
    text: str
    is_severe: bool = False


def moment_text(moment: datetime.datetime, time_zone: str, now: datetime.datetime) -> str:
    """Write a moment in the unit's zone: "10.32" on the same day, else "17 Sep 10.32"."""
    zone = zoneinfo.ZoneInfo(time_zone)
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    clock = f"{local:%H.%M}"
    if local.date() == today:
        return clock
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local.day} {_MONTHS[local.month - 1]}{year} {clock}"


def author_text(author: User | None, posting: Posting | None, checklist: Checklist) -> str:
    """Name an author by office: "Kabagren (ketua tim)"."""
    office = str(posting) if posting is not None else str(author or "")
    visit = checklist.visit
    if visit is not None and author is not None and author.pk == visit.team_leader_id:
        return f"{office} (ketua tim)"
    return office


def show_answer(item: Item, raw: Any) -> ShownAnswer:
    """Read a stored answer; one that the item doesn't know (an old import) is shown as nothing."""
    try:
        parsed = parse_answer(item, raw)
    except AnswerFault:
        return ShownAnswer("", "")
    if not parsed.is_answered:
        return ShownAnswer("", _inputs_text(item, raw))
    if item.options:
        option = next(option for option in item.options if option.code == parsed.raw)
        return ShownAnswer(option.code, option.criterion, option.is_severe)
    if parsed.is_unanswerable or parsed.value is None:
        return ShownAnswer("Tidak dapat dinilai", _inputs_text(item, raw))
    if item.inputs:
        is_severe = item.severe_below_full and parsed.value < 1
        return ShownAnswer(percent(parsed.value), _inputs_text(item, raw), is_severe)
    return ShownAnswer(str(parsed.raw).replace(".", ","), "")


def _inputs_text(item: Item, raw: Any) -> str:
    if not isinstance(raw, dict):
        return ""
    return ", ".join(f"{each.label}: {raw[each.key]}" for each in item.inputs if each.key in raw)


def answer_reply(item: Item, card: Card) -> dict[str, Any]:
    """Return a card with what people read of it."""
    answer = show_answer(item, card.answer)
    return {
        "value": card.as_value(),
        "shown": {"letter": answer.letter, "text": answer.text},
        "severe": answer.is_severe,
    }


def saved_reply(
    *,
    uuid: str,
    checklist: Checklist,
    item: Item,
    card: Card,
    version: int,
    saved_at: datetime.datetime,
    standing: Standing,
) -> dict[str, Any]:
    """Build the reply to an accepted operation."""
    area = standing.area(item.area_key)
    return {
        "code": "saved",
        "uuid": uuid,
        "item": item.code,
        "version": version,
        **answer_reply(item, card),
        "saved_at": _iso(saved_at, checklist),
        "time": moment_text(saved_at, checklist.unit.time_zone, saved_at),
        "score": {
            "area": area.as_reply(),
            "sheet": {"provisional": shown(standing.provisional), "complete": shown(standing.complete)},
        },
        "progress": {
            "area": {"key": area.key, **area.progress.as_reply()},
            "sheet": standing.progress.as_reply(),
        },
    }


def conflict_reply(
    *, uuid: str, checklist: Checklist, item: Item, card: Card, present: Answer, now: datetime.datetime
) -> dict[str, Any]:
    """Build the reply to a refused operation: the stored value, who wrote it and when, beside the refused one."""
    return {
        "code": "conflict",
        "uuid": uuid,
        "item": item.code,
        "version": present.version,
        **answer_reply(item, Card.of(present.value)),
        "author": author_text(present.author, present.posting, checklist),
        "saved_at": _iso(present.saved_at or now, checklist),
        "time": moment_text(present.saved_at or now, checklist.unit.time_zone, now),
        "refused": {**answer_reply(item, card), "time": moment_text(now, checklist.unit.time_zone, now)},
        "message": "Butir ini diisi orang lain. Pilih satu; yang lain tetap ada di Riwayat.",
    }


def locked_reply(checklist: Checklist) -> dict[str, Any]:
    """Build the reply to an operation on a sheet that is no draft."""
    if checklist.status == "final":
        message = "Lembar ini final dan tidak dapat diubah. Jawaban ini tetap di perangkat."
    else:
        message = "Lembar sudah diserahkan. Jawaban ini tetap di perangkat."
    return {
        "code": "locked",
        "status": checklist.status,
        "status_label": checklist.get_status_display(),
        "message": message,
    }


def _iso(moment: datetime.datetime, checklist: Checklist) -> str:
    return moment.astimezone(zoneinfo.ZoneInfo(checklist.unit.time_zone)).isoformat(timespec="seconds")
