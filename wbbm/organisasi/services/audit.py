"""Recording of acts. The only place that writes AuditEvent rows."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.utils import timezone

from wbbm.organisasi.models import AuditEvent, Posting, Unit, User


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
        changes: field → [old, new], JSON values.
        reason: the author's words, where the step asks for them.
        address: client address, for sign-in events.
        at: when it happened, for history that is taken over; otherwise now.
    """
    return AuditEvent.objects.create(
        actor=by,
        posting=posting,
        action=action,
        object_type=about._meta.label_lower if about is not None else "",
        object_id=str(about.pk) if about is not None else "",
        object_label=str(about)[:200] if about is not None else "",
        unit=unit,
        changes=changes or {},
        reason=reason,
        address=address,
        at=at or timezone.now(),
    )
