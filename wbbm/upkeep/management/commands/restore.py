"""Check a backup, or restore it into an empty place."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from wbbm.errors import DomainError
from wbbm.upkeep.backups import engines, keys, reading, restore, sqlite, state
from wbbm.upkeep.backups.errors import RestoreFailed
from wbbm.upkeep.models import BackupKind

# The weekly trial takes the newest set; one of long ago proves nothing about those of today.
_RECENT = datetime.timedelta(days=8)


class Command(BaseCommand):
    """Prove a set; with --into, fill an empty folder or database with it and prove that too."""

    help = "Memeriksa cadangan (--check), atau memulihkannya ke folder atau basis data kosong (--into)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the set, and what is to be done with it."""
        parser.add_argument("file", metavar="BERKAS", nargs="?", help="berkas cadangan, atau foldernya: yang terbaru")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--check", action="store_true", help="hanya memeriksa; tidak mengubah apa pun")
        what.add_argument("--into", metavar="KOSONG", help="folder kosong, atau postgres://… yang kosong")
        what.add_argument("--finish", action="store_true", help="menutup pemulihan dari WAL di basis data ini")
        parser.add_argument("--no-input", action="store_false", dest="interactive", help="--finish tanpa bertanya")
        parser.add_argument("--keys", metavar="LEMBAR", help="lembar kunci dari `backup --keys`")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check or restore."""
        begun = time.monotonic()
        try:
            if options["finish"]:
                if options["interactive"]:
                    self._ask()
                restore.finish_wal(self.stdout.write)
                return
            if not options["file"]:
                raise CommandError("Sebut berkas cadangannya, atau folder tempatnya.")
            sheet = keys.read_sheet(Path(options["keys"])) if options["keys"] else None
            opening = (sheet.backup_keys if sheet else ()) + keys.parted(settings.BACKUP_KEY)
            path = Path(options["file"]).absolute()
            path = reading.newest_in(path, opening) if path.is_dir() else path
            if options["check"]:
                self._check(path, opening, begun)
            else:
                self._restore(path, opening, options["into"], sheet)
        except DomainError as fault:
            raise CommandError(fault.message) from fault
        except OSError as fault:
            raise CommandError(f"{fault.filename or options['file']}: {fault.strerror or fault}.") from fault
        self.stdout.write(f"Selesai dalam {time.monotonic() - begun:.0f} detik.")

    def _ask(self) -> None:
        """Make sure that it is meant: on a portal that runs it would send everybody away."""
        self.stdout.write(f"Basis data {connection.settings_dict['NAME']} ditutup sebagai hasil pemulihan:")
        self.stdout.write("semua orang dikeluarkan, tautan sekali pakai berakhir, surel yang menunggu tidak dikirim.")
        try:
            answer = input("Ketik ya untuk melanjutkan: ")
        except EOFError as fault:
            raise CommandError("Tidak ada yang menjawab. Tambahkan --no-input. Tidak ada yang diubah.") from fault
        if answer.strip().lower() != "ya":
            raise CommandError("Dibatalkan. Tidak ada yang diubah.")

    def _check(self, path: Path, opening: tuple[str, ...], begun: float) -> None:
        manifest = restore.check(path, opening)
        self.stdout.write(restore.summary(path, manifest))
        self.stdout.write(f"Sidik isi basis data: {manifest.content}")
        self.stdout.write("Cadangan ini utuh dan dapat dipulihkan.")
        if engines.is_sqlite() and not Path(engines.settings_here()["NAME"]).exists():
            return  # an empty machine: looking for a database would make one
        if manifest.moment < timezone.now() - _RECENT:
            self.stdout.write("Cadangan lama: pemeriksaan ini tidak dicatat sebagai uji pulih terakhir.")
            return
        try:
            seconds = time.monotonic() - begun
            state.went_well(BackupKind.CHECK, name=str(path), size=path.stat().st_size, seconds=seconds)
        except DatabaseError:
            return  # on a machine whose portal has no database yet

    def _restore(self, path: Path, opening: tuple[str, ...], into: str, sheet: keys.Sheet | None) -> None:
        try:
            restore.restore(path, opening, into, self.stdout.write, sheet)
        except RestoreFailed:
            # What lies there all the same is of these keys, and a second try is refused.
            if sheet is not None or (Path(into) / sqlite.FILE).exists():
                self._place(sheet, into)
            raise
        self._place(sheet, into)

    def _place(self, sheet: keys.Sheet | None, into: str) -> None:
        # Without a sheet those of this portal: in a new folder the restored one would make itself others.
        placed = restore.place_keys(sheet or keys.current(), into)
        if placed:
            self.stdout.write(f"Kunci ditaruh di {into}: {', '.join(placed)}")
