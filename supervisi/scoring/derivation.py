"""How each score of a sheet comes about: every step of the engine, with what went in (docs/penilaian.md, 4).

The engine's own figures stand at every node; beside them what they are made of, so that anybody can add it up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .answers import AnswerValue
from .engine import SheetScore, parse_answers, score_values
from .instrument import Instrument, Item, Node

# How a node comes to its score.
PARTS, MEAN, WEIGHTED, FULL, NOTHING = "parts", "mean", "weighted", "full", "nothing"


@dataclass(frozen=True)
class ItemStep:
    """One item: its answer as the engine read it, and what it counts as in the complete score.

    `counts_as` is 0..1, None when the item is left out of the mean; `points` is what an item with a weight of its own
    brings.
    """

    item: Item
    answer: AnswerValue
    counts_as: Fraction | None
    points: Fraction | None


@dataclass(frozen=True)
class NodeStep:
    """One node: how it is made, what of, and what the engine gave (points, complete and provisional).

    `counted` items make the mean, `sum_of_values` is their sum; both are for `MEAN` only.
    """

    node: Node
    kind: str
    items: tuple[ItemStep, ...]
    counted: int
    sum_of_values: Fraction
    complete: Fraction
    provisional: Fraction


@dataclass(frozen=True)
class Derivation:
    """All nodes of a sheet, each before what lies below it, and the engine's result."""

    nodes: tuple[NodeStep, ...]
    score: SheetScore


def derive(instrument: Instrument, answers: Mapping[str, Any]) -> Derivation:
    """Score a sheet and tell how each figure came about.

    Raises:
        AnswerFault: an answer that its item can't have.
    """
    values = parse_answers(instrument, answers)
    score = score_values(instrument, values)
    return Derivation(tuple(_step(node, values, score) for root in instrument.root for node in _all(root)), score)


def _all(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in _all(child))]


def _step(node: Node, values: Mapping[str, AnswerValue], score: SheetScore) -> NodeStep:
    items = tuple(_item(item, values[item.code]) for item in node.items)
    counting = [step.counts_as for step in items if step.counts_as is not None]
    return NodeStep(
        node=node,
        kind=_kind(node, counting),
        items=items,
        counted=len(counting),
        sum_of_values=sum(counting, Fraction()),
        complete=score.complete[node.code],
        provisional=score.provisional[node.code],
    )


def _item(item: Item, answer: AnswerValue) -> ItemStep:
    counts_as = None if answer.is_unanswerable else answer.value or Fraction()
    points = (counts_as or Fraction()) * item.weight if item.weight is not None else None
    return ItemStep(item, answer, counts_as, points)


def _kind(node: Node, counting: list[Fraction]) -> str:
    if node.children:
        return PARTS
    if node.rule == "sum":
        return WEIGHTED
    if counting:
        return MEAN
    return FULL if node.when_empty == "full" else NOTHING
