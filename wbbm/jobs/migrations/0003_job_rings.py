from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_dead_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="rings",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
