"""Instruments as the engine reads them, kept in the process: they never change once loaded."""

from __future__ import annotations

from supervisi.models import Instrument
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.parse import parse_instrument

# By number and hash: the hash keeps apart what a test loads under an old number.
_kept: dict[tuple[int, str], EngineInstrument] = {}


def engine_instrument(instrument: Instrument) -> EngineInstrument:
    """Return the engine's instrument of a loaded row.

    The first one that a process asks for brings all of them along: one query, however many a page shows.
    """
    key = (instrument.pk, instrument.sha256)
    if key not in _kept:
        for row in Instrument.objects.only("sha256", "definition"):
            if (row.pk, row.sha256) not in _kept:
                _kept[row.pk, row.sha256] = parse_instrument(row.definition)
    return _kept[key]


def forget_instruments() -> None:
    """Forget what is kept (tests that count a fresh process's queries)."""
    _kept.clear()
