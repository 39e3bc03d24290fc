"""What stands in the way of a team on the days of a visit. Warnings only: the planner decides."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.utils import dateformat

from supervisi.models import Visit, VisitMember
from supervisi.models.visits import OPEN_STATUSES, on_days
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.working_days import read_calendar

_MOST_DAYS = 31


@dataclass(frozen=True)
class Clash:
    """One warning; one that `asks` has to be seen before the visit is planned."""

    text: str
    asks: bool


def seen_mark(clashes: Iterable[Clash]) -> str:
    """Return the mark of what was shown: the planner's form carries it back."""
    text = "\n".join(sorted(clash.text for clash in clashes if clash.asks))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else ""


def find_clashes(
    *,
    unit: Unit,
    first: datetime.date,
    last: datetime.date,
    team: Iterable[int],
    viewer: User,
    besides: Visit | None = None,
) -> tuple[Clash, ...]:
    """Find what stands in the way of the people on the days (four queries).

    Args:
        team: ids of the people.
        besides: the visit itself, when it is there already.
    """
    people = sorted(set(team))
    postings = _postings(unit, people)
    offices = {posting.user_id: str(posting) for posting in postings}
    found = _elsewhere(people, offices, first, last, viewer, besides)
    found += _ending(postings, last)
    found += _second_visit(unit, first, last, viewer, besides)
    found += _days_off(unit, first, last)
    return tuple(found)


def _elsewhere(
    people: Sequence[int],
    offices: dict[int, str],
    first: datetime.date,
    last: datetime.date,
    viewer: User,
    besides: Visit | None,
) -> list[Clash]:
    """People who are in another visit on one of the days, a line for each visit; where, only if the viewer may know."""
    seen = Visit.objects.visible_to(viewer).filter(pk=OuterRef("visit_id"))
    rows = (
        VisitMember.objects.filter(
            on_days(first, last, prefix="visit__"),
            user__in=people,
            left_at__isnull=True,
            visit__status__in=OPEN_STATUSES,
        )
        .exclude(visit=besides)
        .select_related("user", "visit__unit")
        .annotate(is_seen=Exists(seen))
        .order_by("visit__starts_on", "visit_id", "number")
    )
    teams: dict[int, list[VisitMember]] = {}
    for row in rows:
        teams.setdefault(row.visit_id, []).append(row)
    found = []
    for members in teams.values():
        visit = members[0].visit
        who = ", ".join(offices.get(row.user_id, row.user.name) for row in members)
        is_seen = vars(members[0])["is_seen"]
        where = f"kunjungan {visit.unit}" if is_seen else "kunjungan lain"
        days = _span(max(first, visit.starts_on), min(last, visit.last_day))
        found.append(Clash(f"{who} sudah masuk tim {where} pada {days}.", True))
    return found


def _postings(unit: Unit, people: Sequence[int]) -> list[Posting]:
    """Return the people's postings as supervisors above the unit, the longest last."""
    rows = Posting.objects.filter(
        role=Role.SUPERVISOR, unit__path__in=unit.ancestor_paths, user__in=people, approved_at__isnull=False
    )
    return sorted(rows.select_related("unit"), key=lambda row: (row.ends_on or datetime.date.max, row.pk))


def _ending(postings: Iterable[Posting], last: datetime.date) -> list[Clash]:
    """People whose posting is over before the last day."""
    longest = {posting.user_id: posting for posting in postings}
    return [
        Clash(f"Penugasan {posting} berakhir {_day(posting.ends_on)}, sebelum kunjungan selesai.", True)
        for posting in longest.values()
        if posting.ends_on is not None and posting.ends_on < last
    ]


def _second_visit(
    unit: Unit, first: datetime.date, last: datetime.date, viewer: User, besides: Visit | None
) -> list[Clash]:
    others = Visit.objects.visible_to(viewer).open().on_days(first, last).filter(unit=unit)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    return [
        Clash(
            f"{unit} sudah punya kunjungan pada {_span(other.starts_on, other.last_day)}: {other.sprin_number}.", True
        )
        for other in others.order_by("starts_on", "pk")
    ]


def _days_off(unit: Unit, first: datetime.date, last: datetime.date) -> list[Clash]:
    calendar = read_calendar([unit])
    days = [first + datetime.timedelta(days=number) for number in range(min((last - first).days + 1, _MOST_DAYS))]
    return [
        Clash(f"{dateformat.format(day, 'l, j F Y')} bukan hari kerja.", False)
        for day in days
        if not calendar.is_working_day(unit, day)
    ]


def _day(day: datetime.date) -> str:
    return dateformat.format(day, "j F Y")


def _span(first: datetime.date, last: datetime.date) -> str:
    return _day(first) if first == last else f"{_day(first)} sampai {_day(last)}"
