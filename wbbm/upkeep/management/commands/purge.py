"""Delete what has been kept long enough."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wbbm.upkeep.retention import look, purge


class Command(BaseCommand):
    """Follow the rules of retention now; the nightly job does the same."""

    help = "Menghapus yang sudah lewat masa simpannya (docs/operasi.md); --dry-run hanya menghitung."

    def add_arguments(self, parser: CommandParser) -> None:
        """Know --dry-run."""
        parser.add_argument("--dry-run", action="store_true", help="hitung saja, jangan hapus apa pun")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and say how much went by which rule."""
        is_dry = options["dry_run"]
        outcomes = look() if is_dry else purge()
        for outcome in outcomes:
            if outcome.count or outcome.fault:
                fault = f" (gagal: {outcome.fault})" if outcome.fault else ""
                self.stdout.write(f"{outcome.rule.key}: {outcome.count}{fault}")
        if not any(outcome.count for outcome in outcomes):
            self.stdout.write("Tidak ada yang lewat masa simpannya.")
        elif is_dry:
            self.stdout.write("Belum ada yang dihapus (--dry-run).")
        failed = [outcome.rule.key for outcome in outcomes if outcome.fault]
        if failed:
            raise CommandError(f"Belum selesai: {', '.join(failed)}. Lihat catatan, lalu jalankan lagi.")
