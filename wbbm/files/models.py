"""Stored files, by the SHA-256 of what is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class StoredFile(models.Model):
    """One upload as it is kept: re-encoded, without metadata, served only after a permission check."""

    kind = models.CharField("jenis", max_length=20, help_text="Siapa yang boleh membaca diputuskan per jenis.")
    name = models.CharField("nama berkas", max_length=200)
    content_type = models.CharField("tipe", max_length=100)
    size = models.PositiveIntegerField("ukuran", help_text="Bita, sesudah disimpan.")
    sha256 = models.CharField(max_length=64, db_index=True, help_text="Yang disimpan (pembuktian).")
    original_sha256 = models.CharField(max_length=64, db_index=True, help_text="Yang diterima (pengenal ganda).")
    path = models.CharField(max_length=200)
    thumbnail_path = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    taken_at = models.DateTimeField("waktu kamera", null=True, help_text="Klaim kamera, bukan bukti waktu.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField("diterima", default=timezone.now)

    class Meta:
        verbose_name = "berkas"
        verbose_name_plural = "berkas"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Tell whether the file is a picture with a thumbnail."""
        return self.content_type.startswith("image/")
