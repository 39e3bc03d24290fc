"""Take the answers of a sheet over from an official workbook."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from supervisi.management.commands.export_lke import add_sheet_arguments, find_sheet
from supervisi.models import Checklist, Layer
from supervisi.services.workbook_imports import CHANGED, accept, compare, keep_import, read_for
from supervisi.workbook.package import MAX_BYTES
from supervisi.workbook.read import Reading
from wbbm.errors import DomainError
from wbbm.organisasi.models import Posting, Role, User


class Command(BaseCommand):
    """Import a workbook as the operator or auditor would, or only say what it holds."""

    help = "Mengambil jawaban satu lembar dari buku kerja resmi (XLSX). --dry-run hanya menampilkan."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file, the sheet, who imports, and how to tell of it."""
        parser.add_argument("file", help="buku kerja XLSX")
        add_sheet_arguments(parser)
        parser.add_argument("--by", help="nama pengguna yang mengimpor; bawaannya satu-satunya operator satuan itu")
        parser.add_argument("--dry-run", action="store_true", help="tidak menyimpan apa pun")
        parser.add_argument("--json", action="store_true", help="hasilnya sebagai JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, write unless told not to, and say what was found."""
        checklist = find_sheet(options)
        content = _content(Path(options["file"]))
        try:
            is_dry = options["dry_run"]
            told = _told(read_for(checklist, content)) if is_dry else _import(checklist, content, options)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) if options["json"] else _lines(told))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise CommandError(f"Berkas tidak dapat dibaca ({fault.strerror}).") from fault


def _import(checklist: Checklist, content: bytes, options: dict[str, Any]) -> dict[str, Any]:
    by = _person(checklist, options["by"])
    kept = keep_import(checklist=checklist, content=content, name=Path(options["file"]).name, by=by)
    versions = {line.item.code: line.version for line in compare(kept) if line.state == CHANGED}
    done = accept(upload=kept, versions=versions, by=by)
    told = _told(read_for(checklist, content))
    return told | {"saved": list(done.saved), "conflicts": list(done.conflicts), "refused": list(done.refused)}


def _person(checklist: Checklist, name: str | None) -> User:
    if name is not None:
        found = list(User.objects.filter(username=name))
    else:
        role = Role.OPERATOR if checklist.layer == Layer.SELF else Role.AUDITOR
        running = Posting.objects.lasting(timezone.localdate()).filter(unit=checklist.unit, role=role)
        found = list(User.objects.filter(pk__in=running.values("user")))
    if len(found) != 1:
        raise CommandError("Sebutkan siapa yang mengimpor dengan --by NAMA_PENGGUNA.")
    return found[0]


def _told(reading: Reading) -> dict[str, Any]:
    return {
        "sheet": reading.sheet,
        "answers": {found.code: found.answer for found in reading.items if found.answer is not None},
        "problems": [{"row": fault.row, "text": fault.text, "message": fault.message} for fault in reading.problems],
        "missing": list(reading.missing),
    }


def _lines(told: dict[str, Any]) -> str:
    lines = [f"Lembar {told['sheet']}: {len(told['answers'])} butir berisi jawaban."]
    lines += [f"Baris {fault['row']}: {fault['message']}" for fault in told["problems"]]
    if told["missing"]:
        lines.append(f"Tidak ada di berkas: {', '.join(told['missing'])}.")
    if "saved" in told:
        lines.append(f"Disimpan: {len(told['saved'])} butir.")
    if told.get("conflicts"):
        lines.append(f"Diubah orang lain pada saat yang sama: {', '.join(told['conflicts'])}.")
    return "\n".join("".join(sign if sign.isprintable() else " " for sign in line) for line in lines)
