"""A one-time link for whoever lost the way in, made by whoever runs the server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from wbbm.errors import DomainError
from wbbm.organisasi.auth import find_user
from wbbm.organisasi.services.links import make_access_link


class Command(BaseCommand):
    """Print a new link for a person; older ones end. It gives no right, only the way to an own password."""

    help = "Mencetak tautan sekali pakai untuk membuat kata sandi, misalnya bila tautan admin pertama terlewat 72 jam."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the person."""
        parser.add_argument("--username", required=True, help="nama pengguna atau NRP")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the link and print it."""
        person = find_user(options["username"])
        if person is None:
            raise CommandError(f"Tidak ada orang dengan nama pengguna atau NRP {options['username']}.")
        try:
            link = make_access_link(user=person, by=None)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(f"Tautan untuk {person.username}, berlaku 72 jam dan sekali pakai:")
        self.stdout.write(link)
