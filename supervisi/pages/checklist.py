"""One area of a sheet, as its page shows it: at most twelve queries, session, user and postings included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, AnswerRevision, Checklist, Layer, RevisionOutcome
from supervisi.pages.item_cards import CardBuilder, ItemCard, Member, Typed
from supervisi.scoring.instrument import Instrument
from supervisi.services.operations import Operation
from supervisi.services.owners import usual_owner
from supervisi.services.replies import ShownAnswer, show_answer
from supervisi.services.standing import AreaStanding, Progress, Row, Standing, percent, stand
from wbbm.organisasi.models import User

ALL, EMPTY, REVIEW, MINE, CHOOSE = "semua", "kosong", "tinjau", "tugas", "pilih"


@dataclass(frozen=True)
class Section:
    """Items under one heading."""

    heading: str
    cards: tuple[ItemCard, ...]

    @property
    def is_mine(self) -> bool:
        """Tell whether the viewer was assigned something here."""
        return any(card.is_mine for card in self.cards)


@dataclass(frozen=True)
class Unsaved:
    """What was posted to a sheet that was handed in meanwhile: shown, so that it can be copied."""

    code: str
    answer: ShownAnswer
    note: str

    @classmethod
    def of(cls, operation: Operation, instrument: Instrument) -> Self:
        """Read an operation that was refused."""
        answer = show_answer(instrument.item(operation.item_code), operation.card.answer)
        return cls(operation.item_code, answer, operation.card.note)


@dataclass(frozen=True)
class Filter:
    """A link that narrows the items shown."""

    key: str
    label: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class AreaPage:
    """What the page of one area shows."""

    checklist: Checklist
    standing: Standing
    area: AreaStanding
    sections: tuple[Section, ...]
    filters: tuple[Filter, ...]
    # People on whose behalf one may enter.
    members: tuple[Member, ...]
    can_write: bool
    # Item code of the first empty item here.
    next_empty: str

    @property
    def areas(self) -> tuple[AreaStanding, ...]:
        """Every area of the sheet, in order."""
        return self.standing.areas

    @property
    def progress(self) -> Progress:
        """Progress of the whole sheet."""
        return self.standing.progress

    @property
    def _position(self) -> int:
        return self.areas.index(self.area)

    @property
    def previous(self) -> AreaStanding | None:
        """The area before this one."""
        return self.areas[self._position - 1] if self._position else None

    @property
    def following(self) -> AreaStanding | None:
        """The area after this one."""
        return next(iter(self.areas[self._position + 1 :]), None)

    @property
    def next_empty_area(self) -> AreaStanding | None:
        """The next other area with an empty item, from here on and around."""
        order = (*self.areas[self._position + 1 :], *self.areas[: self._position])
        return next((area for area in order if area.progress.left), None)

    @property
    def shows_score(self) -> bool:
        """Tell whether the viewer may see scores: those of a draft are for its own team only."""
        return not self.checklist.is_sample and (self.can_write or not self.checklist.is_draft)

    @property
    def why_closed(self) -> str:
        """Say why nothing can be written; empty when the viewer may write."""
        return "" if self.can_write else why_closed(self.checklist)

    @property
    def can_record_findings(self) -> bool:
        """Tell whether the viewer may record findings; a unit records none against itself."""
        return self.can_write and self.checklist.layer != Layer.SELF

    @property
    def owner_title(self) -> str:
        """The office that usually answers a finding at the unit."""
        return usual_owner(self.checklist.unit)

    @property
    def provisional(self) -> str:
        """Score of the area over answered items."""
        return percent(self.area.provisional)

    @property
    def complete(self) -> str:
        """Score of the area with empty items as zero."""
        return percent(self.area.complete)


def read_area(
    *,
    checklist: Checklist,
    key: str,
    viewer: User,
    chosen: str = ALL,
    typed: Mapping[str, Typed] | None = None,
) -> AreaPage | None:
    """Read one area of a sheet; None when the instrument has no such area.

    Args:
        checklist: the sheet with its frame (`with_frame`).
        key: the area's key.
        viewer: who looks; decides about writing, own tasks and own conflicts.
        chosen: the filter.
        typed: by item code, what was posted and could not be saved; it stays in the fields.
    """
    instrument = engine_instrument(checklist.instrument)
    if key not in {area.key for area in instrument.areas}:
        return None
    can_write = checklist.is_draft and posting_to_write(viewer, checklist) is not None
    answers = _answers(checklist, viewer)
    standing = stand(instrument, (_row(answer) for answer in answers))
    here = [answer for answer in answers if answer.item.area_key == key and answer.is_due]
    builder = CardBuilder(checklist, instrument, viewer, timezone.now(), can_write, here, typed or {})
    cards = [builder.card(answer) for answer in here]
    sections = _sections(instrument, [card for card in cards if _is_kept(card, chosen)])
    shown = [card for section in sections for card in section.cards]
    return AreaPage(
        checklist=checklist,
        standing=standing,
        area=standing.area(key),
        sections=sections,
        filters=_filters(cards, chosen),
        members=builder.others if can_write else (),
        can_write=can_write,
        next_empty=next((card.item.code for card in shown if not card.is_answered), ""),
    )


def why_closed(checklist: Checklist) -> str:
    """Say why somebody who sees the sheet can't write on it."""
    visit = checklist.visit
    if checklist.is_final:
        return "Lembar ini final dan tidak dapat diubah."
    if not checklist.is_draft:
        return f"Lembar berstatus {checklist.get_status_display()} dan tidak dapat diubah."
    if visit is not None and visit.is_cancelled:
        return "Kunjungan ini dibatalkan. Jawabannya tetap dapat dibaca, tetapi tidak dapat ditambah."
    if visit is not None and not visit.takes_answers:
        return "Kunjungan belum dimulai. Lembar dapat diisi setelah ketua tim memulai kunjungan."
    return "Anda membaca lembar ini. Yang mengisi adalah tim atau operatornya."


def _answers(checklist: Checklist, viewer: User) -> list[Answer]:
    """Every answer of the sheet with its author, and the viewer's newest refused value that he has not dealt with."""
    mine = AnswerRevision.objects.filter(answer=OuterRef("pk"), author=viewer)
    later = AnswerRevision.objects.filter(
        answer=OuterRef("answer"), author=viewer, outcome=RevisionOutcome.ACCEPTED, pk__gt=OuterRef("pk")
    )
    undecided = mine.filter(~Exists(later), outcome=RevisionOutcome.CONFLICT).order_by("-pk").values("pk")[:1]
    copied = AnswerRevision.objects.filter(answer=OuterRef("pk"), copied_from__isnull=False)
    return list(
        Answer.objects.filter(checklist=checklist)
        .select_related("item", "author", "posting")
        .annotate(
            undecided=Subquery(undecided),
            source=Subquery(copied.values("copied_from")[:1]),
            source_name=Subquery(copied.values("copied_from__period__name")[:1]),
        )
        .order_by("item__position")
    )


def _row(answer: Answer) -> Row:
    return Row(
        answer_id=answer.pk,
        item_code=answer.item.code,
        area_key=answer.item.area_key,
        answer=answer.value.get("answer"),
        is_answered=answer.is_answered,
        is_due=answer.is_due,
        needs_review=answer.needs_review,
    )


def _is_kept(card: ItemCard, chosen: str) -> bool:
    if chosen == EMPTY:
        return not card.is_answered
    if chosen == REVIEW:
        return card.needs_review
    if chosen == MINE:
        return card.is_mine
    if chosen == CHOOSE:
        return card.conflict is not None
    return True


def _filters(cards: list[ItemCard], chosen: str) -> tuple[Filter, ...]:
    labels = {ALL: "Semua", EMPTY: "Belum diisi", REVIEW: "Perlu ditinjau", MINE: "Tugas saya", CHOOSE: "Perlu dipilih"}
    chosen = chosen if chosen in labels else ALL
    return tuple(
        Filter(key, label, sum(_is_kept(card, key) for card in cards), key == chosen) for key, label in labels.items()
    )


def _sections(instrument: Instrument, cards: list[ItemCard]) -> tuple[Section, ...]:
    """Put items under their headings; what the viewer was assigned comes first."""
    sections = [
        Section(instrument.node(code).name, tuple(group))
        for code, group in groupby(cards, key=lambda card: card.item.node_code)
    ]
    return tuple(sorted(sections, key=lambda section: not section.is_mine))
