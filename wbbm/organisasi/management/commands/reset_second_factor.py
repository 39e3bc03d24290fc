"""A lost phone where there is no second admin, answered by whoever runs the server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wbbm.errors import DomainError
from wbbm.organisasi.auth import find_user
from wbbm.organisasi.services.factor_resets import reset_by_server


class Command(BaseCommand):
    """Take a person's second factor away; it is in the audit trail, and the person is told."""

    help = "Mereset faktor kedua seseorang bila tidak ada dua admin yang dapat melakukannya; tercatat di jejak audit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the person and the reason."""
        parser.add_argument("--username", required=True, help="nama pengguna atau NRP")
        parser.add_argument("--reason", required=True, help="apa yang terjadi, dan bagaimana orangnya dikenali")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reset and say what comes next."""
        person = find_user(options["username"])
        if person is None:
            raise CommandError(f"Tidak ada orang dengan nama pengguna atau NRP {options['username']}.")
        try:
            reset_by_server(person=person, reason=options["reason"])
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"Faktor kedua {person.username} direset; semua sesinya berakhir.")
        self.stdout.write("Ia masuk dengan kata sandinya sendiri dan memasang faktor kedua yang baru.")
