"""Tell postings that were withdrawn before they counted from those that wait for a second admin."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisasi", "0002_import_draft")]

    operations = [
        migrations.RemoveConstraint(model_name="posting", name="posting_once"),
        migrations.AddField(
            model_name="posting",
            name="withdrawn_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="dicabut"),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("user", "unit", "role", "title", "starts_on"),
                name="posting_once",
                violation_error_message="Penugasan ini sudah ada.",
            ),
        ),
    ]
