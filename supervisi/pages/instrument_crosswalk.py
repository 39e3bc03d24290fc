"""Which old item is which new one: the proposal, and what a person has corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from supervisi.instrument_cache import engine_instrument
from supervisi.models import InstrumentDraft
from supervisi.scoring.crosswalk import BY_CODE, BY_TEXT, NO_MATCH, keeps_answer
from supervisi.scoring.instrument import Instrument, Item
from supervisi.services.instrument_drafts import BY_PERSON, draft_instrument

_HOW = {
    BY_CODE: ("usulan: kodenya sama", ""),
    BY_TEXT: ("usulan: kalimatnya mirip", "warn"),
    NO_MATCH: ("usulan: tidak ada padanannya", "warn"),
    BY_PERSON: ("ditetapkan admin", "ok"),
}
_SURE = 80


@dataclass(frozen=True)
class PairLine:
    """One old item with its counterpart."""

    code: str
    question: str
    field: str
    value: str
    new_question: str
    how: str
    tone: str
    # Percent of words alike, of a proposal that is not the same sentence.
    likeness: int
    # Answers are not carried over: the item asks for another kind of answer now.
    loses_answer: bool
    fault: str
    is_sure: bool


@dataclass(frozen=True)
class CrosswalkPage:
    """What the page shows."""

    draft: InstrumentDraft
    version: int
    # Lines to look at first, and those where code and sentence are the same.
    unsure: tuple[PairLine, ...]
    sure: tuple[PairLine, ...]
    # New items that no old one leads to.
    fresh: tuple[Item, ...]
    choices: tuple[Item, ...]
    faults: int

    @property
    def without(self) -> int:
        """Old items without a counterpart."""
        return sum(not line.value for line in (*self.unsure, *self.sure))


def read_crosswalk(
    draft: InstrumentDraft,
    sent: Mapping[str, str | None] | None = None,
    faults: Mapping[str, str] | None = None,
) -> CrosswalkPage:
    """Read the crosswalk; `sent` and `faults` are what a person sent and what is wrong with it."""
    old, new = engine_instrument(draft.base), draft_instrument(draft)
    faults = faults or {}
    lines = [_line(old, new, entry, sent, faults.get(entry[0], "")) for entry in draft.crosswalk]
    taken = {line.value for line in lines}
    return CrosswalkPage(
        draft=draft,
        version=draft.crosswalk_version,
        unsure=tuple(line for line in lines if not line.is_sure),
        sure=tuple(line for line in lines if line.is_sure),
        fresh=tuple(item for item in new.items if item.code not in taken),
        choices=new.items,
        faults=len(faults),
    )


def _line(
    old: Instrument,
    new: Instrument,
    entry: list[str],
    sent: Mapping[str, str | None] | None,
    fault: str,
) -> PairLine:
    code, kept, how, likeness = entry[0], entry[1], entry[2], int(entry[3])
    value = (sent.get(code) if sent is not None else kept) or ""
    before = old.item(code)
    after = new.item(value) if new.has_item(value) else None
    words, tone = _HOW[how] if value == (kept or "") else ("belum disimpan", "info")
    return PairLine(
        code=code,
        question=before.question,
        field=f"padanan-{code}",
        value=value,
        new_question=after.question if after is not None else "",
        how=words,
        tone=tone,
        likeness=likeness if how in {BY_CODE, BY_TEXT} and likeness < 100 else 0,
        loses_answer=after is not None and not keeps_answer(before, after),
        fault=fault,
        is_sure=how == BY_CODE and likeness >= _SURE and not fault and value == (kept or ""),
    )
