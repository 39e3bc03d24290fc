"""Amounts in a report that lie above what the service costs; only its recipients see the mark."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from layanan.rupiah import amounts_in

# A tariff is meant where the text names its service; other words only decide between several tariffs of it.
_SERVICES = frozenset({"sim", "stnk", "bpkb", "skck", "tnkb", "stck", "mutasi", "nrkb", "kehilangan", "keramaian"})
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Official:
    """What one thing costs officially; nothing where it is free."""

    name: str
    amount: int
    words: str = ""


@dataclass(frozen=True)
class Excess:
    """An amount that a report names, and the tariff that it lies above; without one, no tariff has that amount."""

    amount: int
    tariff: str = ""
    official: int = 0


def find_excess(text: str, extra: Iterable[int], tariffs: Iterable[Official]) -> tuple[Excess, ...]:
    """Return the amounts above the tariff of the service that the text names.

    Where it names none, amounts that no tariff has.
    """
    known = list(tariffs)
    meant = _meant(text, known)
    amounts = dict.fromkeys([*amounts_in(text), *(amount for amount in extra if amount)])
    if meant:
        most = max(meant, key=lambda tariff: tariff.amount)
        return tuple(Excess(amount, most.name, most.amount) for amount in amounts if amount > most.amount)
    official = {tariff.amount for tariff in known}
    return tuple(Excess(amount) for amount in amounts if amount not in official)


def _meant(text: str, tariffs: list[Official]) -> list[Official]:
    said = set(_WORD.findall(text.lower()))
    best: list[Official] = []
    most = 0
    for tariff in tariffs:
        named = set(_WORD.findall(f"{tariff.name} {tariff.words}".lower()))
        shared = named & said
        if not shared & _SERVICES or len(shared) < most:
            continue
        best = [*best, tariff] if len(shared) == most else [tariff]
        most = len(shared)
    return best
