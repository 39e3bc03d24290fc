"""People of a team are shown by their office; the label of their own was never filled."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("supervisi", "0002_visit_once")]

    operations = [migrations.RemoveField(model_name="visitmember", name="role_label")]
