"""What happens to a percent item whose divisor is 0, in words: the rule stands where it applies (docs/penilaian.md)."""

from __future__ import annotations

from supervisi.scoring.instrument import Instrument, Item


def zero_rule(instrument: Instrument, item: Item) -> str:
    """Return the rule for the item's card; empty where nothing is divided."""
    formula = item.formula
    if formula is None or formula.kind == "index":
        return ""
    labels = {entry.key: entry.label for entry in item.inputs}
    if formula.kind == "decline":
        before, now = labels[formula.before], labels[formula.now]
        return f"Bila {before} dan {now} sama-sama 0, nilainya penuh; bila hanya {before} yang 0, nilainya 0."
    node = instrument.node(item.node_code)
    words = "tidak dapat dinilai dan tidak ikut dihitung"
    if all(other.formula is not None and other.formula.kind == "ratio" for other in node.items):
        share = "penuh" if node.when_empty == "full" else "0"
        words += f"; bila tidak ada butir lain yang dapat dinilai, {node.name} bernilai {share}"
    return f"Pembagi: {', '.join(labels[key] for key in formula.denominators)}. Bila jumlahnya 0, butir ini {words}."
