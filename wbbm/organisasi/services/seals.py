"""Sealing of the audit trail: one sealer gives each event its number and its hash, within seconds.

Events are written unchained in the transaction of their act; nothing of that waits for the sealer or for another
writer. The unsealed events themselves are the memory: the sweep looks for them every two seconds and asks
for the one job that seals, which one worker at a time holds by its lease.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Min
from django.utils import timezone

from wbbm.jobs import services as jobs
from wbbm.jobs import ticks
from wbbm.jobs.services import Claim, LeaseLost
from wbbm.organisasi.models import AuditEvent, AuditHead, AuditSeal, Posting, Role

KIND = "audit-seal"
KEY = "trail"
BEFORE_THE_FIRST = "0" * 64
# What an event is sealed with, in this order (docs/verifikasi.md).
FIELDS = (
    "pk", "at", "recorded_at", "actor_id", "posting_id", "action", "object_type", "object_id", "object_label",
    "unit_id", "changes", "reason", "address",
)  # fmt: skip
LOOK_EVERY_SECONDS = 2.0
LOOK_FAR_EVERY_SECONDS = 60.0
HEAD_EVERY_SECONDS = 60.0
_BATCH = 500
_HEADS_SHOWN = 31
_WORK_SECONDS = 3.0
_LEASE_SECONDS = 10.0
_listeners: list[Callable[[AuditHead], None]] = []
# A transaction that ends late leaves an id behind others that are sealed already; mostly it lies near.
_LOOK_BACK = 5000


@dataclass
class _FarLook:
    """When this process looks through the whole trail again."""

    due_at: float = 0.0

    def is_due(self) -> bool:
        """Tell whether a far look is due, and count this as one."""
        now = time.monotonic()
        if now < self.due_at:
            return False
        self.due_at = now + LOOK_FAR_EVERY_SECONDS
        return True


_far_look = _FarLook()


def register() -> None:
    """Register the sealer, and what the sweep does for it."""
    jobs.register(KIND, _seal_job)
    ticks.every(LOOK_EVERY_SECONDS, want_sealing)
    ticks.every(LOOK_FAR_EVERY_SECONDS, want_far_sealing)
    ticks.every(HEAD_EVERY_SECONDS, publish_head)


def seal_hash(previous: str, number: int, values: Iterable[Any]) -> str:
    """Hash an event with the seal before it (SHA-256 over previous hash, number and canonical JSON, one a line)."""
    content = [value.astimezone(datetime.UTC).isoformat() if _is_moment(value) else value for value in values]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{number}\n{text}".encode()).hexdigest()


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime.datetime)


def want_sealing() -> bool:
    """Ask for the sealer if an event waits; tell whether one does."""
    return _asked_for(_waiting())


def want_far_sealing() -> bool:
    """Ask for the sealer if any event of the whole trail waits; tell whether one does."""
    return _asked_for(AuditEvent.objects.unsealed())


def _asked_for(waiting: Any) -> bool:
    if not waiting.exists():
        return False
    jobs.request(KIND, KEY)
    return True


def _waiting() -> Any:
    """Return the events that wait near the end of the trail; the rest is looked through about once a minute."""
    last = AuditSeal.objects.aggregate(last=Max("event_id"))["last"]
    waiting = AuditEvent.objects.unsealed()
    return waiting if last is None else waiting.filter(pk__gt=last - _LOOK_BACK)


def _seal_job(claim: Claim) -> None:
    """Seal what waits, batch by batch, for as long as the lease is ours; the next look of the sweep asks again."""
    until = time.monotonic() + _WORK_SECONDS
    while time.monotonic() < until:
        if seal_batch(claim):
            continue
        if not _far_look.is_due() or not seal_batch(claim, is_far=True):
            return
        # There may be more of them.
        _far_look.due_at = 0.0


def seal_batch(claim: Claim | None = None, *, is_far: bool = False) -> int:
    """Seal the next events in one transaction, on demand from the whole trail; return how many.

    Two sealers at once would write the same number: the database lets only one of them.

    Raises:
        LeaseLost: another worker seals now.
    """
    with transaction.atomic():
        if claim is not None and not claim.renew(_LEASE_SECONDS):
            raise LeaseLost(KIND)
        last = AuditSeal.objects.order_by("-number").values_list("number", "hash").first()
        number, previous = last or (0, BEFORE_THE_FIRST)
        seals = []
        waiting = AuditEvent.objects.unsealed() if is_far else _waiting()
        for values in waiting.values_list(*FIELDS)[:_BATCH]:
            number += 1
            previous = seal_hash(previous, number, values)
            seals.append(AuditSeal(number=number, event_id=values[0], hash=previous))
        AuditSeal.objects.bulk_create(seals)
    return len(seals)


def seal_all() -> int:
    """Seal everything that waits, in this process and however far behind; return how many."""
    count = 0
    while done := seal_batch() or seal_batch(is_far=True):
        count += done
    return count


# --- the day's head -----------------------------------------------------------------------------------------


def publish_head(now: datetime.datetime | None = None) -> AuditHead | None:
    """Keep the last seal as the head of this day, once a day; None where nothing is sealed yet."""
    day = timezone.localdate(now)
    known = AuditHead.objects.filter(day=day).first()
    if known is not None:
        return known
    last = AuditSeal.objects.order_by("-number").first()
    if last is None:
        return None
    try:
        with transaction.atomic():
            head = AuditHead.objects.create(day=day, number=last.number, hash=last.hash)
            for tell in _listeners:
                tell(head)
            return head
    except IntegrityError:
        # Another host was faster.
        return AuditHead.objects.get(day=day)


def on_head(tell: Callable[[AuditHead], None]) -> None:
    """Let an app above tell people of a new head, within its transaction; called in ready()."""
    _listeners.append(tell)


def offices_told_of_heads() -> list[Posting]:
    """Return the running postings of the two offices that keep the heads: the highest commander and auditor."""
    offices: list[Posting] = []
    for role in (Role.COMMANDER, Role.AUDITOR):
        held = Posting.objects.running().filter(role=role)
        top = held.aggregate(depth=Min("unit__depth"))["depth"]
        offices += held.filter(unit__depth=top).select_related("user", "unit").order_by("unit__path", "pk")
    return offices


def latest_head() -> AuditHead | None:
    """Return the newest head: what documents print."""
    return AuditHead.objects.order_by("-day").first()


# --- what the page shows --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SealPage:
    """The last seal, how many events wait, and the newest heads."""

    last: AuditSeal | None
    waiting: int
    heads: tuple[AuditHead, ...]


def read_seals() -> SealPage:
    """Read the state of the chain; three queries."""
    return SealPage(
        last=AuditSeal.objects.order_by("-number").first(),
        waiting=_waiting().count(),
        heads=tuple(AuditHead.objects.all()[:_HEADS_SHOWN]),
    )
