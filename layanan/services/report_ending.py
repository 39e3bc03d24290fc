"""Reports that ended long ago: deleted as a whole, with every message, photo and recipient.

No count needs them any more: figures are of one year, and those that were released stand by themselves.
"""

from __future__ import annotations

import datetime

from django.db import transaction

from layanan.models.reports import ENDED, Report, ReportQuerySet
from wbbm.organisasi.access import zone_day
from wbbm.organisasi.models import TimeZone

KEEP_DAYS = 730
_AT_ONCE = 50


def old_reports(now: datetime.datetime) -> ReportQuerySet:
    """Return the reports that ended more than KEEP_DAYS ago, by the latest day that it still is anywhere."""
    today = min(zone_day(zone, now) for zone in TimeZone.values)
    return Report.objects.filter(status__in=ENDED, status_on__lt=today - datetime.timedelta(days=KEEP_DAYS))


def delete_old_reports(now: datetime.datetime) -> int:
    """Delete some of them; return how many. Nothing is recorded here: the purge notes a number, of no unit."""
    some = list(old_reports(now).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    with transaction.atomic():
        return old_reports(now).filter(pk__in=some).delete()[1].get(Report._meta.label, 0)
