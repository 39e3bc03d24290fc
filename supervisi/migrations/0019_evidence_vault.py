"""Evidence becomes a document with revisions: rows of one unit and number; the newest is the current one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("files", "0001_initial"),
        ("organisasi", "0006_audit_seals"),
        ("supervisi", "0018_plan_entry"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="evidence",
            name="evidence_number_once",
        ),
        migrations.AddField(
            model_name="evidence",
            name="dated_on",
            field=models.DateField(blank=True, null=True, verbose_name="tanggal surat"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="document_number",
            field=models.CharField(blank=True, max_length=100, verbose_name="nomor surat"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="is_current",
            field=models.BooleanField(default=True, verbose_name="revisi terbaru"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="is_own",
            field=models.BooleanField(default=True, verbose_name="disimpan satuan sendiri"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="is_shared",
            field=models.BooleanField(default=False, verbose_name="berlaku untuk satuan di bawah"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="posting",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisasi.posting"
            ),
        ),
        migrations.AddField(
            model_name="evidence",
            name="revision",
            field=models.PositiveSmallIntegerField(default=1, verbose_name="revisi"),
        ),
        migrations.AddField(
            model_name="evidence",
            name="search_text",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name="evidence",
            name="tags",
            field=models.CharField(blank=True, max_length=200, verbose_name="penanda"),
        ),
        migrations.AddIndex(
            model_name="evidence",
            index=models.Index(
                condition=models.Q(("is_current", True)), fields=["unit", "-id"], name="evidence_of_unit"
            ),
        ),
        migrations.AddIndex(
            model_name="evidence",
            index=models.Index(
                condition=models.Q(("is_current", True)), fields=["valid_until"], name="evidence_expiring"
            ),
        ),
        migrations.AddIndex(
            model_name="evidence",
            index=models.Index(condition=models.Q(("is_shared", True)), fields=["unit"], name="evidence_shared"),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(fields=("unit", "number", "revision"), name="evidence_revision_once"),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_current", True)), fields=("unit", "number"), name="evidence_current_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_shared", False), ("is_own", True), _connector="OR"),
                name="evidence_shared_is_own",
            ),
        ),
    ]
