"""Compare a new version of an instrument with the one that it follows, and keep it as a draft."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supervisi.instrument_cache import engine_instrument
from supervisi.instrument_uploads import MAX_BYTES
from supervisi.pages.instrument_draft import FILTERS, FRAME
from supervisi.scoring.crosswalk import propose
from supervisi.scoring.difference import compare
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.services.instrument_drafts import keep_draft, read_file
from wbbm.errors import DomainError
from wbbm.organisasi.models import User


class Command(BaseCommand):
    """Read a file; say what differs; with --by also keep it as a draft of that admin."""

    help = "Membandingkan versi baru instrumen dengan yang lama; dengan --by juga menyimpannya sebagai rancangan."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the file and the admin."""
        parser.add_argument("file", type=Path, metavar="BERKAS.yaml")
        parser.add_argument("--by", metavar="NAMA", help="nama pengguna admin satuan puncak")
        parser.add_argument("--dry-run", action="store_true", help="hanya membandingkan, juga bila --by diisi")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, then keep."""
        file: Path = options["file"]
        try:
            with file.open("rb") as opened:
                # One more than may be: what is above needn't be read.
                content = opened.read(MAX_BYTES + 1)
        except OSError as fault:
            raise CommandError(f"{file.name} tidak dapat dibaca: {fault.strerror}") from fault
        try:
            self._compare(content, file.name)
            if options["by"] and not options["dry_run"]:
                self._keep(content, file.name, options["by"])
        except InstrumentFaults as fault:
            raise CommandError("\n".join(f"{fault.name}: {place}: {text}" for place, text in fault.faults)) from fault
        except DomainError as fault:
            raise CommandError(fault.message) from fault

    def _compare(self, content: bytes, name: str) -> None:
        uploaded, base = read_file(content, name)
        old, new = engine_instrument(base), uploaded.file.instrument
        pairs = {line.old: line.new for line in propose(old, new)}
        found = compare(old, new, pairs)
        self.stdout.write(
            f"{new.code}: {base.version} ({len(old.items)} butir) -> {new.version} ({len(new.items)} butir)"
        )
        for kind, (_, label) in FILTERS.items():
            count = len(found.frame) if kind == FRAME else found.count(kind)
            self.stdout.write(f"  {label}: {count}")
        for before, after in pairs.items():
            if before != after:
                self.stdout.write(f"  {before} -> {after or 'tidak ada padanannya'} (usulan)")

    def _keep(self, content: bytes, name: str, username: str) -> None:
        by = User.objects.filter(username=username).first()
        if by is None:
            raise CommandError(f"Tidak ada pengguna {username!r}.")
        draft = keep_draft(content=content, name=name, by=by)
        self.stdout.write(f"{draft} disimpan sebagai rancangan.")
