"""Make a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wbbm.upkeep.backups import keep, keys, nightly, places, state
from wbbm.upkeep.backups.errors import BackupFailed
from wbbm.upkeep.models import BackupKind


class Command(BaseCommand):
    """Write one encrypted file with the database and the files; its path is the last line."""

    help = "Mencadangkan basis data dan berkas ke satu berkas tersandi; jalurnya dicetak terakhir."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder, the rule, and whether only the keys are wanted."""
        parser.add_argument("--to", metavar="FOLDER", help="folder cadangan; bawaannya BACKUP_DIR")
        parser.add_argument("--keep", metavar="ATURAN", help="yang lama disimpan, misalnya 7d,4w,12m; lainnya dihapus")
        parser.add_argument("--changes", action="store_true", help="hanya perubahan sejak cadangan penuh (SQLite)")
        parser.add_argument("--keys", metavar="BERKAS", help="hanya menulis lembar kunci, untuk disimpan terpisah")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the set, or the sheet of keys."""
        try:
            if options["keys"]:
                self._write_keys(Path(options["keys"]).absolute())
            else:
                self._back_up(options)
        except BackupFailed as fault:
            raise CommandError(fault.message) from fault

    def _write_keys(self, place: Path) -> None:
        keys.write_sheet(place)
        state.went_well(BackupKind.KEYS, name=place.name)
        self.stdout.write("Lembar kunci ditulis. Simpan terpisah dari cadangan, lalu hapus dari mesin ini.")
        self.stdout.write(str(place))

    def _back_up(self, options: dict[str, Any]) -> None:
        rule = options["keep"] or ""
        try:
            keep.parse(rule or keep.DEFAULT)
        except ValueError as fault:
            raise CommandError(f"--keep {fault}") from fault
        folder = places.given_folder(Path(options["to"]).resolve()) if options["to"] else places.usual_folder()
        kind = BackupKind.CHANGES if options["changes"] else BackupKind.FULL
        made = nightly.make(kind, rule, folder)
        self._warn(folder)
        if made is None:
            self.stdout.write("Tidak ada yang berubah sejak cadangan terakhir.")
            return
        for path in made.manifest.missing[:20]:
            self.stderr.write(f"Berkas hilang atau berubah di penyimpanan: {path}")
        self.stdout.write(f"{len(made.manifest.files)} berkas, {places.megabytes(made.size)}")
        self.stdout.write(f"Sidik isi basis data: {made.manifest.content}")
        self.stdout.write(str(made.path))

    def _warn(self, folder: Path) -> None:
        for disk in state.disk():
            if disk.is_low:
                self.stderr.write(f"Cakram {disk.what.lower()} tinggal {int(disk.share * 100)} %.")
        if folder.stat().st_dev == settings.DATA_DIR.stat().st_dev:
            self.stderr.write("Cadangan ini ada di cakram yang sama dengan datanya. Salin juga ke cakram lain.")
        if state.runs()[BackupKind.KEYS].at is None:
            self.stderr.write(
                "Kunci belum disimpan di luar: manage.py backup --keys BERKAS. Tanpanya cadangan ini terkunci."
            )
