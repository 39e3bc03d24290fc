"""Scores, gates and answers of a sheet as its report writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby

from supervisi.charts import trimmed
from supervisi.documents.content import AreaBlock, AreaRow, GateRow, ItemRow, Photo, PredicateBlock, Section
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerEvidence, Checked, Checklist, Finding
from supervisi.scoring.engine import SheetScore
from supervisi.scoring.gates import judge
from supervisi.scoring.instrument import PERCENT, Instrument
from supervisi.scoring.rounding import shown
from supervisi.services.replies import show_answer

_CHECKED = {str(value): str(label) for value, label in Checked.choices}


def read_answers(checklist: Checklist) -> list[Answer]:
    """Read the due answers of a sheet, in its order."""
    rows = Answer.objects.filter(checklist=checklist, is_due=True).select_related("item")
    return list(rows.order_by("item__position"))


def area_rows(
    instrument: Instrument, answers: Iterable[Answer], findings: Iterable[Finding], score: SheetScore | None
) -> tuple[AreaRow, ...]:
    """Sum each area up; without a score only what was checked."""
    due, done, on_site = Counter[str](), Counter[str](), Counter[str]()
    for answer in answers:
        key = answer.item.area_key
        due[key] += 1
        done[key] += answer.is_answered
        on_site[key] += answer.value.get("checked") == Checked.SITE
    found = Counter(finding.item.area_key for finding in findings if finding.item is not None)
    rows = []
    for area in instrument.areas:
        result = score.area(area.key) if score is not None else None
        rows.append(
            AreaRow(
                key=area.key,
                label=area.label,
                answered=done[area.key],
                due=due[area.key],
                on_site=on_site[area.key],
                findings=found[area.key],
                weight=trimmed(result.weight) if result else "",
                score=shown(result.complete) if result else "",
                percent=shown(result.percent) if result else "",
            )
        )
    return tuple(rows)


def predicate_blocks(instrument: Instrument, score: SheetScore) -> tuple[PredicateBlock, ...]:
    """Judge every predicate; no figure is rounded over the limit that it misses."""
    return tuple(
        PredicateBlock(
            result.label,
            result.passed,
            tuple(
                GateRow(
                    label=gate.label,
                    required=trimmed(gate.required) + _unit(gate.measure),
                    actual=shown(gate.actual, gate=gate.required) + _unit(gate.measure),
                    distance=_signed(gate.distance),
                    passed=gate.passed,
                )
                for gate in result.gates
            ),
        )
        for result in judge(instrument, score)
    )


def _unit(measure: str) -> str:
    return "%" if measure == PERCENT else ""


def _signed(distance: Fraction) -> str:
    """Write a distance in points; a missed limit never shows as nothing."""
    if distance >= 0:
        return f"+{shown(distance)}"
    places = next((places for places in range(2, 10) if abs(distance) * 10**places >= 1), 10)
    return "\N{MINUS SIGN}" + shown(-distance, places=places)


def read_annex(checklist: Checklist, answers: list[Answer], score: SheetScore) -> tuple[AreaBlock, ...]:
    """Write every item with its answer, note and evidence."""
    instrument = engine_instrument(checklist.instrument)
    photos, papers = _evidence(checklist)
    by_area: dict[str, list[Answer]] = {}
    for answer in answers:
        by_area.setdefault(answer.item.area_key, []).append(answer)
    blocks = []
    for area in instrument.areas:
        rows = by_area.get(area.key, [])
        sections = tuple(
            Section(
                f"{code} {instrument.node(code).name}",
                tuple(_item(instrument, answer, score, photos, papers) for answer in group),
            )
            for code, group in groupby(rows, key=lambda answer: instrument.item(answer.item.code).node_code)
        )
        if sections:
            blocks.append(AreaBlock(area.key, area.label, sections))
    return tuple(blocks)


def _item(
    instrument: Instrument,
    answer: Answer,
    score: SheetScore,
    photos: dict[int, list[Photo]],
    papers: dict[int, list[str]],
) -> ItemRow:
    item = instrument.item(answer.item.code)
    said = show_answer(item, answer.value.get("answer"))
    value = score.item_values.get(item.code)
    return ItemRow(
        code=item.code,
        question=item.question,
        letter=said.letter,
        text=said.text,
        is_severe=said.is_severe,
        value=shown(value * 100) if value is not None else "",
        checked=_CHECKED.get(answer.value.get("checked") or "", ""),
        note=answer.value.get("note") or "",
        papers=tuple(papers.get(answer.pk, ())),
        photos=tuple(photos.get(answer.pk, ())),
    )


def _evidence(checklist: Checklist) -> tuple[dict[int, list[Photo]], dict[int, list[str]]]:
    """Return photos and other files by answer (one query)."""
    links = AnswerEvidence.objects.attached().filter(answer__checklist=checklist)
    photos: dict[int, list[Photo]] = {}
    papers: dict[int, list[str]] = {}
    for link in links.select_related("evidence__file", "evidence__unit").order_by("pk"):
        evidence, file = link.evidence, link.evidence.file
        caption = f"Bukti {evidence.number_at(checklist.unit_id)}: {evidence.title}"
        if file.thumbnail_path:
            photos.setdefault(link.answer_id, []).append(Photo(file.pk, caption, file.sha256))
        else:
            papers.setdefault(link.answer_id, []).append(caption)
    return photos, papers
