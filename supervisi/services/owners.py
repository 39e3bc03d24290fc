"""Whose a finding is today: the owner is a title at a unit, held by whoever is posted there."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from supervisi import access
from supervisi.models import Finding
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.working_days import WorkCalendar

# So many working days late, and the commander of the unit above is shown it; as many again, the one above him.
ESCALATE_AFTER = 5


def responsible_postings(finding: Finding) -> list[Posting]:
    """Return the postings of today that a finding belongs to.

    Those with the owner's title at the owner's unit. A title that was held and is vacant: its duties go to the
    commander of the unit above. A title that nobody was ever posted by has no account: the unit's
    own commander answers for it.
    """
    unit = finding.owner_unit
    day = local_day(unit)
    known = Posting.objects.filter(unit=unit, approved_at__isnull=False, withdrawn_at__isnull=True, starts_on__lte=day)
    same = [row for row in known.select_related("user", "unit") if is_same_title(row.title, finding.owner_title, unit)]
    held = [row for row in same if row.runs_on(day) and row.user.closed_at is None]
    if held:
        return held
    return _commanders(unit.ancestor_paths if same else [*unit.ancestor_paths, unit.path], day)


def responsible_people(finding: Finding) -> list[User]:
    """Return the people to whom a finding belongs today, each once (see `responsible_postings`)."""
    return list({posting.user_id: posting.user for posting in responsible_postings(finding)}.values())


def _commanders(paths: list[str], day: datetime.date) -> list[Posting]:
    """Return the commanders of the lowest of the units that has one today."""
    rows = Posting.objects.active_on(day).filter(
        role=Role.COMMANDER, unit__path__in=paths, user__closed_at__isnull=True
    )
    found = list(rows.select_related("user", "unit").order_by("-unit__path", "pk"))
    return [row for row in found if row.unit_id == found[0].unit_id]


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


def escalated_paths(findings: Iterable[Finding], today: datetime.date, calendar: WorkCalendar) -> dict[int, str]:
    """Return, by finding that has gone up, the path of the highest unit whose commander is shown it today."""
    levels = {finding.pk: (finding, escalation(finding, today, calendar)) for finding in findings}
    return {pk: escalated_path(finding, level) for pk, (finding, level) in levels.items() if level}
