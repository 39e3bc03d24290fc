"""The instrument as the engine knows it: a tree of weights, items with closed kinds of formulas, areas, predicates."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from .rounding import to_units

TOTAL = "total"
SCALES = ("yes_no", "abc", "abcd", "abcde", "percent", "index")
SCORE, PERCENT = "score", "percent"


class InstrumentFaults(ValueError):
    """An instrument file is wrong; `faults` lists (code, fault)."""

    def __init__(self, name: str, faults: list[tuple[str, str]]) -> None:
        self.name, self.faults = name, faults
        super().__init__("; ".join(f"{name}: {code}: {fault}" for code, fault in faults))


@dataclass(frozen=True)
class Option:
    """One letter of a scale at an item: its value, its criterion, and whether it always is a severe finding."""

    code: str
    value: Fraction
    criterion: str
    is_severe: bool = False


@dataclass(frozen=True)
class Input:
    """A whole number ≥ 0 that a formula needs; `suggested_minimum` is a hint, never a rule."""

    key: str
    label: str
    suggested_minimum: int | None = None
    template_row: int | None = None


@dataclass(frozen=True)
class Formula:
    """How inputs become a value: `ratio` (numerator / sum of denominators, at most 1), `decline`, `index`."""

    kind: str
    numerator: str = ""
    denominators: tuple[str, ...] = ()
    before: str = ""
    now: str = ""
    maximum: Fraction = Fraction(1)


@dataclass(frozen=True)
class Item:
    """One question."""

    code: str
    question: str
    scale: str
    node_code: str
    area_key: str
    position: int
    options: tuple[Option, ...] = ()
    inputs: tuple[Input, ...] = ()
    formula: Formula | None = None
    weight: Fraction | None = None
    severe_below_full: bool = False
    how_to_check: str = ""
    rule: str = ""
    note: str = ""
    local_guidance: str = ""
    evidence_hints: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()
    effort_days: int | None = None
    minutes: int | None = None
    wants_photo: bool = False
    template_row: int | None = None

    def option(self, letter: str) -> Option | None:
        """Return the option with the letter, in either case."""
        return self._options_by_letter.get(letter.lower())

    @cached_property
    def _options_by_letter(self) -> dict[str, Option]:
        return {option.code.lower(): option for option in self.options}

    @cached_property
    def read_before(self) -> dict[Any, Any]:
        """Answers that were read before, for the same few come again and again; kept by `parse_answer` alone."""
        return {}

    def is_severe(self, raw: Any, values: dict[str, Fraction | None]) -> bool:
        """Tell whether this answer always counts as a severe finding."""
        if isinstance(raw, str) and self.options:
            option = self.option(raw)
            return option is not None and option.is_severe
        value = values.get(self.code)
        return self.severe_below_full and value is not None and value < 1

    @property
    def has_severe_trigger(self) -> bool:
        """Tell whether some answer always counts as a severe finding."""
        return self.severe_below_full or any(option.is_severe for option in self.options)


@dataclass(frozen=True)
class Node:
    """A component, area or sub. `rule`: sum of its children, or mean of its items times the weight.

    `when_empty`: what a sub scores whose items are all unanswerable: nothing (`zero`) or its weight (`full`).
    """

    code: str
    name: str
    weight: Fraction
    rule: str
    when_empty: str
    depth: int
    children: tuple[Node, ...] = ()
    items: tuple[Item, ...] = ()
    parent_code: str = ""

    @cached_property
    def child_codes(self) -> list[str]:
        """Codes of the nodes directly below."""
        return [child.code for child in self.children]

    @cached_property
    def item_codes(self) -> list[str]:
        """Codes of the items directly below."""
        return [item.code for item in self.items]


@dataclass(frozen=True)
class Area:
    """One page of the sheet, one column of the heat map: nodes that belong together."""

    key: str
    label: str
    short: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Gate:
    """A limit of a predicate. `node` is a node or item code, `total`, or an area's key."""

    code: str
    label: str
    measure: str
    required: Fraction

    @cached_property
    def as_stored(self) -> dict[str, Any]:
        """What is stored of the gate itself, numbers in 10⁻¹⁰."""
        required = to_units(self.required)
        return {"code": self.code, "label": self.label, "measure": self.measure, "required": required}


@dataclass(frozen=True)
class GateFrame:
    """A gate made ready to be decided: the nodes that count, their weight and the points required as whole numbers."""

    gate: Gate
    nodes: tuple[str, ...]
    weight: tuple[int, int]
    limit: tuple[int, int]


@dataclass(frozen=True)
class Condition:
    """Something beside the score that a predicate asks for, at the unit or at the agency."""

    code: str
    label: str
    level: str
    source: str = ""


@dataclass(frozen=True)
class PredicateRule:
    """A predicate: its gates in order, and its conditions."""

    code: str
    label: str
    gates: tuple[Gate, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class TeamPart:
    """What one of the eight people of a visit checks."""

    number: int
    role: str
    nodes: tuple[str, ...]
    minutes: int


@dataclass(frozen=True)
class Instrument:
    """A whole instrument."""

    code: str
    version: str
    name: str
    label: str
    is_official: bool
    period_kind: str
    unit_kinds: tuple[str, ...]
    root: tuple[Node, ...]
    areas: tuple[Area, ...]
    predicates: tuple[PredicateRule, ...]
    team_plan: tuple[TeamPart, ...] = ()

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """All nodes by code, in the order of the sheet."""
        found: dict[str, Node] = {}

        def walk(node: Node) -> None:
            found[node.code] = node
            for child in node.children:
                walk(child)

        for node in self.root:
            walk(node)
        return found

    @cached_property
    def upwards(self) -> tuple[Node, ...]:
        """All nodes, each after everything below it."""
        found: list[Node] = []

        def walk(node: Node) -> None:
            for child in node.children:
                walk(child)
            found.append(node)

        for node in self.root:
            walk(node)
        return tuple(found)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items in the order of the sheet."""
        return tuple(item for node in self.nodes.values() for item in node.items)

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    @cached_property
    def weight(self) -> Fraction:
        """Sum of the roots: 100 for the instruments that ship."""
        return sum((node.weight for node in self.root), Fraction())

    @cached_property
    def weight_unit(self) -> int:
        """Common denominator of all weights."""
        weights = [node.weight for node in self.nodes.values()]
        weights += [item.weight for item in self.items if item.weight is not None]
        return lcm(*{weight.denominator for weight in weights})

    @cached_property
    def whole_weights(self) -> dict[str, int]:
        """Weights of nodes and of items that have one, in whole numbers over `weight_unit`."""
        weights = {code: node.weight for code, node in self.nodes.items()}
        weights |= {item.code: item.weight for item in self.items if item.weight is not None}
        return {code: weight.numerator * (self.weight_unit // weight.denominator) for code, weight in weights.items()}

    @cached_property
    def mean_shares(self) -> dict[str, int]:
        """What a full item of a node counts while all of them count, over `weight_unit` × `mean_unit`."""
        counts = {code: len(node.items) for code, node in self.nodes.items() if node.items}
        return {code: self.whole_weights[code] * (self.mean_unit // count) for code, count in counts.items()}

    @cached_property
    def area_sizes(self) -> dict[str, int]:
        """How many items each area has."""
        sizes = {area.key: 0 for area in self.areas}
        for item in self.items:
            sizes[item.area_key] = sizes.get(item.area_key, 0) + 1
        return sizes

    @cached_property
    def mean_unit(self) -> int:
        """A number that every possible count of items in a mean divides."""
        return lcm(*range(1, 1 + max((len(node.items) for node in self.nodes.values()), default=0)))

    @cached_property
    def _area_weights(self) -> dict[str, Fraction]:
        return {area.key: sum((self.nodes[code].weight for code in area.nodes), Fraction()) for area in self.areas}

    def item(self, code: str) -> Item:
        """Return the item; KeyError when there is none."""
        return self._items[code]

    def node(self, code: str) -> Node:
        """Return the node; KeyError when there is none."""
        return self.nodes[code]

    def has_item(self, code: str) -> bool:
        """Tell whether the instrument has the item."""
        return code in self._items

    def area(self, key: str) -> Area:
        """Return the area; KeyError when there is none."""
        return {area.key: area for area in self.areas}[key]

    @cached_property
    def _measures(self) -> dict[str, tuple[tuple[str, ...], Fraction]]:
        found: dict[str, tuple[tuple[str, ...], Fraction]] = {
            item.code: ((item.code,), item.weight or Fraction(1)) for item in self.items
        }
        found |= {code: ((code,), node.weight) for code, node in self.nodes.items()}
        found |= {area.key: (area.nodes, self.area_weight(area.key)) for area in self.areas}
        return found | {TOTAL: ((TOTAL,), self.weight)}

    def measured(self, code: str) -> tuple[tuple[str, ...], Fraction]:
        """Return the nodes whose points count for a code, and their weight: the total, an area's key, a node, an item.

        Raises:
            KeyError: there is no such thing.
        """
        return self._measures[code]

    @cached_property
    def gate_frames(self) -> tuple[tuple[PredicateRule, tuple[GateFrame, ...]], ...]:
        """Every predicate with its gates, made ready."""
        return tuple((rule, tuple(self._frame(gate) for gate in rule.gates)) for rule in self.predicates)

    def _frame(self, gate: Gate) -> GateFrame:
        nodes, weight = self.measured(gate.code)
        limit = gate.required * weight / 100 if gate.measure == PERCENT else gate.required
        return GateFrame(gate, nodes, weight.as_integer_ratio(), limit.as_integer_ratio())

    def area_weight(self, key: str) -> Fraction:
        """Return the weight of an area: the sum of its nodes."""
        return self._area_weights[key]

    @cached_property
    def stored_area_weights(self) -> dict[str, int]:
        """Weights of the areas in their stored form."""
        return {key: to_units(weight) for key, weight in self._area_weights.items()}

    def items_of_area(self, key: str) -> tuple[Item, ...]:
        """Return the items of an area in order."""
        return tuple(item for item in self.items if item.area_key == key)

    def items_under(self, node_code: str) -> tuple[Item, ...]:
        """Return the items below a node, or the item itself; none for an unknown code."""
        if node_code in self._items:
            return (self._items[node_code],)
        if node_code not in self.nodes:
            return ()
        below: list[Item] = []

        def walk(node: Node) -> None:
            below.extend(node.items)
            for child in node.children:
                walk(child)

        walk(self.nodes[node_code])
        return tuple(below)

    def predicate(self, code: str) -> PredicateRule:
        """Return the predicate; KeyError when there is none."""
        return {rule.code: rule for rule in self.predicates}[code]
