"""A sheet's row tells by the number of saves whether it is behind: numbers of revisions may commit out of order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0003_drop_member_role_label")]

    operations = [
        migrations.RemoveField(model_name="checklistscore", name="last_revision"),
        migrations.AddField(model_name="checklistscore", name="saves", field=models.BigIntegerField(default=0)),
    ]
