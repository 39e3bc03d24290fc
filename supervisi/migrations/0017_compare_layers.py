"""Let the layers of sheets that were handed in before comparisons were stored be compared: their roll-ups run again."""

from django.db import migrations
from django.db.models import F
from django.utils import timezone


def want_rollups(apps, schema_editor):
    rows = apps.get_model("jobs", "Job").objects.filter(kind="rollup")
    rows.update(wanted=F("wanted") + 1, available_at=timezone.now())


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0016_sample_draw"), ("jobs", "0001_initial")]

    operations = [migrations.RunPython(want_rollups, migrations.RunPython.noop)]
