"""Let the units have what was found on visits that were cancelled before cancelling handed it over."""

from django.db import migrations


def want_handing_over(apps, schema_editor):
    job_model = apps.get_model("jobs", "Job")
    hidden = apps.get_model("supervisi", "Finding").objects.filter(
        handed_over_at__isnull=True, visit__status="cancelled"
    )
    job_model.objects.bulk_create(
        job_model(kind="hand-over-cancelled", key=str(pk), queue="cepat", wanted=1)
        for pk in hidden.order_by("visit_id").values_list("visit_id", flat=True).distinct()
    )


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0025_workbook_import"), ("jobs", "0001_initial")]

    operations = [migrations.RunPython(want_handing_over, migrations.RunPython.noop)]
