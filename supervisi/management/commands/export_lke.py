"""Write a sheet as the official workbook into a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from supervisi.models import Checklist, Layer
from supervisi.services.workbooks import export_workbook


def add_sheet_arguments(parser: ArgumentParser) -> None:
    """Declare what names a sheet."""
    parser.add_argument("--unit", required=True, help="kode satuan")
    parser.add_argument("--period", required=True, help="nama periode, atau nomornya")
    parser.add_argument("--layer", required=True, choices=[Layer.SELF, Layer.TPI], help="lapisan")
    parser.add_argument("--instrument", default="lke-2021", help="kode instrumen; bawaannya lke-2021")


def find_sheet(options: dict[str, Any]) -> Checklist:
    """Return the sheet that the options name.

    Raises:
        CommandError: there is none, or more than one.
    """
    found = Checklist.objects.with_frame().filter(
        unit__code=options["unit"], layer=options["layer"], instrument__code=options["instrument"]
    )
    period = options["period"]
    by_name = found.filter(period__name=period)
    rows = list(by_name) or (list(found.filter(period=period)) if period.isascii() and period.isdigit() else [])
    if len(rows) != 1:
        raise CommandError("Lembar itu tidak ada. Periksa kode satuan, periode, lapisan dan instrumennya.")
    return rows[0]


class Command(BaseCommand):
    """Write the workbook; one clear line when the sheet isn't there."""

    help = "Menulis satu lembar sebagai buku kerja resmi (XLSX) dengan rumus dan nilainya."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the sheet."""
        parser.add_argument("file", help="berkas XLSX yang ditulis")
        add_sheet_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Find, write, say where."""
        checklist, path = find_sheet(options), Path(options["file"])
        if checklist.is_sample:
            raise CommandError("Lembar sampel tidak mempunyai nilai, jadi tidak mempunyai buku kerja.")
        content = export_workbook(checklist=checklist, by=None)
        try:
            path.write_bytes(content)
        except OSError as fault:
            raise CommandError(f"Berkas tidak dapat ditulis ({fault.strerror}).") from fault
        self.stdout.write(f"{path}: {len(content)} bita")
