"""The text of the integrity pledge that is signed in the portal, in our own words; a new text gets a new version.

What was signed is kept with each signature (PledgeText), by its SHA-256.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class PledgeWords:
    """One version of the text."""

    version: str
    body: str

    @property
    def sha256(self) -> str:
        """Return the fingerprint of version and text."""
        return hashlib.sha256(f"{self.version}\n{self.body}".encode()).hexdigest()

    @property
    def points(self) -> tuple[str, ...]:
        """Return the text line by line."""
        return tuple(self.body.splitlines())


CURRENT = PledgeWords(
    "2026-1",
    "\n".join(
        (
            "Saya tidak melakukan korupsi, kolusi, dan nepotisme, dan ikut mencegahnya.",
            "Saya tidak meminta dan tidak menerima pemberian apa pun atas tugas dan layanan saya; yang terpaksa saya"
            " terima saya laporkan.",
            "Saya melayani sesuai standar dan tarif resmi, jujur, terbuka, dan tanpa membedakan orang.",
            "Saya menghindari pertentangan kepentingan dan melaporkannya bila ada.",
            "Saya memberi contoh kepada rekan dan bawahan, dan melaporkan penyimpangan yang saya ketahui.",
            "Bila saya melanggar pernyataan ini, saya siap menerima akibatnya menurut peraturan.",
        )
    ),
)
