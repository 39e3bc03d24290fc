"""The right of reply: a sheet's round with its items, and one item with what was claimed, found, said and decided."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, Reply, ReplyFile, ReplyRound, ReplyStatus
from supervisi.pages.moments import long_moment
from supervisi.scoring.instrument import Item
from supervisi.scoring.rounding import from_units, shown
from supervisi.scoring.stakes import better_options
from supervisi.services.replies import ShownAnswer, show_answer
from supervisi.services.reply_rounds import is_holding_back
from supervisi.services.reply_steps import TRANSITIONS, may_take
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit, User

_TONES = {ReplyStatus.OPEN: "", ReplyStatus.REPLIED: "info", ReplyStatus.UPHELD: "", ReplyStatus.CHANGED: "ok"}


@dataclass(frozen=True)
class ReplyLine:
    """One item that was marked down: claimed and found as people read them, the points between, its state."""

    reply: Reply
    item: Item
    claimed: ShownAnswer
    found: ShownAnswer
    points: str
    state: str
    tone: str


@dataclass(frozen=True)
class RoundPage:
    """What the page of a round shows."""

    checklist: Checklist
    running: ReplyRound
    lines: tuple[ReplyLine, ...]
    state: str
    waiting: int
    can_reply: bool
    can_waive: bool
    can_extend: bool

    @property
    def why(self) -> str:
        """Say why just these items stand here."""
        if any(line.reply.claimed is not None for line in self.lines):
            return "Butir di bawah ini dinilai lebih rendah daripada penilaian satuan."
        return "Satuan tidak menyerahkan penilaian sendiri. Butir di bawah ini dinilai kurang dari nilai penuh."


@dataclass(frozen=True)
class ReplyPage:
    """What the page of one reply shows."""

    line: ReplyLine
    checklist: Checklist
    running: ReplyRound
    note: str
    changed_to: ShownAnswer | None
    replied: str
    decided: str
    files: tuple[ReplyFile, ...]
    better: tuple[tuple[str, str], ...]
    takes_replies: bool
    can_reply: bool
    can_withdraw: bool
    can_decide: bool
    # Why the viewer may not decide although his office could: he replied himself.
    is_second_needed: bool


@dataclass(frozen=True)
class RoundFacts:
    """What the sheet's own page says of its last round."""

    running: ReplyRound
    state: str
    items: int
    waiting: int
    takes_replies: bool
    is_holding_back: bool


def read_facts(checklist: Checklist) -> RoundFacts | None:
    """Read what a disclosed or final sheet says of its last round (one query)."""
    if checklist.disclosed_at is None:
        return None
    rounds = ReplyRound.objects.filter(checklist=checklist, opened_at__gte=checklist.disclosed_at)
    counted = rounds.annotate(
        items=Count("replies"), waiting=Count("replies", filter=Q(replies__status=ReplyStatus.REPLIED))
    )
    found = counted.first()
    if found is None:
        return None
    items, waiting = vars(found)["items"], vars(found)["waiting"]
    today = local_day(checklist.unit)
    running = found if found.closed_at is None else None
    return RoundFacts(
        running=found,
        state=_state(found, today, waiting),
        items=items,
        waiting=waiting,
        takes_replies=found.takes_replies(today),
        is_holding_back=is_holding_back(running, waiting, today),
    )


def read_running_rounds(user: User, units: tuple[Unit, ...], today: datetime.date) -> tuple[ReplyRound, ...]:
    """Read the rounds in which units may still reply, the nearest last day first (one query)."""
    rounds = ReplyRound.objects.visible_to(user).running().with_frame().filter(checklist__unit__in=units)
    open_items = Count("replies", filter=Q(replies__status=ReplyStatus.OPEN))
    taking = rounds.filter(waived_at__isnull=True, due_on__gte=today).annotate(left=open_items, items=Count("replies"))
    return tuple(taking.order_by("due_on", "pk"))


def _state(found: ReplyRound, today: datetime.date, waiting: int) -> str:
    if found.closed_at is not None:
        return "selesai"
    if found.takes_replies(today):
        return "berjalan"
    return f"menunggu {waiting} keputusan" if waiting else "berakhir"


def read_round(checklist: Checklist, viewer: User) -> RoundPage | None:
    """Read the last round of a sheet; None when it never had one (two queries)."""
    running = ReplyRound.objects.filter(checklist=checklist).first()
    if running is None:
        return None
    rows = Reply.objects.filter(round=running).select_related("item")
    today = local_day(checklist.unit)
    takes = running.takes_replies(today)
    lines = tuple(_line(reply, checklist, takes) for reply in rows)
    waiting = sum(line.reply.status == ReplyStatus.REPLIED for line in lines)
    return RoundPage(
        checklist=checklist,
        running=running,
        lines=lines,
        state=_state(running, today, waiting),
        waiting=waiting,
        can_reply=takes and access.posting_to_reply(viewer, checklist) is not None,
        can_waive=takes and access.posting_to_waive(viewer, checklist) is not None,
        can_extend=running.closed_at is None
        and running.waived_at is None
        and access.posting_to_give_time(viewer, checklist) is not None,
    )


def _line(reply: Reply, checklist: Checklist, takes_replies: bool) -> ReplyLine:
    item = engine_instrument(checklist.instrument).item(reply.item.code)
    status = ReplyStatus(reply.status)
    return ReplyLine(
        reply=reply,
        item=item,
        claimed=show_answer(item, reply.claimed),
        found=show_answer(item, reply.found),
        points=f"\N{MINUS SIGN}{shown(from_units(reply.points))}",
        # After the last day nobody waits for the unit any more.
        state="Tidak dijawab" if status == ReplyStatus.OPEN and not takes_replies else str(status.label),
        tone=_TONES[status],
    )


def read_reply(viewer: User, pk: int) -> ReplyPage | None:
    """Read a reply's page, or None when it is out of the person's sight (a fixed number of queries)."""
    files = Prefetch("files", queryset=ReplyFile.objects.filter(withdrawn_at__isnull=True).select_related("file"))
    reply = Reply.objects.visible_to(viewer).with_frame().prefetch_related(files).filter(pk=pk).first()
    if reply is None:
        return None
    checklist = reply.round.checklist
    takes = reply.round.takes_replies(local_day(checklist.unit))
    line = _line(reply, checklist, takes)
    present = Answer.objects.get(checklist=checklist, item=reply.item_id)
    raw = present.value.get("answer")
    is_open = reply.round.closed_at is None
    decides = access.posting_to_decide(viewer, checklist) is not None and reply.status == ReplyStatus.REPLIED
    return ReplyPage(
        line=line,
        checklist=checklist,
        running=reply.round,
        note=present.value.get("note", ""),
        changed_to=show_answer(line.item, reply.changed_to) if reply.changed_to is not None else None,
        replied=_act(reply.reply_posting, reply.replied_by, reply.replied_at, checklist),
        decided=_act(reply.decision_posting, reply.decided_by, reply.decided_at, checklist),
        files=tuple(reply.files.all()),
        better=tuple((code, _words(line.item, code)) for code in better_options(line.item, raw)),
        takes_replies=takes,
        can_reply=takes and _may(viewer, reply, "reply"),
        can_withdraw=takes and _may(viewer, reply, "withdraw"),
        can_decide=is_open and _may(viewer, reply, "uphold"),
        is_second_needed=is_open and decides and viewer.pk == reply.replied_by_id,
    )


def _may(viewer: User, reply: Reply, name: str) -> bool:
    return reply.status == TRANSITIONS[name].old and may_take(viewer, reply, name) is not None


def _words(item: Item, code: str) -> str:
    option = item.option(code)
    return f"{code}. {option.criterion[:1].upper()}{option.criterion[1:]}" if option is not None else code


def _act(posting: Posting | None, user: User | None, at: datetime.datetime | None, checklist: Checklist) -> str:
    if at is None:
        return ""
    return f"{posting or user}, {long_moment(at, checklist.unit)}"
