"""Authenticated encryption of a stream: AES-256-GCM piece by piece, in constant memory.

Each piece is sealed with its number and with whether it is the last, so that a set that lost its end, or whose pieces
changed places, is as damaged as one with a changed bit. The header is readable without a key and sealed with it.
"""

from __future__ import annotations

import io
import json
import os
import struct
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import SetRefused
from .keys import derived, fingerprint

MAGIC = b"WBBM-CADANGAN-1\n"
PIECE = 1 << 20
_TAG = 16
_LONGEST_HEADER = 4096
DAMAGED = "Cadangan ini rusak atau terpotong: {what}. Tidak ada yang diubah. Pakai cadangan lain."


def damaged(what: str) -> SetRefused:
    """Return the refusal of a set that is not as it was written."""
    return SetRefused(DAMAGED.format(what=what))


@dataclass(frozen=True)
class Header:
    """What is known of a set without its key."""

    id: str
    kind: str
    made_at: str
    key: str
    # Of a set of changes: the file name of the full set that it stands on.
    base: str = ""
    salt: str = field(default_factory=lambda: os.urandom(16).hex())

    def packed(self) -> bytes:
        """Return the header as it stands in the file."""
        text = json.dumps(asdict(self), sort_keys=True).encode()
        return MAGIC + struct.pack(">I", len(text)) + text


def read_header(source: IO[bytes]) -> Header:
    """Read the header of a set.

    Raises:
        SetRefused: this is no set, or its header is broken.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise SetRefused("Ini bukan berkas cadangan portal, atau awalnya rusak. Tidak ada yang diubah.")
    size = source.read(4)
    length = struct.unpack(">I", size)[0] if len(size) == 4 else 0
    text = source.read(length) if 0 < length <= _LONGEST_HEADER else b""
    try:
        facts: dict[str, Any] = json.loads(text)
        return Header(**{name: str(value) for name, value in facts.items()})
    except (ValueError, TypeError, AttributeError) as fault:
        raise damaged("kepala berkas tidak terbaca") from fault


def _nonce(number: int, *, is_last: bool) -> bytes:
    return struct.pack(">IQ", is_last, number)


class Sealer(io.RawIOBase):
    """Writes what it is given encrypted; the key of each set is its own, so numbers may begin at nothing."""

    def __init__(self, sink: IO[bytes], header: Header, key: str) -> None:
        super().__init__()
        self._sink, self._about = sink, header.packed()
        self._cipher = AESGCM(derived(key, bytes.fromhex(header.salt)))
        self._number = 0
        self._held = bytearray()
        sink.write(self._about)

    def writable(self) -> bool:
        """Tell that it takes data."""
        return True

    def write(self, data: Any) -> int:
        """Take data; a piece is written once it is certain that it is not the last."""
        self._held += data
        while len(self._held) > PIECE:
            self._seal(bytes(self._held[:PIECE]), is_last=False)
            del self._held[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Write the last piece; without it the set counts as truncated."""
        self._seal(bytes(self._held), is_last=True)
        self._held.clear()

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        self._sink.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), piece, self._about))
        self._number += 1


class Opener(io.RawIOBase):
    """Reads what a Sealer wrote; never gives out a byte that is not authentic."""

    def __init__(self, source: IO[bytes], keys: tuple[str, ...]) -> None:
        super().__init__()
        self.header = read_header(source)
        key = next((key for key in keys if fingerprint(key) == self.header.key), None)
        if key is None:
            raise SetRefused(
                f"Cadangan ini dibuat dengan kunci lain (sidik {self.header.key}). Tidak ada yang diubah. "
                "Isi BACKUP_KEY portal asalnya, atau sebut lembar kuncinya dengan --keys BERKAS."
            )
        try:
            self._cipher = AESGCM(derived(key, bytes.fromhex(self.header.salt)))
        except ValueError as fault:
            raise damaged("kepala berkas tidak terbaca") from fault
        self._source, self._about = source, self.header.packed()
        self._number = 0
        self._ahead = source.read(PIECE + _TAG)
        if not self._ahead:
            raise damaged("isinya tidak ada")
        self._given = b""

    def readable(self) -> bool:
        """Tell that it gives data."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give the next bytes."""
        while not self._given and self._ahead:
            self._given = self._open_next()
        count = min(len(buffer), len(self._given))
        buffer[:count] = self._given[:count]
        self._given = self._given[count:]
        return count

    def _open_next(self) -> bytes:
        piece, self._ahead = self._ahead, self._source.read(PIECE + _TAG)
        try:
            opened = self._cipher.decrypt(_nonce(self._number, is_last=not self._ahead), piece, self._about)
        except InvalidTag as fault:
            raise damaged(f"bagian ke-{self._number + 1} tidak utuh") from fault
        self._number += 1
        return opened
