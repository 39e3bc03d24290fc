"""The rows of an instrument as the official workbook lists them: one row a node, item or input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from supervisi.scoring.instrument import Instrument, Item, Node

SCALE_WORDS = {
    "yes_no": "Ya/Tidak",
    "abc": "A/B/C",
    "abcd": "A/B/C/D",
    "abcde": "A/B/C/D/E",
    "percent": "%",
    "index": "Nilai\n(0-4)",
}
INPUT_WORD = "Jumlah"
SUM_LABEL = "- Jumlah seluruhnya"
# Columns under `Penilaian`: marker in one, text in the next, one further right for each level.
OUTLINE_COLUMNS = 6


@dataclass(frozen=True)
class Line:
    """One row. Of a node `item` is None; of an input `input_key` is set; a sum row adds a formula's denominators."""

    level: int
    marker: str
    text: str
    node: Node | None = None
    item: Item | None = None
    input_key: str = ""
    is_sum: bool = False

    @property
    def is_item(self) -> bool:
        """Tell whether the row is the item itself."""
        return self.item is not None and not self.input_key and not self.is_sum


def outline(instrument: Instrument) -> Iterator[Line]:
    """Return the rows of the sheet in order."""
    for root in instrument.root:
        yield from _of_node(root, 0)


def _of_node(node: Node, level: int) -> Iterator[Line]:
    yield Line(level, f"{_last(node.code)}.", node.name, node=node)
    for child in node.children:
        yield from _of_node(child, level + 1)
    for item in node.items:
        yield from _of_item(item, level + 1)


def _of_item(item: Item, level: int) -> Iterator[Line]:
    yield Line(level, f"{_last(item.code)}.", item.question, item=item)
    if has_sum(item):
        yield Line(level, "", SUM_LABEL, item=item, is_sum=True)
    for entry in item.inputs:
        yield Line(level, "", f"- Jumlah: {entry.label}", item=item, input_key=entry.key)


def has_sum(item: Item) -> bool:
    """Tell whether the workbook shows the sum of what the item divides by."""
    return item.formula is not None and len(item.formula.denominators) > 1


def _last(code: str) -> str:
    return code.rsplit(".", 1)[-1]
