"""First start of a deployment: the root unit, its admin, and a link to set the password."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from wbbm.errors import DomainError
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, UnitKind
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.links import make_access_link
from wbbm.organisasi.services.people import create_person
from wbbm.organisasi.services.units import create_root_unit


class Command(BaseCommand):
    """Make the root unit and the first admin; refuses once an admin exists."""

    help = "Membuat satuan puncak dan admin pertama, lalu mencetak tautan untuk membuat kata sandi."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the facts of unit and person."""
        parser.add_argument("--unit-code", required=True, help="kode satuan, misalnya polres-tuban")
        parser.add_argument("--unit-name", required=True, help='nama satuan, misalnya "Polres Tuban"')
        parser.add_argument("--kind", required=True, choices=[kind for kind in UnitKind.values if kind != "satfung"])
        parser.add_argument("--username", required=True, help="nama pengguna admin")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them in one transaction and print the link."""
        if Posting.objects.filter(role=Role.ADMIN).exists():
            raise CommandError("Admin sudah ada. Admin baru ditambahkan lewat halaman Administrasi.")
        try:
            with transaction.atomic():
                link = self._make(options)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"Admin {options['username']} dibuat. Buka tautan ini dalam 72 jam untuk membuat kata sandi:")
        self.stdout.write(link)

    def _make(self, options: dict[str, Any]) -> str:
        unit = create_root_unit(code=options["unit_code"], name=options["unit_name"], kind=options["kind"])
        name = f"Admin {options['unit_name']}"[:120]
        user = create_person(by=None, unit=unit, username=options["username"], name=name)
        posting = Posting.objects.create(
            user=user,
            unit=unit,
            role=Role.ADMIN,
            title="Admin",
            starts_on=local_day(unit),
            approved_at=timezone.now(),
        )
        record("posting.added", by=None, about=posting, unit=unit)
        return make_access_link(user=user, by=None)
