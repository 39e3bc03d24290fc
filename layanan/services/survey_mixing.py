"""After its day each answer is put into the table anew, in random order and under a new number.

Until then the database itself knows in which order answers came, and which transaction used which token: the row's
place, PostgreSQL's transaction number. Afterwards only old backups and the write-ahead log do (docs/keputusan/0015).
"""

from __future__ import annotations

import datetime
import secrets
import uuid

from django.db import transaction

from layanan.models import SurveyAnswer

_AT_ONCE = 500
_random = secrets.SystemRandom()


def daily(zone: str, day: datetime.date) -> None:
    """Mix the answers of the days before."""
    mix_answers(day, zone=zone)


def mix_answers(day: datetime.date, *, zone: str) -> int:
    """Mix what came before the day at the units of the zone; return how many answers that were. Safe to do twice."""
    with transaction.atomic():
        rows = list(SurveyAnswer.objects.filter(is_mixed=False, day__lt=day, unit__time_zone=zone).order_by("pk"))
        gone = 0
        for start in range(0, len(rows), _AT_ONCE):
            some = [row.pk for row in rows[start : start + _AT_ONCE]]
            gone += SurveyAnswer.objects.filter(pk__in=some).delete()[0]
        if gone != len(rows):
            # Another worker was faster; what it put in stays.
            transaction.set_rollback(True)
            return 0
        _random.shuffle(rows)
        for row in rows:
            row.pk = uuid.uuid4()
            row.is_mixed = True
        SurveyAnswer.objects.bulk_create(rows, batch_size=_AT_ONCE)
    return len(rows)
