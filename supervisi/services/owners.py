"""Whose a finding is today: the owner is a title at a unit, held by whoever is posted there."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import Q

from supervisi import access
from supervisi.models import Finding
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind, User
from wbbm.organisasi.working_days import WorkCalendar, read_calendar

# So many working days late, and the commander of the unit above is shown it; as many again, the one above him.
ESCALATE_AFTER = 5
_OWNERS: dict[str, str] = {UnitKind.POLSEK: "Kapolsek", UnitKind.POLRES: "Kapolres", UnitKind.POLDA: "Kapolda"}


def usual_owner(unit: Unit) -> str:
    """Return the office that usually answers a finding at the unit."""
    return _OWNERS.get(unit.kind, "")


def responsible_postings(finding: Finding) -> list[Posting]:
    """Return the postings of today that a finding belongs to.

    Those with the owner's title at the owner's unit. A title that was held and is vacant: its duties go to the
    commander of the unit above. A title that nobody was ever posted by has no account: the unit's
    own commander answers for it.
    """
    return responsible_by_finding([finding])[finding.pk]


def responsible_by_finding(findings: Iterable[Finding]) -> dict[int, list[Posting]]:
    """Return the postings of today that each finding belongs to (one query; see `responsible_postings`)."""
    owed = list(findings)
    units = {finding.owner_unit_id: finding.owner_unit for finding in owed}
    above = {path for unit in units.values() for path in unit.ancestor_paths}
    rows = Posting.objects.filter(
        Q(unit__in=list(units)) | Q(unit__path__in=sorted(above), role=Role.COMMANDER),
        approved_at__isnull=False, withdrawn_at__isnull=True,
    )  # fmt: skip
    by_path: dict[str, list[Posting]] = {}
    for row in rows.select_related("user", "unit").order_by("pk"):
        by_path.setdefault(row.unit.path, []).append(row)
    days = {pk: local_day(unit) for pk, unit in units.items()}
    offices: dict[tuple[int, str], list[Posting]] = {}
    for finding in owed:
        office = (finding.owner_unit_id, finding.owner_title)
        if office not in offices:
            offices[office] = _responsible(finding, by_path, days[finding.owner_unit_id])
    return {finding.pk: offices[finding.owner_unit_id, finding.owner_title] for finding in owed}


def _responsible(finding: Finding, by_path: dict[str, list[Posting]], day: datetime.date) -> list[Posting]:
    unit = finding.owner_unit
    same = [
        row
        for row in by_path.get(unit.path, [])
        if row.starts_on <= day and is_same_title(row.title, finding.owner_title, unit)
    ]
    held = [row for row in same if _is_held(row, day)]
    if held:
        return held
    for path in reversed(unit.ancestor_paths if same else [*unit.ancestor_paths, unit.path]):
        found = [row for row in by_path.get(path, []) if row.role == Role.COMMANDER and _is_held(row, day)]
        if found:
            return found
    return []


def _is_held(posting: Posting, day: datetime.date) -> bool:
    return posting.runs_on(day) and posting.user.closed_at is None


def duties_of(user: User, besides: Iterable[int] = ()) -> list[int]:
    """Return the open findings that are the person's today, by his title or by a vacant one (two queries at most).

    Only findings that were handed over, of units where he is posted and of those below him as commander.

    Args:
        besides: units that are left out.
    """
    scope, known = user.scope, set(besides)
    posted = {posting.unit_id for posting in scope.postings} - known
    if not posted and not any(held.role == Role.COMMANDER and held.unit.numchild for held in scope.postings):
        return []
    reach = Q(owner_unit__in=posted) | scope.within("owner_unit__path", Role.COMMANDER)
    told = Finding.objects.open().filter(reach, handed_over_at__isnull=False).exclude(owner_unit__in=known)
    found = list(told.order_by().select_related("owner_unit").only("owner_title", "owner_unit"))
    if not found:
        return []
    held = responsible_by_finding(found)
    return [pk for pk, postings in held.items() if any(posting.user_id == user.pk for posting in postings)]


def responsible_people(finding: Finding) -> list[User]:
    """Return the people to whom a finding belongs today, each once (see `responsible_postings`)."""
    return list({posting.user_id: posting.user for posting in responsible_postings(finding)}.values())


def is_same_title(title: str, wanted: str, unit: Unit) -> bool:
    """Tell whether two titles at the unit are one office: "Kapolsek" is "Kapolsek Senori" at Polsek Senori."""
    first, second = title.casefold().split(), wanted.casefold().split()
    if len(first) > len(second):
        first, second = second, first
    place = set(unit.name.casefold().split())
    return bool(first) and second[: len(first)] == first and set(second[len(first) :]) <= place


def posting_to_answer(user: User, finding: Finding) -> Posting | None:
    """Return the posting by which the person answers: of the owner's unit, or of whoever has the title's duties."""
    found = access.posting_to_answer(user, finding)
    return found or next((row for row in responsible_postings(finding) if row.user_id == user.pk), None)


def escalation(finding: Finding, today: datetime.date, calendar: WorkCalendar) -> int:
    """Return how many levels up a late finding is shown: 0 is the unit itself; computed, stored nowhere."""
    if not finding.days_late(today) or finding.due_on is None:
        return 0
    return min(calendar.between(finding.unit, finding.due_on, today) // ESCALATE_AFTER, finding.unit.depth - 1)


def escalated_path(finding: Finding, level: int) -> str:
    """Return the path of the unit whose commander is shown the finding at the level."""
    paths = [*finding.unit.ancestor_paths, finding.unit.path]
    return paths[len(paths) - 1 - level]


def escalated_to(findings: Iterable[Finding], now: datetime.datetime) -> dict[int, str]:
    """Return, by finding that has gone up, the name of the highest unit whose commander is shown it (two queries)."""
    late = [finding for finding in findings if finding.days_late(local_day(finding.unit, now))]
    if not late:
        return {}
    calendar = read_calendar([finding.unit for finding in late])
    levels = {finding.pk: escalation(finding, local_day(finding.unit, now), calendar) for finding in late}
    paths = {finding.pk: escalated_path(finding, levels[finding.pk]) for finding in late if levels[finding.pk]}
    names = dict(Unit.objects.filter(path__in=set(paths.values())).values_list("path", "name"))
    return {pk: names[path] for pk, path in paths.items()}
