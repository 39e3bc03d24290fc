"""Evidence that was taken away from an answer keeps its row: a late repeat of the upload doesn't bring it back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisasi", "0001_initial"),
        ("supervisi", "0004_score_counts_saves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="answerevidence",
            name="answer_evidence_once",
        ),
        migrations.AddField(
            model_name="answerevidence",
            name="detached_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="answerevidence",
            name="detached_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="answerevidence",
            name="posting",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisasi.posting"
            ),
        ),
        migrations.AddField(
            model_name="answerevidence",
            name="detached_posting",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisasi.posting"
            ),
        ),
        migrations.AddConstraint(
            model_name="answerevidence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("detached_at__isnull", True)),
                fields=("answer", "evidence"),
                name="answer_evidence_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="answerevidence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("detached_at__isnull", True), ("detached_by__isnull", True)),
                    models.Q(("detached_at__isnull", False), ("detached_by__isnull", False)),
                    _connector="OR",
                ),
                name="answer_evidence_detached_by",
            ),
        ),
    ]
