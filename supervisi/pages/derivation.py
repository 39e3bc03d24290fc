"""How a sheet's figures came about: answer, value, mean, weight, sum, with author, time and evidence; five queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Count, Q

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, ChecklistScore
from supervisi.pages.moments import long_moment
from supervisi.scoring.derivation import FULL, MEAN, NOTHING, PARTS, WEIGHTED, Derivation, ItemStep, NodeStep, derive
from supervisi.scoring.instrument import TOTAL, Area, Instrument
from supervisi.scoring.rounding import decimal_string, from_units, shown, to_units
from supervisi.services.content import stored_answers
from supervisi.services.replies import ShownAnswer, author_text, show_answer

_PLACES = 4
_WHY_FIXED = {
    FULL: "Semua butirnya tidak dapat dinilai; menurut instrumen bagian ini bernilai penuh.",
    NOTHING: "Semua butirnya tidak dapat dinilai; bagian ini bernilai 0.",
}


@dataclass(frozen=True)
class ItemLine:
    """One item: what was answered, by whom, when, with how much evidence, and what it counts as."""

    code: str
    question: str
    rule: str
    area_key: str
    answer: ShownAnswer
    value: str
    # Why it counts as it does, where the answer doesn't say so itself.
    note: str
    author: str
    at: str
    evidence: int
    points: str


@dataclass(frozen=True)
class NodeLine:
    """One node with its sum, written out."""

    code: str
    name: str
    depth: int
    weight: str
    complete: str
    sum: str
    provisional: str
    items: tuple[ItemLine, ...]

    @property
    def level(self) -> int:
        """The level of its heading."""
        return min(self.depth + 2, 5)


@dataclass(frozen=True)
class AreaSum:
    """One area: its nodes added up, against its weight."""

    key: str
    label: str
    sum: str
    percent: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class DerivationPage:
    """The derivation of a sheet's score."""

    checklist: Checklist
    total: str
    sum: str
    provisional: str
    areas: tuple[AreaSum, ...]
    nodes: tuple[NodeLine, ...]
    unanswered: int
    unanswerable: int
    # What the dashboards show, and whether it is what was worked out here.
    stored: str
    stored_at: str
    is_same: bool
    printed: str = ""


def exact(value: Fraction) -> str:
    """Write a figure of the derivation: "0,67", "2,5"; what goes on for ever gets an ellipsis: "0,6667…"."""
    text = decimal_string(value, _PLACES)
    mark = "" if Fraction(text) == value else "…"
    if not mark:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",") + mark


def anchor_of(instrument: Instrument, code: str) -> str:
    """Return where the figure of a gate stands on the page: the total, an area, a node or an item."""
    if code == TOTAL:
        return "total"
    if any(area.key == code for area in instrument.areas):
        return f"a-{code}"
    return f"i-{code}" if instrument.has_item(code) else f"n-{code}"


def read_derivation(checklist: Checklist) -> DerivationPage:
    """Work out the score of a sheet anew and tell how; whoever asks may see the score."""
    instrument = engine_instrument(checklist.instrument)
    found = derive(instrument, stored_answers(checklist))
    rows = {
        answer.item.code: answer
        for answer in Answer.objects.filter(checklist=checklist)
        .select_related("item", "author", "posting__unit")
        .annotate(evidence_count=Count("evidence_links", filter=Q(evidence_links__detached_at__isnull=True)))
    }
    stored = ChecklistScore.objects.filter(checklist=checklist).first()
    total = found.score.complete[TOTAL]
    return DerivationPage(
        checklist=checklist,
        total=shown(total),
        sum=_joined((root.code, found.score.complete[root.code]) for root in instrument.root) + f" = {exact(total)}",
        provisional=_provisional(total, found.score.provisional[TOTAL]),
        areas=tuple(_area(area, instrument, found) for area in instrument.areas),
        nodes=tuple(_node(step, found, checklist, rows) for step in found.nodes),
        unanswered=len(found.score.unanswered),
        unanswerable=len(found.score.unanswerable),
        stored=shown(from_units(stored.complete)) if stored is not None else "",
        stored_at=long_moment(stored.computed_at, checklist.unit) if stored is not None else "",
        is_same=stored is not None and stored.complete == to_units(total),
    )


def _joined(parts: Iterable[tuple[str, Fraction]]) -> str:
    return " + ".join(f"{code} {exact(value)}" for code, value in parts)


def _provisional(complete: Fraction, provisional: Fraction) -> str:
    return exact(provisional) if provisional != complete else ""


def _area(area: Area, instrument: Instrument, found: Derivation) -> AreaSum:
    score, weight = found.score.area(area.key), instrument.area_weight(area.key)
    parts = _joined((code, found.score.complete[code]) for code in area.nodes)
    return AreaSum(
        key=area.key,
        label=area.label,
        sum=f"({parts}) ÷ {exact(weight)}" if len(area.nodes) > 1 else f"{parts} ÷ {exact(weight)}",
        percent=shown(score.percent),
        nodes=area.nodes,
    )


def _node(step: NodeStep, found: Derivation, checklist: Checklist, rows: Mapping[str, Answer]) -> NodeLine:
    return NodeLine(
        code=step.node.code,
        name=step.node.name,
        depth=step.node.depth,
        weight=exact(step.node.weight),
        complete=exact(step.complete),
        sum=_sum(step, found),
        provisional=_provisional(step.complete, step.provisional),
        items=tuple(_item(item, checklist, rows.get(item.item.code)) for item in step.items),
    )


def _sum(step: NodeStep, found: Derivation) -> str:
    """Write out how a node comes to its score."""
    if step.kind == PARTS:
        return _joined((child.code, found.score.complete[child.code]) for child in step.node.children)
    if step.kind == WEIGHTED:
        return " + ".join(f"{exact(each.counts_as or Fraction())} × {exact(each.item.weight or Fraction())}"
                          for each in step.items)  # fmt: skip
    if step.kind == MEAN:
        values = " + ".join(exact(each.counts_as) for each in step.items if each.counts_as is not None)
        mean = f"({values}) ÷ {step.counted}" if step.counted > 1 else values
        return f"{mean} × {exact(step.node.weight)}"
    return _WHY_FIXED[step.kind]


def _item(step: ItemStep, checklist: Checklist, row: Answer | None) -> ItemLine:
    return ItemLine(
        code=step.item.code,
        question=step.item.question,
        rule=step.item.rule,
        area_key=step.item.area_key,
        answer=show_answer(step.item, step.answer.raw),
        value=exact(step.counts_as) if step.counts_as is not None else "–",
        note=_note(step),
        author=author_text(row.author, row.posting, checklist) if row is not None and row.version else "",
        at=long_moment(row.saved_at, checklist.unit) if row is not None else "",
        evidence=vars(row)["evidence_count"] if row is not None else 0,
        points=exact(step.points) if step.points is not None else "",
    )


def _note(step: ItemStep) -> str:
    if step.answer.is_unanswerable:
        return "tidak dapat dinilai, ditinggalkan dari rerata"
    return "" if step.answer.is_answered else "belum diisi, dihitung 0"
