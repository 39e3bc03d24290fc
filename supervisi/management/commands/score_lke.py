"""Score a filled-in sheet from a file, without a database."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from supervisi.instrument_files import available_codes, read_instrument_file
from supervisi.scoring.document import DocumentFault, check_answers, read_document, result_document


def _one_line(text: str) -> str:
    """Replace what a terminal would not show as one line; the text may quote a hostile file."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class Command(BaseCommand):
    """Print the result of an interchange document as JSON; one clear line and exit 1 on a bad file."""

    help = "Menghitung nilai satu lembar dari berkas JSON, tanpa basis data."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the file and the instrument."""
        parser.add_argument("file", help="berkas JSON berisi instrument dan answers")
        parser.add_argument("--instrument", help="kode instrumen; bawaannya yang disebut berkas, atau lke-2021")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, check, score, print."""
        try:
            result = self._result(Path(options["file"]), options["instrument"])
        except DocumentFault as fault:
            self.stderr.write(_one_line(f"{options['file']}: {fault}"))
            sys.exit(1)
        self.stdout.write(json.dumps(result, ensure_ascii=False, indent=1))

    def _result(self, path: Path, code: str | None) -> dict[str, Any]:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except OSError as fault:
            raise DocumentFault(f"berkas tidak dapat dibaca ({fault.strerror})") from fault
        except UnicodeDecodeError as fault:
            raise DocumentFault("berkas bukan teks UTF-8") from fault
        document = read_document(text)
        code = code or document.get("instrument") or "lke-2021"
        if code not in available_codes():
            raise DocumentFault(
                f"instrument: {str(code)[:40]!r} tidak dikenal; yang ada: {', '.join(available_codes())}"
            )
        if document.get("instrument", code) != code:
            raise DocumentFault(f"instrument: berkas ini untuk {str(document['instrument'])[:40]!r}, bukan {code!r}")
        instrument = read_instrument_file(code).instrument
        check_answers(instrument, document["answers"])
        return result_document(instrument, document["answers"])
