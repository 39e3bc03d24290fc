"""Personal data of SIMBA: deleted a set time after the session; its counters stay."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from layanan.models import PracticeSession, Registration
from layanan.models.simba import PracticeSessionQuerySet
from wbbm.organisasi.services.audit import record

KEEP_DAYS = 90
_AT_ONCE = 200


def old_sessions(now: datetime.datetime) -> PracticeSessionQuerySet:
    """Return the sessions whose names have been kept long enough."""
    return PracticeSession.objects.ended_before(now - datetime.timedelta(days=KEEP_DAYS)).with_people()


def empty_old_sessions(now: datetime.datetime | None = None) -> int:
    """Delete name, phone and code of everybody at sessions that ended KEEP_DAYS ago; return how many sessions.

    Safe to do twice: a session that knows no names any more is left alone.
    """
    now = now or timezone.now()
    over = old_sessions(now)
    emptied = 0
    for session in over.select_related("unit").order_by("pk")[:_AT_ONCE]:
        with transaction.atomic():
            if PracticeSession.objects.with_people().filter(pk=session.pk).update(emptied_at=now):
                Registration.objects.filter(session=session).update(name="", phone="", code_hash=None, person_mark=None)
                record("simba.emptied", by=None, about=session, unit=session.unit)
                emptied += 1
    return emptied
