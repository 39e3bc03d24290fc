"""Run the sweep by itself (systemd, or tests)."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from wbbm.jobs.sweep import sweep_forever


class Command(BaseCommand):
    """Ring again for jobs that were left behind, until told to stop."""

    help = "Membangunkan pekerjaan yang tertinggal, sampai dihentikan."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until SIGTERM or SIGINT."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sweep_forever(stop)
