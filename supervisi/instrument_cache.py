"""Instruments as the engine reads them, kept in the process: they never change once loaded."""

from __future__ import annotations

from functools import lru_cache

from supervisi.models import Instrument
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.parse import parse_instrument


@lru_cache(maxsize=64)
def _parsed(instrument_id: int, sha256: str) -> EngineInstrument:
    return parse_instrument(Instrument.objects.values_list("definition", flat=True).get(pk=instrument_id))


def engine_instrument(instrument: Instrument) -> EngineInstrument:
    """Return the engine's instrument of a loaded row; the hash keeps apart what a test loads under an old number."""
    return _parsed(instrument.pk, instrument.sha256)
