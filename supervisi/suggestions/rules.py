"""From figures to a proposed answer, by the rules of a data file."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
# What a rule proposes: a letter, inputs, or None where a person must judge.
Proposed = str | dict[str, int] | None


@dataclass(frozen=True)
class Step:
    """An option and the least figure for it; without a letter a person judges."""

    at_least: int
    letter: str | None


@dataclass(frozen=True)
class Rule:
    """How one item is proposed: which figures are read, and what follows from them."""

    item_code: str
    fact: str
    # Input of the item -> name of the figure.
    inputs: tuple[tuple[str, str], ...] = ()
    figure: str = ""
    steps: tuple[Step, ...] = ()
    # What the portal can't know and the person makes sure of.
    remind: str = ""

    @property
    def figures(self) -> frozenset[str]:
        """Names of the figures that decide."""
        return frozenset([name for _, name in self.inputs] + ([self.figure] if self.figure else []))

    def missing(self, figures: Mapping[str, int | None]) -> bool:
        """Tell whether a figure that decides is not known."""
        return any(figures.get(name) is None for name in self.figures)

    def propose(self, figures: Mapping[str, int | None]) -> Proposed:
        """Return the answer that follows from the figures; None where one is unknown or a person must judge."""
        if self.missing(figures):
            return None
        known = {name: value for name, value in figures.items() if value is not None}
        if self.inputs:
            return {key: known[name] for key, name in self.inputs}
        return next((step.letter for step in self.steps if known[self.figure] >= step.at_least), None)


@dataclass(frozen=True)
class Rules:
    """The rules of one instrument, by item code."""

    items: Mapping[str, Rule]
    # Items of an official external index -> the internal survey that stands beside it.
    indices: Mapping[str, str]


NO_RULES = Rules({}, {})


@functools.cache
def rules_of(instrument_code: str) -> Rules:
    """Return the rules for an instrument; none where there is no file (read once in a process)."""
    path = FOLDER / f"{instrument_code}.yaml"
    if path.parent != FOLDER or not path.exists():
        return NO_RULES
    document = yaml.safe_load(path.read_text())
    items = {code: _rule(code, entry) for code, entry in document["items"].items()}
    return Rules(items, dict(document["indices"]))


def _rule(code: str, entry: dict[str, Any]) -> Rule:
    steps = entry.get("steps", {})
    return Rule(
        item_code=code,
        fact=entry["fact"],
        inputs=tuple(entry.get("inputs", {}).items()),
        figure=steps.get("figure", ""),
        steps=tuple(Step(least, letter) for least, letter in steps.get("at_least", [])),
        remind=entry.get("remind", ""),
    )
