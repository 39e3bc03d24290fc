"""Fill an empty installation with the demo district, once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from layanan.demo import Place, add_public_side
from supervisi.demo.acts import record_acts
from supervisi.demo.copies import add_copy
from supervisi.demo.district import make_district
from supervisi.demo.documents import add_documents
from supervisi.demo.evidence import add_evidence, add_vault
from supervisi.demo.findings import add_findings, add_holidays
from supervisi.demo.notices import tell_of_findings, tell_of_waiting_postings
from supervisi.demo.oddities import add_oddities
from supervisi.demo.plans import add_plans
from supervisi.demo.replies import add_replies
from supervisi.demo.sheets import make_periods, make_sheets, settle_periods
from supervisi.demo.suggestions import add_suggestions
from supervisi.demo.versions import add_version
from supervisi.services.recompute import recompute
from wbbm.organisasi.models import Unit, User
from wbbm.organisasi.services.seals import publish_head, seal_all


class Command(BaseCommand):
    """Make the demo district where DEMO=1; a second run does nothing."""

    help = "Mengisi data contoh Polres Tuban. Hanya bila DEMO=1, dan hanya sekali."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seed once."""
        if not settings.IS_DEMO:
            raise CommandError("Data contoh hanya dibuat bila DEMO=1.")
        if User.objects.filter(is_demo=True).exists():
            return
        if Unit.objects.exists():
            raise CommandError("Basis data sudah berisi satuan sungguhan; data contoh tidak dicampurkan.")
        self.stdout.write("Membuat data contoh Polres Tuban ...")
        with transaction.atomic():
            district = make_district(timezone.localdate())
            periods = make_periods(district)
            make_sheets(district, periods)
            add_holidays(district)
            add_findings(district)
            record_acts(district, (periods.quarter, periods.year))
            tell_of_findings(district)
            tell_of_waiting_postings()
            add_replies(district)
            add_plans(district)
            add_evidence(district)
            add_vault(district)
            add_copy(district, periods)
            recompute(is_dry_run=False)
            settle_periods()
            add_oddities(district, periods)
            add_version(district)
            add_documents(district)
            add_public_side(Place(district.polres, district.stations, district.people, district.today))
            add_suggestions(district)
            seal_all()
            publish_head()
