"""Give findings that were recorded before their follow-up came the beginning of a history."""

import datetime

from django.db import migrations

_DUE_DAYS = {"severe": 7, "moderate": 14, "minor": 30}


def begin_histories(apps, schema_editor):
    finding_model = apps.get_model("supervisi", "Finding")
    event_model = apps.get_model("supervisi", "FindingEvent")
    for finding in finding_model.objects.filter(events__isnull=True).iterator(chunk_size=500):
        facts = {"finding": finding, "by_id": finding.created_by_id, "visit_id": finding.visit_id}
        event_model.objects.create(kind="recorded", text=finding.observation, at=finding.created_at, **facts)
        finding.due_days = _DUE_DAYS.get(finding.severity, 14)
        if finding.handed_over_at is not None:
            event_model.objects.create(kind="handed_over", at=finding.handed_over_at, **facts)
            finding.due_on = finding.due_on or _weekdays_after(finding.handed_over_at.date(), finding.due_days)
        finding.save(update_fields=["due_days", "due_on"])


def _weekdays_after(day, count):
    while count:
        day += datetime.timedelta(days=1)
        count -= day.weekday() < 5
    return day


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0006_finding_follow_up")]

    operations = [migrations.RunPython(begin_histories, migrations.RunPython.noop)]
