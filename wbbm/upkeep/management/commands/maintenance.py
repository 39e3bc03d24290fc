"""Say that the portal is being updated, or that it is back."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from wbbm import maintenance
from wbbm.jobs.models import Queue
from wbbm.jobs.services import drain


class Command(BaseCommand):
    """Turn the page on, off, or say how it stands; the workers of `serve` rest while it is on."""

    help = "Halaman pemeliharaan: on, off, atau status. Selama on tidak ada permintaan yang menyentuh basis data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Know what to do."""
        parser.add_argument("what", choices=["on", "off", "status"])
        parser.add_argument("--settle", type=float, default=3.0, help="detik menunggu permintaan yang sedang berjalan")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Turned on, what requests left to be counted is counted, so that scores can be checked afterwards."""
        if options["what"] == "on":
            maintenance.turn_on()
            time.sleep(options["settle"])
            drain(queue=Queue.FAST)
        elif options["what"] == "off":
            maintenance.turn_off()
        self.stdout.write("sedang diperbarui" if maintenance.is_on() else "terbuka")
