"""What codes and texts of an instrument may look like: they stand in addresses, columns and rows of fixed width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .instrument import Instrument

Fault = tuple[str, str]

MOST_ITEMS, MOST_NODES = 300, 200
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_MOST_CODE, _MOST_KEY, _MOST_NAME, _MOST_TEXT = 20, 10, 200, 4000
_MOST_HEAD = 40


def check_shapes(instrument: Instrument) -> Iterator[Fault]:
    """Yield (code, fault) of everything that pages, addresses or tables could not hold."""
    if len(instrument.items) > MOST_ITEMS or len(instrument.nodes) > MOST_NODES:
        yield "berkas", f"paling banyak {MOST_ITEMS} butir dan {MOST_NODES} simpul"
    if not instrument.areas:
        yield "areas", "area tidak ada"
    if not _SLUG.fullmatch(instrument.code) or len(instrument.code) > _MOST_HEAD:
        yield "code", f"kode instrumen hanya huruf, angka dan tanda hubung, paling panjang {_MOST_HEAD}"
    if not _CODE.fullmatch(instrument.version) or len(instrument.version) > _MOST_HEAD:
        yield "version", f"versi hanya huruf, angka, titik dan tanda hubung, paling panjang {_MOST_HEAD}"
    for key, text in (("name", instrument.name), ("label", instrument.label)):
        yield from _length(key, key, text, _MOST_NAME)
        if not text.strip():
            yield key, "kosong"
    yield from _codes((*instrument.nodes, *(item.code for item in instrument.items)), _CODE, _MOST_CODE)
    yield from _codes((area.key for area in instrument.areas), _SLUG, _MOST_KEY)
    yield from _codes((rule.code for rule in instrument.predicates), _SLUG, _MOST_HEAD)
    for node in instrument.nodes.values():
        yield from _length(node.code, "nama", node.name, _MOST_NAME)
    for item in instrument.items:
        yield from _length(item.code, "pertanyaan", item.question, _MOST_TEXT)
        for option in item.options:
            yield from _length(item.code, f"kriteria {option.code}", option.criterion, _MOST_TEXT)


def _codes(codes: Iterable[str], shape: re.Pattern[str], most: int) -> Iterator[Fault]:
    for code in codes:
        if not shape.fullmatch(code) or len(code) > most:
            yield code[:40], f"kode hanya huruf, angka, titik dan tanda hubung, paling panjang {most}"


def _length(code: str, name: str, text: str, most: int) -> Iterator[Fault]:
    if len(text) > most:
        yield code, f"{name} terlalu panjang: {len(text)} huruf, paling banyak {most}"
