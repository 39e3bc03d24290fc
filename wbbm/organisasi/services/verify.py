"""The proof of the audit trail: every seal computed again, every published head compared, every guard looked for."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max
from django.utils import timezone

from wbbm.organisasi.guards import missing_guards
from wbbm.organisasi.models import AuditEvent, AuditHead, AuditSeal

from .seals import BEFORE_THE_FIRST, FIELDS, seal_hash

# An event that waits longer than this for its seal is reported.
SEALED_WITHIN = datetime.timedelta(minutes=1)
# So much may one event be written before its neighbours in the chain: acts that take long end late.
DISORDER = datetime.timedelta(minutes=15)
_CHUNK = 5000


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: what kind, at which seal, which event."""

    kind: str
    text: str
    number: int | None = None
    event: int | None = None


@dataclass
class Proof:
    """What was found."""

    sealed: int = 0
    number: int = 0
    hash: str = BEFORE_THE_FIRST
    unsealed: int = 0
    heads: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults


def verify(*, heads: dict[int, str] | None = None, now: datetime.datetime | None = None) -> Proof:
    """Prove the trail.

    Args:
        heads: number → hash, as they stand on documents or in an inbox; compared besides those in the database.
        now: the moment against which unsealed events are held.
    """
    proof = Proof()
    published = [(f"kepala tanggal {head.day:%d-%m-%Y}", head.number, head.hash) for head in AuditHead.objects.all()]
    published += [("kepala yang Anda berikan", number, digest) for number, digest in (heads or {}).items()]
    proof.heads = len(published)
    stored: dict[int, str] = {}
    wanted = {number for _, number, _ in published}
    proof.faults += _chain(proof, wanted, stored)
    proof.faults += _heads(proof, published, stored)
    proof.faults += _unsealed(proof, now or timezone.now())
    proof.faults += [
        Fault("guard", f"Pelindung basis data {name} tidak terpasang. Jalankan manage.py migrate.")
        for name in missing_guards()
    ]
    return proof


def _chain(proof: Proof, wanted: set[int], stored: dict[int, str]) -> Iterator[Fault]:
    """Compute each seal again from the one stored before it, so that one fault doesn't hide the next."""
    newest: datetime.datetime | None = None
    for number, digest, event, values in _sealed():
        is_next = number == proof.number + 1
        for missing in range(proof.number + 1, min(number, proof.number + 100)):
            yield Fault("seal-removed", f"Segel nomor {missing} hilang.", number=missing)
        if values is None:
            yield Fault("removed", f"Catatan {event} (segel {number}) dihapus.", number=number, event=event)
        else:
            # After a gap the hash before is not known; what is missing is told above.
            if is_next and seal_hash(proof.hash, number, values) != digest:
                yield Fault("altered", f"Catatan {event} (segel {number}) diubah.", number=number, event=event)
            recorded_at = values[2]
            if newest is not None and recorded_at < newest - DISORDER:
                text = f"Catatan {event} (segel {number}) disisipkan kemudian, dengan waktu yang lebih awal."
                yield Fault("inserted", text, number=number, event=event)
            newest = recorded_at if newest is None else max(newest, recorded_at)
        proof.sealed += 1
        proof.number, proof.hash = number, digest
        if number in wanted:
            stored[number] = digest


def _sealed() -> Iterator[tuple[int, str, int, tuple[Any, ...] | None]]:
    """Yield number, hash, event id and the event's values; None in their place where the event is gone."""
    rows = AuditSeal.objects.order_by("number").values_list("number", "hash", "event_id")
    seals = rows.iterator(chunk_size=_CHUNK)
    while batch := list(itertools.islice(seals, _CHUNK)):
        found = AuditEvent.objects.filter(pk__in=[event for _, _, event in batch]).order_by()
        values = {row[0]: row for row in found.values_list(*FIELDS)}
        for number, digest, event in batch:
            yield number, digest, event, values.get(event)


def _heads(proof: Proof, published: list[tuple[str, int, str]], stored: dict[int, str]) -> Iterator[Fault]:
    for name, number, digest in published:
        if number > proof.number:
            text = f"Ekor jejak dipotong: {name} menyebut segel {number}, jejak berakhir pada {proof.number}."
            yield Fault("tail", text, number=number)
        elif stored.get(number) != digest:
            text = f"Jejak sampai segel {number} ditulis ulang: sidiknya lain daripada {name}."
            yield Fault("rewritten", text, number=number)


def _unsealed(proof: Proof, now: datetime.datetime) -> Iterator[Fault]:
    """Report what waits too long, and what was slipped in below sealed events."""
    waiting = AuditEvent.objects.unsealed()
    proof.unsealed = waiting.aggregate(count=Count("pk"))["count"]
    top = AuditSeal.objects.aggregate(top=Max("event_id"))["top"] or 0
    for event, recorded_at in waiting.values_list("pk", "recorded_at")[:100]:
        if recorded_at < now - SEALED_WITHIN:
            words = "disisipkan atau kehilangan segelnya" if event < top else "belum disegel lebih dari satu menit"
            yield Fault("unsealed", f"Catatan {event} {words}.", event=event)
