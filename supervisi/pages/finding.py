"""One finding: what it is, whose it is today, its whole history, and what the viewer may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch
from django.utils import dateformat, timezone

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Finding, FindingEvent, FindingFile
from supervisi.pages.finding_cards import FindingCard, make_cards, office_of, returned_events, with_stake
from supervisi.pages.moments import long_moment
from supervisi.services.follow_up import TRANSITIONS, has_answered, may_take
from supervisi.services.owners import is_same_title, responsible_postings
from wbbm.notices.share import whatsapp_url
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.working_days import read_calendar


@dataclass(frozen=True)
class EventLine:
    """One act in the history."""

    event: FindingEvent
    act: str
    by: str
    at: str
    files: tuple[FindingFile, ...]
    # The visit on which it happened, for those who see it.
    visit_id: int | None


@dataclass(frozen=True)
class FindingPage:
    """What the page of a finding shows."""

    finding: Finding
    card: FindingCard
    is_stake_shown: bool
    question: str
    target: str
    responsible: str
    is_held: bool
    working_days_left: int | None
    events: tuple[EventLine, ...]
    sheet_area: str
    can_answer: bool
    can_accept: bool
    can_return: bool
    can_close: bool
    can_extend: bool
    # Why the viewer may not judge although his office could: he answered himself.
    is_second_needed: bool
    # Empty until the unit was told of the finding.
    share_url: str


def read_finding(viewer: User, pk: int) -> FindingPage | None:
    """Read a finding's page, or None when it is out of the person's sight (a fixed number of queries)."""
    rows = with_stake(Finding.objects.visible_to(viewer), viewer).select_related(
        "unit", "item__instrument", "checklist__instrument", "owner_unit", "visit"
    )
    finding = rows.defer("item__instrument__definition").prefetch_related(returned_events()).filter(pk=pk).first()
    if finding is None:
        return None
    now = timezone.now()
    card = make_cards([finding], viewer, now)[0]
    is_shown: bool = finding.is_stake_shown  # type: ignore[attr-defined]  # annotated by with_stake
    item = engine_instrument(finding.item.instrument).item(finding.item.code) if finding.item else None
    option = item.option(finding.target_option) if item and is_shown and finding.target_option else None
    holders = responsible_postings(finding)
    return FindingPage(
        finding=finding,
        card=card,
        is_stake_shown=is_shown,
        question=item.question if item else "",
        target=f"{option.code}. {option.criterion}" if option else "",
        responsible=", ".join(dict.fromkeys(_holder(posting, finding) for posting in holders)),
        is_held=any(is_same_title(posting.title, finding.owner_title, posting.unit) for posting in holders),
        working_days_left=_days_left(finding),
        events=_events(finding, viewer),
        sheet_area=_sheet_area(finding, viewer),
        can_answer=may_take(viewer, finding, "answer"),
        can_accept=may_take(viewer, finding, "accept"),
        can_return=may_take(viewer, finding, "return"),
        can_close=may_take(viewer, finding, "close"),
        can_extend=finding.is_owed and access.posting_to_find(viewer, finding.unit) is not None,
        is_second_needed=_is_second_needed(viewer, finding),
        share_url=_share_url(finding),
    )


def _holder(posting: Posting, finding: Finding) -> str:
    """Name an office; its unit too where that is another one than the owner's."""
    return str(posting) if posting.unit_id == finding.owner_unit_id else f"{posting}, {posting.unit}"


def _share_url(finding: Finding) -> str:
    if finding.handed_over_at is None:
        return ""
    due = f", tenggat {dateformat.format(finding.due_on, 'j F Y')}" if finding.due_on and finding.is_owed else ""
    return whatsapp_url(f"Temuan {finding.number} di {finding.unit}{due}. Buka di portal:", finding.get_absolute_url())


def _days_left(finding: Finding) -> int | None:
    today = local_day(finding.unit)
    if not finding.is_owed or finding.due_on is None or finding.due_on < today:
        return None
    return read_calendar([finding.unit]).between(finding.unit, today, finding.due_on)


def _is_second_needed(viewer: User, finding: Finding) -> bool:
    judging = any(finding.status in TRANSITIONS[name].old for name in ("accept", "close"))
    return judging and access.posting_to_judge(viewer, finding) is not None and has_answered(viewer, finding)


def _events(finding: Finding, viewer: User) -> tuple[EventLine, ...]:
    files = Prefetch("files", queryset=FindingFile.objects.select_related("file"))
    rows = FindingEvent.objects.visible_to(viewer).filter(finding=finding).select_related("by", "posting", "visit")
    return tuple(
        EventLine(
            event=event,
            act=event.get_kind_display(),
            by=office_of(event),
            at=long_moment(event.at, finding.unit),
            files=tuple(event.files.all()),
            visit_id=event.visit_id,
        )
        for event in rows.prefetch_related(files)
    )


def _sheet_area(finding: Finding, viewer: User) -> str:
    """Return the area's key when the viewer may open the sheet at the item."""
    if finding.item is None or finding.checklist_id is None:
        return ""
    may_open = Checklist.objects.visible_to(viewer).filter(pk=finding.checklist_id).exists()
    return finding.item.area_key if may_open else ""
