"""What differs between two versions of an instrument: items over a crosswalk, nodes, areas, gates and conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .crosswalk import Crosswalk
from .instrument import Condition, Gate, Instrument, Item, Node, PredicateRule

# Kinds of changes of an item, in the order in which pages show them.
NEW, GONE, REWORDED, REWEIGHTED, RESCALED, MOVED, GUIDANCE = KINDS = (
    "new", "gone", "reworded", "reweighted", "rescaled", "moved", "guidance",
)  # fmt: skip
_HINTS = ("how_to_check", "rule", "note", "local_guidance", "evidence_hints")


@dataclass(frozen=True)
class Change:
    """One fact that differs: its kind, what it is about (`question`, `weight`, `option A` …), old and new value."""

    kind: str
    about: str
    old: Any
    new: Any


@dataclass(frozen=True)
class ItemChange:
    """An item that is new, gone, or another than before."""

    old: Item | None
    new: Item | None
    changes: tuple[Change, ...]

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what differs."""
        if self.old is None:
            return frozenset({NEW})
        if self.new is None:
            return frozenset({GONE})
        return frozenset(change.kind for change in self.changes)


@dataclass(frozen=True)
class FrameChange:
    """Something beside the items that differs: `part` is head, node, area, predicate, gate or condition."""

    part: str
    code: str
    # The predicate of a gate or condition.
    of: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Difference:
    """All that differs, and how many items are the same."""

    items: tuple[ItemChange, ...]
    frame: tuple[FrameChange, ...]
    same: int

    def count(self, kind: str) -> int:
        """Return how many items have a change of the kind."""
        return sum(kind in change.kinds for change in self.items)


def compare(old: Instrument, new: Instrument, pairs: Crosswalk) -> Difference:
    """Compare two versions; items in the order of the new sheet, those gone at the end of the part that they left."""
    before = {after: code for code, after in pairs.items() if after is not None and old.has_item(code)}
    found: list[tuple[tuple[int, int], ItemChange]] = []
    same, place = 0, 0
    positions: dict[str, int] = {}
    for item in new.items:
        positions[item.code] = item.position
        earlier = old.item(before[item.code]) if item.code in before else None
        changes = tuple(_item_changes(old, new, earlier, item)) if earlier is not None else ()
        if earlier is not None and not changes:
            same += 1
        else:
            found.append(((item.position, 0), ItemChange(earlier, item, changes)))
    for item in old.items:
        after = pairs.get(item.code)
        if after is not None and after in positions:
            place = positions[after]
        else:
            found.append(((place, item.position), ItemChange(item, None, ())))
    found.sort(key=lambda entry: entry[0])
    return Difference(tuple(change for _, change in found), tuple(_frame(old, new)), same)


def share_of(instrument: Instrument, item: Item) -> Fraction:
    """Return the points that the item is worth when every item of its node counts."""
    if item.weight is not None:
        return item.weight
    node = instrument.node(item.node_code)
    return node.weight / len(node.items)


def _item_changes(old: Instrument, new: Instrument, before: Item, after: Item) -> Iterator[Change]:
    if before.question != after.question:
        yield Change(REWORDED, "question", before.question, after.question)
    criteria = {option.code: option for option in before.options}
    for option in after.options:
        known = criteria.get(option.code)
        if known is not None and known.criterion != option.criterion:
            yield Change(REWORDED, f"option {option.code}", known.criterion, option.criterion)
    yield from _differs(REWEIGHTED, "weight", share_of(old, before), share_of(new, after))
    yield from _scale(before, after)
    if (before.node_code, before.area_key) != (after.node_code, after.area_key):
        yield Change(MOVED, "node", before.node_code, after.node_code)
    elif before.code != after.code:
        yield Change(MOVED, "code", before.code, after.code)
    for name in _HINTS:
        yield from _differs(GUIDANCE, name, getattr(before, name), getattr(after, name))


def _scale(before: Item, after: Item) -> Iterator[Change]:
    yield from _differs(RESCALED, "scale", before.scale, after.scale)
    letters = [(option.code, option.value) for option in before.options]
    yield from _differs(RESCALED, "options", tuple(letters), tuple((each.code, each.value) for each in after.options))
    severe = tuple(option.code for option in before.options if option.is_severe)
    yield from _differs(RESCALED, "severe", severe, tuple(option.code for option in after.options if option.is_severe))
    yield from _differs(RESCALED, "severe_below_full", before.severe_below_full, after.severe_below_full)
    yield from _differs(RESCALED, "formula", before.formula, after.formula)
    inputs = tuple((entry.key, entry.label) for entry in before.inputs)
    yield from _differs(RESCALED, "inputs", inputs, tuple((entry.key, entry.label) for entry in after.inputs))


def _differs(kind: str, about: str, old: Any, new: Any) -> Iterator[Change]:
    if old != new:
        yield Change(kind, about, old, new)


def _facts(old: Any, new: Any, *names: str) -> tuple[Change, ...]:
    pairs = [(name, getattr(old, name, None), getattr(new, name, None)) for name in names]
    return tuple(Change("", name, before, after) for name, before, after in pairs if before != after)


def _frame(old: Instrument, new: Instrument) -> Iterator[FrameChange]:
    head = _facts(old, new, "name", "label", "is_official", "unit_kinds")
    if head:
        yield FrameChange("head", "", "", head)
    yield from _parts("node", old.nodes, new.nodes, *_NODE)
    yield from _parts("area", {a.key: a for a in old.areas}, {a.key: a for a in new.areas}, "label", "nodes")
    before = {rule.code: rule for rule in old.predicates}
    after = {rule.code: rule for rule in new.predicates}
    yield from _parts("predicate", before, after, "label")
    for code in {**before, **after}:
        first, second = before.get(code), after.get(code)
        yield from _parts("gate", _gates(first), _gates(second), "label", "measure", "required", of=code)
        yield from _parts("condition", _conditions(first), _conditions(second), "label", "level", of=code)


_NODE = ("name", "weight", "rule", "when_empty", "parent_code")


def _gates(rule: PredicateRule | None) -> dict[str, Gate]:
    return {gate.code: gate for gate in rule.gates} if rule is not None else {}


def _conditions(rule: PredicateRule | None) -> dict[str, Condition]:
    return {condition.code: condition for condition in rule.conditions} if rule is not None else {}


def _parts(
    part: str, old: dict[str, Any], new: dict[str, Node] | dict[str, Any], *names: str, of: str = ""
) -> Iterator[FrameChange]:
    for code in {**old, **new}:
        if code not in old:
            yield FrameChange(part, code, of, (Change(NEW, names[0], None, getattr(new[code], names[0])),))
        elif code not in new:
            yield FrameChange(part, code, of, (Change(GONE, names[0], getattr(old[code], names[0]), None),))
        elif changes := _facts(old[code], new[code], *names):
            yield FrameChange(part, code, of, changes)
