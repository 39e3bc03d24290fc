"""Compute all scores anew from the answers."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from supervisi.services.recompute import recompute


class Command(BaseCommand):
    """Recompute every sheet and unit; list what differed."""

    help = "Menghitung ulang semua nilai dari jawaban. --dry-run hanya melaporkan selisih."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the trial run."""
        parser.add_argument("--dry-run", action="store_true", help="laporkan selisih tanpa menyimpan")

    def handle(self, *args: Any, **options: Any) -> None:
        """Recompute and report."""
        found = recompute(is_dry_run=options["dry_run"])
        for difference in found:
            self.stdout.write(str(difference))
        if not found:
            self.stdout.write("Tidak ada selisih.")
            return
        verb = "ditemukan, tidak ada yang disimpan" if options["dry_run"] else "ditemukan dan dihitung ulang"
        self.stdout.write(f"{len(found)} selisih {verb}.")
        if any(difference.is_frozen for difference in found):
            self.stdout.write("Nilai lembar final tidak diubah; periksa lembar itu.")
