"""What the portal can propose for a sheet: its own figures beside the answer that stands there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, Suggestion
from supervisi.pages.moments import moment_words
from supervisi.scoring.instrument import Instrument, Item
from supervisi.services.public_facts import Figures, Line, read_figures
from supervisi.services.replies import ShownAnswer, author_text, show_answer
from supervisi.services.suggestions import digest_of, posting_to_decide, proposed_for
from supervisi.suggestions.rules import Proposed, Rule, rules_of
from wbbm.organisasi.models import User


@dataclass(frozen=True)
class Taken:
    """A proposal that was taken over before."""

    outcome: str
    shown: ShownAnswer
    reason: str
    by: str
    at: str
    evidence_url: str
    evidence: str
    # Whether the figures are still the same.
    is_current: bool


@dataclass(frozen=True)
class SuggestionLine:
    """One item: what the portal knows, what follows from it, what stands on the sheet."""

    item: Item
    title: str
    figures: tuple[Line, ...]
    source: str
    remind: str
    digest: str
    version: int
    uuid: str
    # A figure that decides is not known yet.
    is_incomplete: bool
    raw: Proposed
    proposed: ShownAnswer | None
    stored: ShownAnswer | None
    taken: Taken | None

    @property
    def agrees(self) -> bool:
        """Tell whether the sheet says what the portal proposes."""
        return self.proposed is not None and self.stored == self.proposed

    @property
    def is_done(self) -> bool:
        """Tell whether it was taken over by the very figures that hold now."""
        return self.taken is not None and self.taken.is_current


@dataclass(frozen=True)
class SuggestionPage:
    """What the page shows."""

    checklist: Checklist
    lines: tuple[SuggestionLine, ...]
    can_decide: bool

    @property
    def open_count(self) -> int:
        """How many proposals differ from the sheet."""
        return sum(line.proposed is not None and not line.agrees for line in self.lines)


def read_suggestions(checklist: Checklist, viewer: User) -> SuggestionPage | None:
    """Read the proposals for a sheet, or None where the instrument has no rules (a fixed number of queries)."""
    rules = rules_of(checklist.instrument.code).items
    engine = engine_instrument(checklist.instrument)
    codes = [code for code in rules if engine.has_item(code)]
    if not codes:
        return None
    figures = read_figures(checklist.unit, checklist.period, {rules[code].fact for code in codes})
    rows = Answer.objects.filter(checklist=checklist, item__code__in=codes).select_related("item")
    answers = {row.item.code: row for row in rows}
    taken: dict[str, Suggestion] = {}
    for row in Suggestion.objects.visible_to(viewer).on(checklist):
        taken.setdefault(row.answer.item.code, row)
    lines = (
        _line(checklist, engine, rules[code], figures[rules[code].fact], answers[code], taken.get(code))
        for code in codes
        if code in answers
    )
    order = {item.code: item.position for item in engine.items}
    return SuggestionPage(
        checklist=checklist,
        lines=tuple(sorted(lines, key=lambda line: order[line.item.code])),
        can_decide=posting_to_decide(viewer, checklist) is not None,
    )


def _line(
    checklist: Checklist, engine: Instrument, rule: Rule, figures: Figures, answer: Answer, row: Suggestion | None
) -> SuggestionLine:
    item = engine.item(rule.item_code)
    raw = proposed_for(rule, item, figures)
    digest = digest_of(checklist, rule, figures)
    stored = (answer.value or {}).get("answer")
    return SuggestionLine(
        item=item,
        title=figures.title,
        figures=figures.lines,
        source=figures.source,
        remind=rule.remind,
        digest=digest,
        version=answer.version,
        uuid=str(uuid.uuid4()),
        is_incomplete=rule.missing(figures.numbers),
        raw=raw,
        proposed=None if raw is None else show_answer(item, raw),
        stored=show_answer(item, stored) if answer.is_answered else None,
        taken=None if row is None else _taken(checklist, item, row, digest),
    )


def _taken(checklist: Checklist, item: Item, row: Suggestion, digest: str) -> Taken:
    return Taken(
        outcome=row.get_outcome_display(),
        shown=show_answer(item, row.decided),
        reason=row.reason,
        by=author_text(row.by, row.posting, checklist),
        at=moment_words(row.decided_at, checklist.unit.time_zone),
        evidence_url=row.evidence.get_absolute_url(),
        evidence=f"bukti {row.evidence.number_at(checklist.unit_id)}",
        is_current=row.digest == digest,
    )
