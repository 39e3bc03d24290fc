"""Checks of an instrument as a whole: what no single item or node can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from .instrument import PERCENT, SCORE, TOTAL, Instrument, PredicateRule

PERIOD_KINDS = ("year", "quarter")
UNIT_KINDS = ("mabes", "polda", "polres", "polsek", "satfung")
CONDITION_LEVELS = ("unit", "agency")
SEVERITIES = ("severe", "moderate", "minor")
MOST_DAYS = 365

Fault = tuple[str, str]


def plain(value: Fraction) -> str:
    """Write a weight for a person."""
    return f"{float(value):g}".replace(".", ",")


def check_instrument(instrument: Instrument, document: dict[str, Any]) -> Iterator[Fault]:
    """Yield (code, fault) of everything that doesn't fit together."""
    if instrument.weight != 100:
        yield TOTAL, f"jumlah bobot {plain(instrument.weight)}, seharusnya 100"
    if instrument.period_kind not in PERIOD_KINDS:
        yield "period_kind", f"jenis periode {instrument.period_kind!r} tidak dikenal"
    for kind in instrument.unit_kinds:
        if kind not in UNIT_KINDS:
            yield "unit_kinds", f"jenis satuan {kind!r} tidak dikenal"
    yield from _areas(instrument)
    for code in _twice(rule.code for rule in instrument.predicates):
        yield code, "kode predikat dipakai dua kali"
    for rule in instrument.predicates:
        yield from _predicate(instrument, rule)
    yield from _team(instrument)
    yield from _finding_texts(instrument, document)


def _twice(codes: Iterable[str]) -> list[str]:
    return [code for code, count in Counter(codes).items() if count > 1]


def _areas(instrument: Instrument) -> Iterator[Fault]:
    for area in instrument.areas:
        if not area.nodes:
            yield area.key, "area tidak menyebut simpul"
        if area.key in instrument.nodes or instrument.has_item(area.key) or area.key == TOTAL:
            yield area.key, "kunci area sama dengan sebuah kode"
        for code in area.nodes:
            if code not in instrument.nodes:
                yield area.key, f"area menyebut simpul {code!r} yang tidak ada"
    for item in instrument.items:
        if not item.area_key:
            yield item.code, "butir tidak termasuk area mana pun"


def _predicate(instrument: Instrument, rule: PredicateRule) -> Iterator[Fault]:
    keys = {area.key for area in instrument.areas}
    if not rule.gates:
        yield rule.code, "predikat tanpa ambang"
    for code in _twice(gate.code for gate in rule.gates):
        yield code, f"ambang {rule.code} ditulis dua kali"
    for gate in rule.gates:
        item = instrument.item(gate.code) if instrument.has_item(gate.code) else None
        if item is None and gate.code != TOTAL and gate.code not in instrument.nodes and gate.code not in keys:
            yield gate.code, f"ambang {rule.code} menyebut simpul yang tidak ada"
        if item is not None and item.weight is None:
            yield gate.code, f"ambang {rule.code} menyebut butir tanpa bobot sendiri"
        if gate.measure not in {SCORE, PERCENT}:
            yield gate.code, f"ukuran ambang {gate.measure!r} tidak dikenal"
        if gate.measure == PERCENT and not 0 <= gate.required <= 100:
            yield gate.code, f"ambang {plain(gate.required)}% di luar 0 sampai 100"
    for code in _twice(condition.code for condition in rule.conditions):
        yield code, f"syarat {rule.code} ditulis dua kali"
    for condition in rule.conditions:
        if condition.level not in CONDITION_LEVELS:
            yield condition.code, f"tingkat syarat {condition.level!r} tidak dikenal"


def _team(instrument: Instrument) -> Iterator[Fault]:
    if not instrument.team_plan:
        return
    taken: Counter[str] = Counter()
    for part in instrument.team_plan:
        for code in part.nodes:
            if code not in instrument.nodes:
                yield code, f"pembagian tim {part.number} menyebut simpul yang tidak ada"
            taken.update(item.code for item in instrument.items_under(code))
    for item in instrument.items:
        if taken[item.code] != 1:
            yield item.code, f"diperiksa {taken[item.code]} orang pada pembagian tim, seharusnya satu"


def _finding_texts(instrument: Instrument, document: dict[str, Any]) -> Iterator[Fault]:
    for text in document.get("finding_texts", ()):
        if not instrument.has_item(text["item"]):
            yield text["item"], "contoh temuan menyebut butir yang tidak ada"
        if text["severity"] not in SEVERITIES:
            yield text["item"], f"tingkat temuan {text['severity']!r} tidak dikenal"
        for name in ("owner_title", "observation", "recommendation"):
            if not isinstance(text[name], str) or not text[name].strip():
                yield text["item"], f"contoh temuan: {name} harus berupa teks"
        days = text["due_days"]
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
            yield text["item"], f"contoh temuan: due_days harus 1 sampai {MOST_DAYS} hari"
