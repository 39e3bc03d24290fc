"""The key of a roll-up job: unit, period, instrument, layer."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi.models import Checklist

KIND = "rollup"


@dataclass(frozen=True, order=True)
class RollupKey:
    """One stored result: of a unit, for a period, an instrument and a layer."""

    unit_id: int
    period_id: int
    instrument_id: int
    layer: str

    def __str__(self) -> str:
        return f"{self.unit_id}:{self.period_id}:{self.instrument_id}:{self.layer}"

    @classmethod
    def parse(cls, text: str) -> RollupKey:
        """Read a key back from its text."""
        unit, period, instrument, layer = text.split(":")
        return cls(int(unit), int(period), int(instrument), layer)


def rollup_key(checklist: Checklist) -> str:
    """Return the key that a change of the sheet raises."""
    return str(RollupKey(checklist.unit_id, checklist.period_id, checklist.instrument_id, checklist.layer))
