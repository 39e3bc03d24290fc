"""The instrument files that ship with the portal."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from supervisi.scoring.instrument import Instrument, InstrumentFaults
from supervisi.scoring.parse import parse_instrument

FOLDER = Path(__file__).resolve().parent / "instruments"


@dataclass(frozen=True)
class InstrumentFile:
    """An instrument with the document it was read from and the hash of the file."""

    instrument: Instrument
    document: dict[str, Any]
    sha256: str


def available_codes() -> list[str]:
    """Return the codes of the files that ship, the supported instrument before the one that points to it."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_instrument_file(code: str, *, folder: Path = FOLDER) -> InstrumentFile:
    """Read and check one file.

    Raises:
        FileNotFoundError: no such instrument ships.
        InstrumentFaults: the file is wrong; each fault with its code.
    """
    content = (folder / f"{code}.yaml").read_bytes()
    try:
        document = yaml.safe_load(content)
    except yaml.YAMLError as fault:
        raise InstrumentFaults(f"{code}.yaml", [("berkas", f"YAML rusak: {fault}".replace("\n", " "))]) from fault
    if not isinstance(document, dict):
        raise InstrumentFaults(f"{code}.yaml", [("berkas", "isinya bukan objek")])
    supported: set[str] | None = None
    if "supports_instrument" in document:
        other = read_instrument_file(document["supports_instrument"], folder=folder).instrument
        supported = {item.code for item in other.items} | set(other.nodes)
    return InstrumentFile(
        instrument=parse_instrument(document, supported_codes=supported),
        document=document,
        sha256=hashlib.sha256(content).hexdigest(),
    )
