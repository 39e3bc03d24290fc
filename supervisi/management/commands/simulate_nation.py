"""Fill a database with a simulated country, for benches and load tests."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from supervisi.demo.nation_sheets import NationSheets, close_earlier
from supervisi.demo.nation_units import ROOT_CODE, make_nation
from supervisi.models import Period
from supervisi.services.recompute import recompute
from wbbm.organisasi.models import Unit, User


class Command(BaseCommand):
    """Make the units, people, visits, sheets and answers of a country where DEMO=1; the same for the same seed."""

    help = "Mengisi basis data dengan negara contoh untuk pengukuran. Hanya bila DEMO=1 dan tanpa data sungguhan."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the size."""
        parser.add_argument("--polda", type=int, default=36, help="banyaknya Polda (36)")
        parser.add_argument("--polres", type=int, default=500, help="banyaknya Polres (500)")
        parser.add_argument("--polsek", type=int, default=5000, help="banyaknya Polsek (5000)")
        parser.add_argument("--periods", type=int, default=2, help="banyaknya triwulan dan tahun (2)")
        parser.add_argument("--seed", type=int, default=1, help="bibit acak: bibit yang sama memberi isi yang sama")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, make, count."""
        size = {name: options[name] for name in ("polda", "polres", "polsek", "periods")}
        if min(size["polda"], size["polres"], size["periods"]) < 1 or size["polsek"] < 0:
            raise CommandError("Banyaknya Polda, Polres, dan periode paling sedikit 1; Polsek paling sedikit 0.")
        self._refuse()
        self._began = time.monotonic()
        call_command("load_instruments", verbosity=0)
        with transaction.atomic():
            today = timezone.localdate()
            nation = make_nation(**size, seed=options["seed"], today=today, say=self._say)
        sheets = NationSheets(nation)
        for number, polda in enumerate(nation.root.below, start=1):
            with transaction.atomic():
                sheets.write(polda)
            self._say(f"Polda {number} dari {size['polda']}: {sheets.sheets} lembar, {sheets.answers} jawaban")
        over = close_earlier(nation)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        self._say("menghitung nilai dan rekap")
        recompute(is_dry_run=False)
        Period.objects.filter(pk__in=[period.pk for period in over]).update(settled_at=timezone.now())
        made = f"{sheets.visits} kunjungan, {sheets.findings} temuan, {sheets.sheets} lembar, {sheets.answers} jawaban"
        self._say(f"selesai: {made}")

    def _say(self, text: str) -> None:
        self.stdout.write(f"[{time.monotonic() - self._began:5.1f} detik] {text}")
        self.stdout.flush()

    def _refuse(self) -> None:
        """Refuse where real data is, or a simulated country already.

        Raises:
            CommandError: it says what to do.
        """
        if not settings.IS_DEMO:
            raise CommandError("Negara contoh hanya dibuat bila DEMO=1.")
        if Unit.objects.filter(code=ROOT_CODE).exists():
            raise CommandError("Negara contoh sudah ada di basis data ini. Pakai basis data baru untuk yang lain.")
        has_demo = User.objects.filter(is_demo=True).exists()
        if User.objects.filter(is_demo=False).exists() or (Unit.objects.exists() and not has_demo):
            raise CommandError("Basis data ini berisi data sungguhan; negara contoh tidak dicampurkan.")
