"""Recording of acts. The only place that writes AuditEvent rows."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from wbbm.organisasi.models import AuditEvent, Posting, Unit, User

HASHED = "hmac:"
# Facts about people by kind of object: their values are kept as keyed hashes, so that the trail tells that and when
# something changed, and whether two values were the same, and can stay when a person's data must go.
_personal: dict[str, frozenset[str]] = {
    "organisasi.user": frozenset({"username", "name", "nrp", "email"}),
    "organisasi.posting": frozenset({"user"}),
}


def register_personal(label: str, *fields: str) -> None:
    """Let an app above say which of the changes of its objects are about people; called in ready()."""
    _personal[label] = _personal.get(label, frozenset()) | set(fields)


def hashed(value: Any) -> Any:
    """Return the keyed hash of a personal value; nothing stays nothing."""
    if value in (None, "", []):
        return value
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return HASHED + salted_hmac("wbbm.audit.personal", text, algorithm="sha256").hexdigest()


def _storable(label: str, changes: dict[str, Any]) -> dict[str, Any]:
    personal = _personal.get(label, frozenset())
    return {
        name: [hashed(value) for value in values] if name in personal else values for name, values in changes.items()
    }


def _name(about: models.Model | None) -> str:
    """Return what the trail calls an object; a person only by his number, for his name is his own."""
    return "" if about is None or isinstance(about, User) else str(about)[:200]


def record_own(action: str, person: User, *, address: str | None = None) -> AuditEvent:
    """Add an event about the person's own account, at the unit where he serves."""
    posting = main_posting(person)
    unit = posting.unit if posting is not None else None
    return record(action, by=person, posting=posting, about=person, unit=unit, address=address)


def main_posting(person: User) -> Posting | None:
    """Return the person's first running posting: the unit that may read about his account."""
    return next(iter(person.scope.postings), None)


def record(
    action: str,
    *,
    by: User | None,
    about: models.Model | None = None,
    unit: Unit | None = None,
    posting: Posting | None = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    address: str | None = None,
    at: datetime.datetime | None = None,
) -> AuditEvent:
    """Add one event to the trail.

    Args:
        action: slug of the act, e.g. ``checklist.submitted``.
        by: the person who acts; None for the system and for failed sign-ins.
        about: the object acted upon.
        unit: the unit to which the event belongs (decides who may read it).
        posting: the posting by which the person acts.
        changes: field → [old, new], JSON values; those of personal fields are kept as keyed hashes.
        reason: the author's words, where the step asks for them.
        address: client address, for sign-in events.
        at: when it happened, for history that is taken over; otherwise now.
    """
    label = about._meta.label_lower if about is not None else ""
    return AuditEvent.objects.create(
        actor=by,
        posting=posting,
        action=action,
        object_type=label,
        object_id=str(about.pk) if about is not None else "",
        object_label=_name(about),
        unit=unit,
        changes=_storable(label, changes or {}),
        reason=reason,
        address=address,
        at=at or timezone.now(),
    )
