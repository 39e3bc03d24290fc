"""Prove that nothing of the audit trail was changed, removed or slipped in."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wbbm.organisasi.services.verify import Proof, verify


class Command(BaseCommand):
    """Exit 0 when the trail is whole, 1 when something is wrong."""

    help = "Membuktikan jejak audit: segel, kepala harian, dan pelindung basis data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the output's form, and heads that stand outside."""
        parser.add_argument("--json", action="store_true", help="Hasil sebagai JSON.")
        parser.add_argument(
            "--head", action="append", default=[], metavar="NOMOR:SIDIK", help="Kepala dari dokumen atau kotak masuk."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prove and report."""
        proof = verify(heads=dict(_head(text) for text in options["head"]))
        self.stdout.write(_as_json(proof) if options["json"] else _as_text(proof))
        if not proof.is_whole:
            raise SystemExit(1)


def _head(text: str) -> tuple[int, str]:
    number, _, digest = text.partition(":")
    digest = "".join(digest.split()).lower()
    if not number.isdecimal() or len(digest) != 64:
        raise CommandError("--head harus NOMOR:SIDIK, misalnya 1520:9f86d0… (64 angka dan huruf).")
    return int(number), digest


def _as_json(proof: Proof) -> str:
    facts = asdict(proof) | {"is_whole": proof.is_whole}
    return json.dumps(facts, ensure_ascii=False, indent=2)


def _as_text(proof: Proof) -> str:
    lines = [fault.text for fault in proof.faults]
    end = f"{proof.sealed} catatan disegel, {proof.unsealed} menunggu segel, {proof.heads} kepala harian dibandingkan."
    words = "Jejak audit utuh." if proof.is_whole else f"Jejak audit TIDAK utuh: {len(proof.faults)} temuan."
    return "\n".join([*lines, end, f"Segel terakhir {proof.number}:{proof.hash}", words])
