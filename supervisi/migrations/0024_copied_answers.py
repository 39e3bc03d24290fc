"""Answers copied from an earlier sheet wait to be reviewed; the history tells from which sheet."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisasi", "0006_audit_seals"),
        ("supervisi", "0023_finding_passed_on"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="answer",
            name="needs_review",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="answerrevision",
            name="copied_from",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="supervisi.checklist"
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(("needs_review", False), ("is_answered", False), _connector="OR"),
                name="answer_review_is_unanswered",
            ),
        ),
    ]
