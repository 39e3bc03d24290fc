"""Instrument files from outside: read with bounds, before anything of them is believed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from supervisi.instrument_files import InstrumentFile, read_document
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.scoring.parse import parse_instrument
from supervisi.services.operations import is_storable

# The files that ship have 75 kB; what is above can only be something else.
MAX_BYTES = 1024 * 1024
_MOST_DEPTH, _MOST_PARTS = 24, 60_000
_MOST_NUMBER = 2**53
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
FILE = "berkas"


class FileTooLarge(InstrumentFaults):
    """The file is above the limit; nothing of it was read."""

    def __init__(self, name: str) -> None:
        super().__init__(name, [(FILE, f"terlalu besar; batasnya {MAX_BYTES // 1024 // 1024} MB")])


@dataclass(frozen=True)
class UploadedInstrument:
    """An instrument from outside, with its text as it came."""

    file: InstrumentFile
    source: str


def read_text(content: bytes, name: str) -> str:
    """Return the text of a file, which must be small, UTF-8, and YAML without aliases and of sensible depth.

    Raises:
        InstrumentFaults: it isn't.
    """
    if len(content) > MAX_BYTES:
        raise FileTooLarge(name)
    try:
        # A byte order mark stays: the text gives the same bytes again, and with them the same hash.
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        said = f"bukan teks UTF-8 (bita ke-{fault.start + 1}); simpan sebagai UTF-8, lalu unggah lagi"
        raise InstrumentFaults(name, [(FILE, said)]) from fault
    if not text.strip("\ufeff \r\n\t"):
        raise InstrumentFaults(name, [(FILE, "kosong")])
    if not is_storable(text):
        raise InstrumentFaults(name, [(FILE, "memuat tanda NUL; ini bukan berkas teks")])
    _look_over(text, name)
    return text


def _look_over(text: str, name: str) -> None:
    """Refuse what would grow when it is built: aliases, endless depth, endless parts. Nothing is built here."""
    depth = parts = 0
    try:
        for event in yaml.parse(text, _PARSER):
            parts += 1
            line = event.start_mark.line + 1 if event.start_mark is not None else 0
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                said = f"baris {line} memakai jangkar atau alias (& dan *); tulis isinya langsung di tempatnya"
                raise InstrumentFaults(name, [(FILE, said)])
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _MOST_DEPTH:
                raise InstrumentFaults(name, [(FILE, f"baris {line} bersarang lebih dari {_MOST_DEPTH} tingkat")])
            if parts > _MOST_PARTS:
                raise InstrumentFaults(name, [(FILE, "terlalu banyak bagian untuk sebuah instrumen")])
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f" pada baris {mark.line + 1}, kolom {mark.column + 1}" if mark is not None else ""
        said = f"YAML tidak terbaca{where}; periksa indentasi, titik dua, dan tanda kutip"
        raise InstrumentFaults(name, [(FILE, said)]) from fault


def read_upload(content: bytes, name: str, *, supported: dict[str, Collection[str]]) -> UploadedInstrument:
    """Read and check an instrument file from outside.

    Args:
        content: the file.
        name: its name, for faults.
        supported: codes of items and nodes by instrument, of those that `supports_instrument` may name.

    Raises:
        InstrumentFaults: the file is wrong; each fault with its code.
    """
    text = read_text(content, name)
    document = read_document(text, name)
    faults = list(_unfit(document, ""))
    if faults:
        raise InstrumentFaults(name, faults[:20])
    other = document.get("supports_instrument")
    if other is not None and (not isinstance(other, str) or other not in supported):
        raise InstrumentFaults(name, [("supports_instrument", f"instrumen {str(other)[:40]!r} tidak ada")])
    instrument = parse_instrument(document, name=name, supported_codes=supported[other] if other is not None else set())
    digest = hashlib.sha256(content).hexdigest()
    return UploadedInstrument(InstrumentFile(instrument, document, digest), text)


def _unfit(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield what JSON, and with it both databases, could not give back as it was written; `place`: nearest code."""
    if isinstance(value, dict):
        code = value.get("code")
        here = code[:40] if isinstance(code, str) else place
        for key, inner in value.items():
            if isinstance(key, str) and is_storable(key):
                yield from _unfit(inner, here or key[:40])
            else:
                yield here or FILE, f"kunci {ascii(key)[:40]} harus berupa teks; tulis dalam tanda kutip"
    elif isinstance(value, list):
        for inner in value:
            yield from _unfit(inner, place)
    elif isinstance(value, str):
        if not is_storable(value):
            yield place, "memuat tanda yang tidak dapat disimpan"
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) > _MOST_NUMBER:
            yield place, "bilangan terlalu besar"
    elif not (isinstance(value, float) and math.isfinite(value)):
        yield place, f"{str(value)[:40]!r} bukan teks atau bilangan; tulis dalam tanda kutip"
