"""Live formulas of the workbook: each says in spreadsheet words what scoring/engine.py computes.

`Nilai` is the official rule (an unanswered item is left out of the mean), `Nilai lengkap` counts it as nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from supervisi.scoring.instrument import Formula, Item, Node

# What an item's value says when its divisor is 0; no number, so that means leave it out.
UNANSWERABLE = "tidak dapat dinilai"


def number(value: Fraction) -> str:
    """Write a number as a formula takes it: exact, where its decimals end."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"({value.numerator}/{value.denominator})"
    text = f"{float(value):.12f}".rstrip("0").rstrip(".")
    return text or "0"


def letter_value(item: Item, answer: str) -> str:
    """Return the value of a letter; what the scale doesn't have counts as unanswered."""
    inner = '""'
    for option in reversed(item.options):
        inner = f'IF(UPPER(TRIM({answer}))="{option.code.upper()}",{number(option.value)},{inner})'
    return f"={inner}"


def input_value(formula: Formula, cells: Mapping[str, str]) -> str:
    """Return the value of an item from its inputs' cells, by key."""
    known = f"COUNT({','.join(cells.values())})<{len(cells)}"
    if formula.kind == "decline":
        before, now = cells[formula.before], cells[formula.now]
        value = f"IF({before}=0,IF({now}=0,1,0),MAX(0,({before}-{now})/{before}))"
    else:
        below = f"SUM({','.join(cells[key] for key in formula.denominators)})"
        value = f'IF({below}=0,"{UNANSWERABLE}",MIN(1,{cells[formula.numerator]}/{below}))'
    return f'=IF({known},"",{value})'


def input_sum(formula: Formula, cells: Mapping[str, str]) -> str:
    """Return the sum of what the item divides by, once all of it is there."""
    below = [cells[key] for key in formula.denominators]
    return f'=IF(COUNT({",".join(below)})<{len(below)},"",SUM({",".join(below)}))'


def index_value(formula: Formula, answer: str) -> str:
    """Return the value of an index."""
    return f'=IF(COUNT({answer})=0,"",{answer}/{number(formula.maximum)})'


def weighted(value: str, weight: str) -> str:
    """Return the points of an item with a weight of its own, from the formula of its value."""
    inner = value.removeprefix("=")
    return f"=IF(ISNUMBER({inner}),({inner})*{weight},0)"


def mean(node: Node, values: str, weight: str) -> str:
    """Return the points of a sub by the official rule; `values` is the range of its items' values."""
    return f"=IF(COUNT({values})=0,{_empty(node, values, weight)},AVERAGE({values})*{weight})"


def complete_mean(node: Node, values: str, weight: str) -> str:
    """Return the points of a sub with every unanswered item as nothing."""
    count, left_out = len(node.items), f'COUNTIF({values},"{UNANSWERABLE}")'
    return f"=IF({left_out}={count},{_empty(node, values, weight)},SUM({values})/({count}-{left_out})*{weight})"


def _empty(node: Node, values: str, weight: str) -> str:
    if node.when_empty != "full":
        return "0"
    return f'IF(COUNTIF({values},"{UNANSWERABLE}")={len(node.items)},{weight},0)'


def total(cells: Iterable[str]) -> str:
    """Return the sum of cells that stand apart."""
    return f"={'+'.join(cells)}"
