"""Load the instrument files that ship."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supervisi.instrument_files import available_codes
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.services.instruments import InstrumentChanged, load_instrument


class Command(BaseCommand):
    """Load every file once; refuse a changed file under an old version."""

    help = "Memuat berkas instrumen. Boleh dijalankan berulang kali."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and report; a wrong file doesn't keep the others out."""
        refused: list[str] = []
        for code in available_codes():
            try:
                instrument, is_new = load_instrument(code)
            except InstrumentFaults as fault:
                refused += [f"{fault.name}: {place}: {text}" for place, text in fault.faults]
            except InstrumentChanged as fault:
                refused.append(fault.message)
            else:
                if options["verbosity"] > 0:
                    state = "dimuat" if is_new else "sudah ada"
                    self.stdout.write(f"{instrument}: {state}, {instrument.items.count()} butir")
        if refused:
            raise CommandError("\n".join(refused))
