"""From one version of an instrument to the next: which item is which, proposed by code and text, and carrying answers.

A crosswalk maps every item of the old version to one of the new, or to nothing; no new item has two old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from .answers import AnswerFault, parse_answer
from .instrument import Instrument, Item

BY_CODE, BY_TEXT, NO_MATCH = "code", "text", "none"
Crosswalk = Mapping[str, str | None]

# Below: other questions. With the same code a question may have been written anew.
_LIKE, _LIKE_WITH_CODE, _SURE = 0.6, 0.3, 0.8
_CODE_COUNTS, _NODE_COUNTS = 0.15, 0.05
# So many candidates of each item are looked at word by word; the others share fewer words.
_CANDIDATES = 5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Proposal:
    """What an old item has become, as far as code and text tell; `likeness` in percent."""

    old: str
    new: str | None
    how: str
    likeness: int


def propose(old: Instrument, new: Instrument) -> tuple[Proposal, ...]:
    """Propose a crosswalk, one line for each old item in the order of the sheet; the same input gives the same."""
    words = {id(item): _words(item) for item in (*old.items, *new.items)}
    found: dict[str, tuple[str, float]] = {}
    for item in old.items:
        if new.has_item(item.code):
            likeness = _likeness(words[id(item)], words[id(new.item(item.code))])
            if likeness >= _SURE:
                found[item.code] = (item.code, likeness)
    taken = {code for code, _ in found.values()}
    rest = [item for item in old.items if item.code not in found]
    free = [item for item in new.items if item.code not in taken]
    ranked = sorted(
        (-score, before.position, after.position, before.code, after.code, likeness)
        for before in rest
        for after, score, likeness in _candidates(before, free, words)
    )
    for _, _, _, before, after, likeness in ranked:
        if before not in found and after not in taken:
            found[before] = (after, likeness)
            taken.add(after)
    return tuple(_proposal(item, found.get(item.code)) for item in old.items)


def _proposal(item: Item, match: tuple[str, float] | None) -> Proposal:
    if match is None:
        return Proposal(item.code, None, NO_MATCH, 0)
    code, likeness = match
    return Proposal(item.code, code, BY_CODE if code == item.code else BY_TEXT, int(likeness * 100))


def _words(item: Item) -> list[str]:
    return _WORD.findall(item.question.lower())[:200]


def _likeness(first: list[str], second: list[str]) -> float:
    if first == second:
        return 1.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _candidates(before: Item, free: list[Item], words: Mapping[int, list[str]]) -> Iterator[tuple[Item, float, float]]:
    mine = set(words[id(before)])
    shared = sorted(
        free, key=lambda item: (-len(mine.intersection(words[id(item)])), item.code != before.code, item.position)
    )
    near = shared[:_CANDIDATES]
    near += [item for item in free if item.code == before.code and item not in near]
    for after in near:
        likeness = _likeness(words[id(before)], words[id(after)])
        is_same = after.code == before.code
        if likeness >= (_LIKE_WITH_CODE if is_same else _LIKE):
            bonus = _CODE_COUNTS * is_same + _NODE_COUNTS * (after.node_code == before.node_code)
            yield after, likeness + bonus, likeness


def check_crosswalk(old: Instrument, new: Instrument, pairs: Crosswalk) -> Iterator[tuple[str, str]]:
    """Yield (old code, fault) of what makes the pairs no crosswalk."""
    owner: dict[str, str] = {}
    for item in old.items:
        if item.code not in pairs:
            yield item.code, "belum diisi"
            continue
        after = pairs[item.code]
        if after is None:
            continue
        if not new.has_item(after):
            yield item.code, f"butir {after[:20]!r} tidak ada pada versi baru"
        elif after in owner:
            yield item.code, f"butir {after} sudah dipasangkan dengan {owner[after]}"
        else:
            owner[after] = item.code
    for code in pairs:
        if not old.has_item(code):
            yield code, "tidak ada pada versi lama"


def keeps_answer(old: Item, new: Item) -> bool:
    """Tell whether an answer of the old item means the same at the new one: same scale, letters, formula and inputs.

    What a letter is worth, and how its criterion is worded, may differ.
    """
    same_letters = [option.code for option in old.options] == [option.code for option in new.options]
    same_inputs = {entry.key for entry in old.inputs} == {entry.key for entry in new.inputs}
    return old.scale == new.scale and same_letters and same_inputs and old.formula == new.formula


def carry(old: Instrument, new: Instrument, pairs: Crosswalk, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers by new code; what has no counterpart, or asks for another kind of answer, is left out."""
    carried = {}
    for before, after in pairs.items():
        raw = answers.get(before)
        if raw is None or after is None or not old.has_item(before) or not new.has_item(after):
            continue
        if not keeps_answer(old.item(before), new.item(after)):
            continue
        try:
            parse_answer(new.item(after), raw)
        except AnswerFault:
            continue
        carried[after] = raw
    return carried


def by_code(old: Instrument, new: Instrument) -> dict[str, str | None]:
    """Return the crosswalk of two versions for which nobody has made one: the same code is the same item."""
    return {item.code: item.code if new.has_item(item.code) else None for item in old.items}
