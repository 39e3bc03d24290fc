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

    def get_check_kwargs(self, options: dict[str, Any]) -> dict[Any, Any]:
        """Check the database too: example data are never served as real ones."""
        return {"databases": ["default"]}

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until SIGTERM or SIGINT."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sweep_forever(stop)
