"""New versions of instruments: drafts, their effect, and from which day a version holds."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisasi", "0007_unit_changes"),
        ("supervisi", "0028_oddities"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="instrument",
            name="starts_on",
            field=models.DateField(null=True, verbose_name="berlaku sejak"),
        ),
        migrations.CreateModel(
            name="InstrumentDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.SlugField(max_length=40, verbose_name="kode")),
                ("version", models.CharField(max_length=40, verbose_name="versi")),
                ("name", models.CharField(max_length=200, verbose_name="nama")),
                ("file_name", models.CharField(max_length=120)),
                ("file_size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("source", models.TextField(verbose_name="isi berkas")),
                ("definition", models.JSONField()),
                ("crosswalk", models.JSONField(verbose_name="padanan")),
                ("crosswalk_version", models.PositiveIntegerField(default=1)),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Rancangan"), ("published", "Terbit")], default="draft", max_length=10
                    ),
                ),
                ("uploaded_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_at", models.DateTimeField(null=True)),
                (
                    "base",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="successors",
                        to="supervisi.instrument",
                        verbose_name="versi lama",
                    ),
                ),
                (
                    "instrument",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="draft",
                        to="supervisi.instrument",
                    ),
                ),
                (
                    "posting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisasi.posting"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisasi.unit",
                        verbose_name="satuan puncak",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "rancangan versi instrumen",
                "verbose_name_plural": "rancangan versi instrumen",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="InstrumentEffect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("requested", "Menunggu giliran"),
                            ("working", "Sedang dihitung"),
                            ("ready", "Selesai dihitung"),
                            ("failed", "Gagal dihitung"),
                        ],
                        default="requested",
                        max_length=10,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("fault", models.TextField(blank=True)),
                ("crosswalk_version", models.PositiveIntegerField(default=0)),
                ("basis", models.CharField(blank=True, max_length=64)),
                ("summary", models.JSONField(default=dict)),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("computed_at", models.DateTimeField(null=True)),
                (
                    "draft",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="effect",
                        to="supervisi.instrumentdraft",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "dampak versi instrumen",
                "verbose_name_plural": "dampak versi instrumen",
            },
        ),
        migrations.CreateModel(
            name="EffectLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "layer",
                    models.CharField(
                        choices=[("self", "Penilaian mandiri"), ("supervision", "Supervisi"), ("tpi", "TPI")],
                        max_length=12,
                    ),
                ),
                (
                    "outcome",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Kehilangan predikat"),
                            (1, "Mendapat predikat"),
                            (2, "Belum dapat dipastikan"),
                            (3, "Tetap"),
                        ]
                    ),
                ),
                ("before", models.BigIntegerField()),
                ("provisional", models.BigIntegerField()),
                ("complete", models.BigIntegerField()),
                ("unanswered", models.PositiveIntegerField()),
                ("verdicts", models.JSONField()),
                (
                    "checklist",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="supervisi.checklist"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="organisasi.unit"
                    ),
                ),
                (
                    "effect",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="supervisi.instrumenteffect",
                    ),
                ),
            ],
            options={
                "verbose_name": "dampak pada satuan",
                "verbose_name_plural": "dampak pada satuan",
                "ordering": ["outcome", "unit__path"],
            },
        ),
        migrations.AddConstraint(
            model_name="instrumentdraft",
            constraint=models.UniqueConstraint(fields=("code", "version"), name="instrument_draft_once"),
        ),
        migrations.AddConstraint(
            model_name="instrumentdraft",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("instrument__isnull", True), ("published_at__isnull", True), ("status", "draft")),
                    models.Q(("instrument__isnull", False), ("published_at__isnull", False), ("status", "published")),
                    _connector="OR",
                ),
                name="instrument_draft_published",
            ),
        ),
        migrations.AddIndex(
            model_name="effectline",
            index=models.Index(fields=["effect", "outcome"], name="effect_line_outcome"),
        ),
        migrations.AddConstraint(
            model_name="effectline",
            constraint=models.UniqueConstraint(fields=("effect", "unit"), name="effect_line_once"),
        ),
    ]
