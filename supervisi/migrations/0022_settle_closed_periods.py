"""Let the periods that are closed already be counted once more and frozen."""

from django.db import migrations


def want_settling(apps, schema_editor):
    job_model = apps.get_model("jobs", "Job")
    closed = apps.get_model("supervisi", "Period").objects.filter(closed_at__isnull=False)
    job_model.objects.bulk_create(
        job_model(kind="settle-period", key=str(pk), queue="berat", wanted=1)
        for pk in closed.order_by("pk").values_list("pk", flat=True)
    )


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0021_closed_periods"), ("jobs", "0001_initial")]

    operations = [migrations.RunPython(want_settling, migrations.RunPython.noop)]
