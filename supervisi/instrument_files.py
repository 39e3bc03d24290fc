"""The instrument files that ship with the portal."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from supervisi.scoring.instrument import Instrument, InstrumentFaults
from supervisi.scoring.parse import parse_instrument

# libyaml reads ten times as fast; PyYAML is also built without it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

FOLDER = Path(__file__).resolve().parent / "instruments"


class _Loader(_SafeLoader):
    """Reads YAML, and refuses a key that is written twice: the first one would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping with each key once."""
        seen: set[Any] = set()
        for key in (self.construct_object(key, deep=True) for key, _ in node.value):
            # What can't be a key is refused by the loader itself.
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"kunci {key!r} ditulis dua kali", node.start_mark)
            if isinstance(key, Hashable):
                seen.add(key)
        built: dict[Any, Any] = super().construct_mapping(node, deep)
        return built


@dataclass(frozen=True)
class InstrumentFile:
    """An instrument with the document it was read from and the hash of the file."""

    instrument: Instrument
    document: dict[str, Any]
    sha256: str


def available_codes() -> list[str]:
    """Return the codes of the files that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_instrument_file(code: str) -> InstrumentFile:
    """Read and check one file.

    Raises:
        InstrumentFaults: the file is missing or wrong; each fault with its code.
    """
    name = f"{code}.yaml"
    content, document = _load(code)
    if document.get("code") != code:
        raise InstrumentFaults(name, [("code", f"{document.get('code')!r} tidak sama dengan nama berkas")])
    instrument = parse_instrument(document, name=name, supported_codes=_supported_codes(name, document))
    return InstrumentFile(instrument=instrument, document=document, sha256=hashlib.sha256(content).hexdigest())


def _load(code: str) -> tuple[bytes, dict[str, Any]]:
    name = f"{code}.yaml"
    try:
        content = (FOLDER / name).read_bytes()
    except FileNotFoundError as fault:
        raise InstrumentFaults(name, [("berkas", "tidak ada")]) from fault
    return content, read_document(content, name)


def read_document(content: bytes | str, name: str) -> dict[str, Any]:
    """Read the YAML of an instrument file.

    Raises:
        InstrumentFaults: it is no YAML, or no object.
    """
    try:
        document = yaml.load(content, _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as fault:
        raise InstrumentFaults(name, [("berkas", f"YAML rusak{_where(fault)}")]) from fault
    except (ValueError, OverflowError, TypeError) as fault:
        said = "isian yang tidak terbaca: tanggal yang tidak ada, atau bilangan yang terlalu panjang"
        raise InstrumentFaults(name, [("berkas", said)]) from fault
    if not isinstance(document, dict):
        raise InstrumentFaults(name, [("berkas", "isinya bukan objek")])
    return document


# What libyaml says of a file that can be read but not built, and what it means.
_PROBLEMS = {
    "unhashable key": "sebuah kunci berupa daftar",
    "constructor for the tag": "penanda dengan tanda seru atau << tidak dipakai",
    "single document": "berkas memuat lebih dari satu dokumen",
    "another document": "berkas memuat lebih dari satu dokumen",
}


def _where(fault: yaml.YAMLError) -> str:
    """Say at which line a file is broken, and why where we know."""
    mark, problem = getattr(fault, "problem_mark", None), str(getattr(fault, "problem", None) or "")
    line = f" pada baris {mark.line + 1}" if mark is not None else ""
    why = next((told for sign, told in _PROBLEMS.items() if sign in problem), "")
    return f"{line}: {why or problem}" if why or problem.startswith("kunci ") else line


def _supported_codes(name: str, document: dict[str, Any]) -> set[str]:
    """Return the codes that `supports` may name; none where the file points to no other instrument."""
    code = document.get("supports_instrument")
    if code is None:
        return set()
    if code not in available_codes():
        raise InstrumentFaults(name, [("supports_instrument", f"instrumen {code!r} tidak ada")])
    try:
        other = parse_instrument(_load(code)[1], name=f"{code}.yaml")
    except InstrumentFaults as fault:
        raise InstrumentFaults(name, [("supports_instrument", f"berkas instrumen {code!r} sendiri salah")]) from fault
    return {item.code for item in other.items} | set(other.nodes)
