"""The nightly look for what seems odd: reads the five signs and keeps those that are new (docs/janggal.md)."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supervisi.models import Oddity, OddityStatus
from supervisi.oddities.assessors import higher_assessors
from supervisi.oddities.dates import dated_after
from supervisi.oddities.files import same_files
from supervisi.oddities.found import Found, Look
from supervisi.oddities.jumps import jumps
from supervisi.oddities.pace import fast_sheets

_SIGNS = (same_files, dated_after, jumps, fast_sheets, higher_assessors)
_FACTS = ("kind", "fingerprint", "facts", "period_id", "checklist_id", "found_at")


@dataclass(frozen=True)
class Scanned:
    """What a look came to: signs that are new, and signs that wait and have other facts now."""

    new: int
    changed: int


def nightly(zone: str, day: datetime.date) -> None:
    """Look once in a night; what a second look finds is known already."""
    scan()


def scan(now: datetime.datetime | None = None) -> Scanned:
    """Look at everything and keep what is new, in a fixed number of queries, however many units there are."""
    look = Look(now or timezone.now())
    return _keep([found for sign in _SIGNS for found in sign(look)], look.now)


@transaction.atomic
def _keep(found: Iterable[Found], now: datetime.datetime) -> Scanned:
    """Add what has not been said before; a sign that still waits takes the new facts of its subject."""
    by_print = {each.fingerprint: each for each in found}
    known = set(Oddity.objects.filter(fingerprint__in=by_print).values_list("fingerprint", flat=True))
    fresh = {each.subject: each for each in by_print.values() if each.fingerprint not in known}
    # The write comes first: who settles one of them meanwhile waits here, or is seen to have settled it.
    waiting = Oddity.objects.unsettled().filter(subject__in=fresh)
    waiting.update(status=F("status"))
    changed = [_filled(row, fresh.pop(row.subject), now) for row in waiting]
    Oddity.objects.bulk_update(changed, _FACTS)
    rows = [_filled(Oddity(subject=each.subject), each, now) for each in fresh.values()]
    # Two looks at once: the database keeps the first of each.
    Oddity.objects.bulk_create(rows, ignore_conflicts=True)
    prints = [row.fingerprint for row in [*changed, *rows]]
    _tie(dict(Oddity.objects.filter(fingerprint__in=prints).values_list("pk", "fingerprint")), by_print)
    return Scanned(new=len(rows), changed=len(changed))


def _filled(row: Oddity, found: Found, now: datetime.datetime) -> Oddity:
    row.kind, row.status, row.facts, row.found_at = found.kind, OddityStatus.NEW, found.facts, now
    row.fingerprint, row.period_id, row.checklist_id = found.fingerprint, found.period_id, found.checklist_id
    return row


def _tie(prints: dict[int, str], by_print: dict[str, Found]) -> None:
    """Write the units and people of the signs; those of facts that have gone stay hidden from them too."""
    units, people = Oddity.units.through, Oddity.people.through
    units.objects.bulk_create(
        [units(oddity_id=pk, unit_id=unit) for pk, said in prints.items() for unit in by_print[said].units],
        ignore_conflicts=True,
    )
    people.objects.bulk_create(
        [people(oddity_id=pk, user_id=person) for pk, said in prints.items() for person in by_print[said].people],
        ignore_conflicts=True,
    )
