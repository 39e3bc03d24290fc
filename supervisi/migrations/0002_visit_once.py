"""A unit is visited once by one warrant on one day, unless that visit was cancelled."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="visit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "cancelled"), _negated=True),
                fields=("unit", "sprin_number", "starts_on"),
                name="visit_once",
            ),
        ),
    ]
