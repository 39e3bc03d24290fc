"""How long things are kept: every floor registers its rules in ready(), the purge does them each night.

What the table in docs/operasi.md says is what these rules do (tests/upkeep/test_retention.py holds them together). What
no rule names stays: the trail, sheets and their evidence.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from wbbm.jobs.models import Job
from wbbm.organisasi.models import AuditEvent
from wbbm.organisasi.services.audit import record

from .backups.warning import warn_admins

log = logging.getLogger(__name__)

BATCH = 200
ACTION = "retention.purged"
KIND = "retention"
# So many days without a night are either a portal that was off for long, or a clock that is wrong.
_LATELY = 29
_WAITS = (
    "Penghapusan malam ini ditunda sehari: portal lama tidak berjalan, atau jam mesinnya salah. Periksa tanggal mesin; "
    "malam berikutnya yang lewat masa simpannya dihapus."
)


@dataclass(frozen=True)
class Rule:
    """One rule: what goes, after how long, what stays of it; how much is due, and how a batch of it goes.

    `purge` takes away at most a batch, in a transaction of its own, and returns how much that was; 0 where nothing is
    left. It must be safe to do twice, and at the same time as another.
    """

    key: str
    what: str
    keeps: str
    stays: str
    due: Callable[[datetime.datetime], int]
    purge: Callable[[datetime.datetime], int]


@dataclass(frozen=True)
class Outcome:
    """What a run did by one rule, or would have done."""

    rule: Rule
    count: int
    fault: str = ""


_rules: dict[str, Rule] = {}


def register_rule(rule: Rule) -> None:
    """Let the purge follow a rule; called in an app's ready()."""
    _rules[rule.key] = rule


def rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which the floors registered them."""
    return tuple(_rules.values())


Rows = Callable[[datetime.datetime], Sequence[QuerySet]]


def register_rows(key: str, *, what: str, keeps: str, stays: str, rows: Rows) -> None:
    """Register a rule that deletes rows; `rows(now)` names those that are due, table by table."""
    register_rule(Rule(key, what, keeps, stays, due=partial(_count, rows), purge=partial(_delete_some, rows)))


def _count(rows: Rows, now: datetime.datetime) -> int:
    return sum(found.count() for found in rows(now))


def _delete_some(rows: Rows, now: datetime.datetime) -> int:
    for found in rows(now):
        some = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if some:
            with transaction.atomic():
                # The condition once more: what was renewed meanwhile stays.
                gone = found.order_by().filter(pk__in=some).delete()[1].get(found.model._meta.label, 0)
            if gone:
                return gone
    return 0


# --- a run ---------------------------------------------------------------------------------------------


def look(now: datetime.datetime | None = None) -> list[Outcome]:
    """Tell what a run would do; change nothing."""
    now = now or timezone.now()
    return [Outcome(rule, rule.due(now)) for rule in rules()]


def purge(now: datetime.datetime | None = None, *, only: Iterable[Rule] | None = None) -> list[Outcome]:
    """Follow the rules; each that did something leaves one event with its count. A rule that fails stops no other."""
    now = now or timezone.now()
    outcomes = [_follow(rule, now) for rule in (rules() if only is None else only)]
    if any(outcome.count for outcome in outcomes):
        _forget_pages()
    return outcomes


def _follow(rule: Rule, now: datetime.datetime) -> Outcome:
    count, fault = 0, ""
    try:
        while gone := rule.purge(now):
            count += gone
    except Exception as trouble:
        log.exception("retention rule failed: %s", rule.key)
        fault = type(trouble).__name__
    if count:
        # No unit: nobody reads from the trail how much there was at one.
        record(ACTION, by=None, changes={"rule": [None, rule.key], "count": [None, count]})
    return Outcome(rule, count, fault)


def _forget_pages() -> None:
    """Let SQLite's log go, which holds older pages; the file itself is overwritten with zeros (secure_delete)."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class PurgeIncomplete(Exception):
    """Some rule failed; the job is tried again."""


def nightly(zone: str, day: datetime.date) -> None:
    """Purge once a night; not in the first night for long: a clock that jumped ahead must not delete for ever.

    Raises:
        PurgeIncomplete: some rule failed, after all others were followed.
    """
    if not _ran_lately(zone, day):
        log.warning("retention postponed: %s", day)
        if AuditEvent.objects.filter(action=ACTION).exists():
            # No new portal.
            warn_admins("purge-waits", _WAITS)
        return
    failed = [outcome.rule.key for outcome in purge() if outcome.fault]
    if failed:
        raise PurgeIncomplete(", ".join(failed))


def _ran_lately(zone: str, day: datetime.date) -> bool:
    """Tell whether there was a night not long before this one."""
    before = [f"{zone} {day - datetime.timedelta(days=ago)}" for ago in range(1, _LATELY + 1)]
    return Job.objects.filter(kind=KIND, key__in=before).exists()
