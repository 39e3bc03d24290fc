"""Send the daily mails that are due now (the sweep does it by itself)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from wbbm.jobs.clock import Window
from wbbm.notices import digests
from wbbm.notices.models import DigestState
from wbbm.organisasi.access import zone_day
from wbbm.organisasi.models import TimeZone


class Command(BaseCommand):
    """Send to each zone whose window is open; whoever had his mail of the day gets no second one."""

    help = "Mengirim surel harian yang jatuh tempo sekarang; siapa yang sudah menerima tidak dikirimi lagi."

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and say how many rows came to which state."""
        now = timezone.now()
        window = Window(digests.BEGINS, digests.ENDS, tuple(TimeZone.values))
        found: Counter[str] = Counter()
        for zone in TimeZone.values:
            day = zone_day(zone, now)
            if window.holds(zone, day, now):
                found += digests.send_digests(zone, day)
        said = [f"{DigestState(state).label.lower()} {count}" for state, count in sorted(found.items())]
        self.stdout.write("Surel harian: " + (", ".join(said) or "tidak ada yang perlu dikirim"))
