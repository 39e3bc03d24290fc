"""Load the national tariffs and the standards of services that ship."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from layanan.services.catalogue_files import TariffChanged, load_catalogue


class Command(BaseCommand):
    """Load both files; refuse a changed amount of a tariff that is loaded."""

    help = "Memuat tarif nasional dan standar pelayanan bawaan. Boleh dijalankan berulang kali."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and report."""
        try:
            loaded = load_catalogue()
        except TariffChanged as fault:
            raise CommandError(fault.message) from fault
        if options["verbosity"] > 0:
            self.stdout.write(f"Standar baru atau berubah: {loaded.templates}; tarif: {loaded.tariffs}")
