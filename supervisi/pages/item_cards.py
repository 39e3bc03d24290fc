"""The cards of items, with everything that stands beside an answer: what was before, evidence, findings, conflicts."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import F, OuterRef, Q, Subquery

from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Checklist,
    ChecklistStatus,
    Layer,
    UnitScore,
    VisitMember,
)
from supervisi.pages.item_findings import KnownFinding, read_item_findings
from supervisi.pages.proposals import Proposal, read_area_evidence
from supervisi.pages.public_side import InternalIndex, beside
from supervisi.pages.validity import Validity, validity
from supervisi.pages.zero_rule import zero_rule
from supervisi.scoring.instrument import Instrument, Item
from supervisi.services.operations import Card, canonical
from supervisi.services.replies import ShownAnswer, author_text, moment_text, show_answer
from supervisi.suggestions.rules import rules_of
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, User


@dataclass(frozen=True)
class Option:
    """One choice of an item."""

    code: str
    criterion: str
    is_severe: bool
    is_chosen: bool


@dataclass(frozen=True)
class Field:
    """One input of a percent item."""

    key: str
    label: str
    suggested_minimum: int | None
    value: str


@dataclass(frozen=True)
class Typed:
    """A card that was posted and could not be saved, and why."""

    value: Mapping[str, Any]
    message: str


@dataclass(frozen=True)
class Before:
    """An answer to compare with: of the last counting sheet, or the unit's own."""

    label: str
    shown: ShownAnswer


@dataclass(frozen=True)
class Conflict:
    """A refused value of the viewer beside the stored one."""

    revision_uuid: str
    stored: ShownAnswer
    stored_card: Card
    stored_by: str
    stored_at: str
    mine: ShownAnswer
    mine_card: Card
    mine_at: str

    @property
    def stored_json(self) -> str:
        """The stored card for the script."""
        return canonical(self.stored_card.as_value())

    @property
    def mine_json(self) -> str:
        """The refused card for the script."""
        return canonical(self.mine_card.as_value())


@dataclass(frozen=True)
class EvidenceLine:
    """One piece of evidence at an item."""

    link_id: int
    file_id: int
    evidence_id: int
    # The same for all revisions of a document.
    document: str
    # With the unit's name where it is another unit's.
    number: str
    title: str
    validity: Validity
    # There is a newer revision than the one attached.
    is_older: bool
    size: int
    has_thumbnail: bool
    # The camera's clock, a claim; empty when the file tells none.
    taken: str

    @classmethod
    def of(cls, link: AnswerEvidence, checklist: Checklist, now: datetime.datetime) -> Self:
        """Describe a link that was read with its evidence and file."""
        evidence, file = link.evidence, link.evidence.file
        return cls(
            link_id=link.pk,
            file_id=file.pk,
            evidence_id=evidence.pk,
            document=f"{evidence.unit_id}-{evidence.number}",
            number=evidence.number_at(checklist.unit_id),
            title=evidence.title,
            # A sheet that was handed in is marked as it stood then.
            validity=validity(evidence, local_day(checklist.unit, checklist.submitted_at or now)),
            is_older=not evidence.is_current,
            size=file.size,
            has_thumbnail=bool(file.thumbnail_path),
            taken=moment_text(file.taken_at, checklist.unit.time_zone, now) if file.taken_at else "",
        )


@dataclass(frozen=True)
class ItemCard:
    """Everything that the card of one item shows."""

    item: Item
    answer_id: int
    version: int
    card: Card
    # What the fields show: the stored card, or what was typed and could not be saved.
    fields: Card
    # Why what was typed could not be saved; empty when all is well.
    fault: str
    is_answered: bool
    # Copied from an earlier sheet, and nobody has looked at it yet; from which, in words.
    needs_review: bool
    copied_from: str
    shown: ShownAnswer
    saved_at: str
    author: str
    # The office for whom the author entered, if any.
    on_behalf_of: str
    # That person, when he can't be chosen any more: who left, or the viewer. He stays in the list, or a plain form
    # that nobody touched would post another value.
    unlisted: Member | None
    options: tuple[Option, ...]
    inputs: tuple[Field, ...]
    index: str
    result: str
    zero_rule: str
    before: tuple[Before, ...]
    evidence: tuple[EvidenceLine, ...]
    # What proved the copied answer there and still holds.
    proposals: tuple[Proposal, ...]
    findings: int
    has_severe_finding: bool
    # Everything known of the item at the unit, from earlier visits too.
    known_findings: tuple[KnownFinding, ...]
    conflict: Conflict | None
    is_mine: bool
    # The internal survey beside the item of an official index; whether the portal has figures to propose from.
    internal: InternalIndex | None
    has_figures: bool
    # The UUID of the plain upload form.
    upload_uuid: str

    @property
    def base_json(self) -> str:
        """The card as it was when the page was made: only what differs from it becomes an operation."""
        return canonical(self.card.as_value())

    @property
    def is_folded(self) -> bool:
        """Answered items are folded when the page is opened, unless something has to be done there."""
        has_to_do = self.conflict is not None or bool(self.fault) or self.needs_finding
        return self.is_answered and not has_to_do

    @property
    def expired_evidence(self) -> int:
        """How many pieces of evidence have run out."""
        return sum(line.validity.has_expired for line in self.evidence)

    @property
    def asks_retest(self) -> bool:
        """Tell whether a closed finding is to be tested again."""
        return any(finding.asks_retest for finding in self.known_findings)

    @property
    def needs_finding(self) -> bool:
        """Tell whether the answer asks for a severe finding that nobody has recorded."""
        return self.shown.is_severe and not self.needs_review and not self.has_severe_finding

    @property
    def formula_json(self) -> str:
        """The item's formula for the preview in the browser."""
        formula = self.item.formula
        if formula is None:
            return "{}"
        return canonical(
            {
                "kind": formula.kind,
                "numerator": formula.numerator,
                "denominators": list(formula.denominators),
                "before": formula.before,
                "now": formula.now,
                "severe_below_full": self.item.severe_below_full,
            }
        )

    @property
    def maximum(self) -> str:
        """The end of an index scale."""
        return str(self.item.formula.maximum) if self.item.formula else ""

    @property
    def is_yes_no(self) -> bool:
        """Tell whether the item has two options without letters."""
        return {option.code for option in self.options} == {"Ya", "Tidak"}

    @property
    def is_index(self) -> bool:
        """Tell whether the answer is a number on a scale."""
        return not self.options and not self.inputs


@dataclass(frozen=True)
class Member:
    """A person who is or was of the team, by office."""

    user_id: int
    label: str
    is_here: bool


class CardBuilder:
    """Reads what the cards of an area need, once for all of them, and builds each."""

    def __init__(
        self,
        checklist: Checklist,
        instrument: Instrument,
        viewer: User,
        now: datetime.datetime,
        can_write: bool,
        answers: list[Answer],
        typed: Mapping[str, Typed],
    ) -> None:
        self.typed = typed
        self.checklist, self.instrument, self.viewer, self.now = checklist, instrument, viewer, now
        codes = [answer.item.code for answer in answers]
        self.refused = self._refused(answers) if can_write else {}
        self.before = self._before(codes)
        found = read_area_evidence(checklist, answers, viewer, now, can_write=can_write)
        self.evidence = {
            pk: [EvidenceLine.of(link, checklist, now) for link in links] for pk, links in found.links.items()
        }
        self.proposals = found.proposals
        self.findings = read_item_findings(checklist, codes, viewer)
        self.members, tasks = self._team()
        self.offices = {each.user_id: each.label for each in self.members}
        self.tasks = self._covered(tasks)

    def _refused(self, answers: list[Answer]) -> dict[int, AnswerRevision]:
        wanted = [answer.undecided for answer in answers if answer.undecided]  # type: ignore[attr-defined]
        if not wanted:
            return {}
        return {revision.answer_id: revision for revision in AnswerRevision.objects.filter(pk__in=wanted)}

    def _before(self, codes: list[str]) -> dict[str, list[Before]]:
        """Read the last counting sheet's and the unit's own answers (one query)."""
        sheet = self.checklist
        counting = (
            UnitScore.objects.filter(
                unit_id=sheet.unit_id,
                instrument_id=sheet.instrument_id,
                layer=sheet.layer,
                period__kind=sheet.period.kind,
                # The visit before in the same quarter counts as well.
                period__first_day__lte=sheet.period.first_day,
                counting__isnull=False,
            )
            .exclude(counting=sheet)
            .order_by("-period__last_day")
        )
        last = Q(checklist=Subquery(counting.values("counting")[:1]))
        if sheet.layer != Layer.SELF:
            last |= Q(
                checklist__unit_id=sheet.unit_id,
                checklist__period_id=sheet.period_id,
                checklist__instrument_id=sheet.instrument_id,
                checklist__layer=Layer.SELF,
            ) & ~Q(checklist__status=ChecklistStatus.DRAFT)
        rows = (
            Answer.objects.visible_to(self.viewer)
            .filter(last, item__code__in=codes, version__gt=0)
            .exclude(checklist=sheet)
            .order_by("checklist__period__first_day", "pk")
            .values_list("item__code", "value", "checklist__period__name", "checklist__layer")
        )
        found: dict[str, list[Before]] = {}
        for code, value, period, layer in rows:
            is_own = layer == Layer.SELF != sheet.layer
            label = Layer.SELF.label if is_own else period
            shown = show_answer(self.instrument.item(code), value.get("answer"))
            if shown.letter:
                found.setdefault(code, []).append(Before(label, shown))
        return found

    def _team(self) -> tuple[tuple[Member, ...], list[str]]:
        """Read the team by office, also those who left, and the viewer's own tasks (one query)."""
        if self.checklist.visit_id is None:
            return (), []
        office = Posting.objects.filter(
            user=OuterRef("user"), unit__path__in=self.checklist.unit.ancestor_paths, approved_at__isnull=False
        ).order_by("-starts_on", "-pk")
        rows = (
            VisitMember.objects.filter(visit=self.checklist.visit_id)
            .annotate(
                task=F("visit__assignments__node__code"),
                task_user=F("visit__assignments__user_id"),
                title=Subquery(office.values("title")[:1]),
                kind=Subquery(office.values("kind")[:1]),
            )
            .order_by("number", "pk", "visit__assignments__node__position")
            .values_list("user_id", "left_at", "user__name", "title", "kind", "task", "task_user")
        )
        members: dict[int, Member] = {}
        mine: list[str] = []
        for user_id, left_at, name, title, kind, task, task_user in rows:
            label = str(Posting(title=title, kind=kind)) if title else name
            members.setdefault(user_id, Member(user_id, label, left_at is None))
            if task and task_user == self.viewer.pk and task not in mine:
                mine.append(task)
        return tuple(members.values()), mine

    @property
    def others(self) -> tuple[Member, ...]:
        """People of the team now, on whose behalf the viewer may enter."""
        return tuple(each for each in self.members if each.is_here and each.user_id != self.viewer.pk)

    def _covered(self, nodes: Iterable[str]) -> frozenset[str]:
        """Return the codes of the items below the nodes."""
        covered: set[str] = set()
        for code in nodes:
            covered.update(item.code for item in self.instrument.items_under(code))
        return frozenset(covered)

    def card(self, answer: Answer) -> ItemCard:
        """Build the card of one answer."""
        item = self.instrument.item(answer.item.code)
        card = Card.of(answer.value)
        shown = show_answer(item, card.answer)
        known = self.findings.get(item.code, [])
        own = [finding for finding in known if finding.is_of_sheet]
        typed = self.typed.get(item.code)
        fields = Card.of(typed.value) if typed is not None else card
        given = fields.answer if isinstance(fields.answer, dict) else {}
        return ItemCard(
            item=item,
            answer_id=answer.pk,
            version=answer.version,
            card=card,
            fields=fields,
            fault=typed.message if typed is not None else "",
            is_answered=answer.is_answered,
            needs_review=answer.needs_review,
            copied_from=vars(answer)["source_name"] or "",
            shown=shown,
            saved_at=self._moment(answer.saved_at),
            author=author_text(answer.author, answer.posting, self.checklist),
            on_behalf_of=self.offices.get(card.on_behalf_of or 0, ""),
            unlisted=self._unlisted(fields.on_behalf_of),
            options=tuple(
                Option(option.code, option.criterion, option.is_severe, option.code == fields.answer)
                for option in item.options
            ),
            inputs=tuple(
                Field(each.key, each.label, each.suggested_minimum, str(given.get(each.key, "")))
                for each in item.inputs
            ),
            index=fields.answer.replace(".", ",") if isinstance(fields.answer, str) and not item.options else "",
            result=shown.letter,
            zero_rule=zero_rule(self.instrument, item),
            before=tuple(self.before.get(item.code, ())),
            evidence=tuple(self.evidence.get(answer.pk, ())),
            proposals=self._proposals(answer),
            findings=len(own),
            has_severe_finding=any(finding.is_severe for finding in own),
            known_findings=tuple(known),
            conflict=self._conflict(item, answer, card),
            internal=beside(item.code, self.checklist),
            has_figures=item.code in rules_of(self.checklist.instrument.code).items,
            is_mine=item.code in self.tasks,
            upload_uuid=str(uuid.uuid4()),
        )

    def _proposals(self, answer: Answer) -> tuple[Proposal, ...]:
        """Leave out what is attached already, in whatever revision."""
        here = {line.document for line in self.evidence.get(answer.pk, ())}
        return tuple(each for each in self.proposals.get(answer.item.code, ()) if each.document not in here)

    def _unlisted(self, person: int | None) -> Member | None:
        listed = {each.user_id for each in self.others}
        return next((each for each in self.members if each.user_id == person and person not in listed), None)

    def _conflict(self, item: Item, answer: Answer, card: Card) -> Conflict | None:
        refused = self.refused.get(answer.pk)
        if refused is None:
            return None
        mine = Card.of(refused.value)
        if mine == card:
            return None
        return Conflict(
            revision_uuid=str(refused.uuid),
            stored=show_answer(item, card.answer),
            stored_card=card,
            stored_by=author_text(answer.author, answer.posting, self.checklist),
            stored_at=self._moment(answer.saved_at),
            mine=show_answer(item, mine.answer),
            mine_card=mine,
            mine_at=self._moment(refused.saved_at),
        )

    def _moment(self, moment: datetime.datetime | None) -> str:
        return moment_text(moment, self.checklist.unit.time_zone, self.now) if moment else ""
