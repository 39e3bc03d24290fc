"""Look for what seems odd now; the sweep does it every night by itself."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from supervisi.services.oddity_scan import scan


class Command(BaseCommand):
    """Find signs; what is known already is not written twice."""

    help = "Mencari yang janggal sekarang juga. Pengawas melakukannya sendiri setiap malam."

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and report."""
        found = scan()
        self.stdout.write(f"{found.new} tanda baru, {found.changed} tanda yang menunggu diperbarui.")
