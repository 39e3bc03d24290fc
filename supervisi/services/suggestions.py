"""Taking over a proposal: the figures are frozen as evidence, and the answer is saved like any other."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Answer, Checklist, Evidence, Layer, Suggestion, SuggestionOutcome
from supervisi.scoring.answers import AnswerFault, parse_answer
from supervisi.scoring.instrument import Item
from supervisi.services import vault
from supervisi.services.answers import SAVED, Outcome, save_operation
from supervisi.services.checklists import LockedChecklist
from supervisi.services.operations import Card, Operation, canonical, clean_note
from supervisi.services.public_facts import Figures, read_figures
from supervisi.suggestions.rules import Proposed, Rule, rules_of
from wbbm.errors import DomainError, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.files.services import discard, receive, store
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.tables import Cell, Table, table_bytes, table_of


class FiguresMoved(DomainError):
    """The figures are not those that the person looked at."""

    status = 409
    code = "figures-moved"

    def __init__(self) -> None:
        super().__init__("Angkanya berubah sejak halaman ini dibuka. Periksa angka yang baru, lalu putuskan lagi.")


class NothingProposed(DomainError):
    """The portal has no answer for the item: the person gives one, with a reason."""

    def __init__(self) -> None:
        super().__init__("Portal tidak mengusulkan jawaban untuk butir ini. Pilih jawabannya dan tulis alasannya.")


@dataclass(frozen=True)
class Decision:
    """What a person makes of a proposal; without an answer it is taken as it is."""

    item_code: str
    # Hash of the figures that the person looked at, and the version of the answer then.
    digest: str
    base_version: int
    # Made with the page: the same press twice is one.
    uuid: uuid.UUID
    answer: Any = None
    reason: str = ""


@dataclass(frozen=True)
class Decided:
    """What became of a decision: the proposal as it is kept, or why the answer was not saved."""

    outcome: Outcome
    suggestion: Suggestion | None


def proposed_for(rule: Rule, item: Item, figures: Figures) -> Proposed:
    """Return what is proposed for the item; None where the figures or the item allow no answer."""
    proposed = rule.propose(figures.numbers)
    try:
        parsed = parse_answer(item, proposed)
    except AnswerFault:
        # The item is asked differently in this version of the instrument.
        return None
    return parsed.raw if parsed.is_answered else None


def digest_of(checklist: Checklist, rule: Rule, figures: Figures) -> str:
    """Return the hash of the figures for an item of a sheet."""
    said = {"sheet": checklist.pk, "item": rule.item_code, "fact": rule.fact} | figures.as_value()
    return hashlib.sha256(canonical(said).encode()).hexdigest()


def decide_suggestion(*, checklist: Checklist, decision: Decision, by: User) -> Decided:
    """Answer an item from the portal's figures, as proposed or corrected, and keep them as its evidence.

    Args:
        checklist: the sheet with its frame.
        decision: what was looked at and what was decided.
        by: who decides.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        FiguresMoved: the figures are others by now.
        NothingProposed: there is nothing to take as it is.
        DomainError: no rule for the item, or a correction without a reason.
        InvalidOperation: the answer is none of the item's.
    """
    posting = posting_to_write(by, checklist)
    if posting is None:
        raise NotAllowed("Usulan dipakai oleh yang mengisi lembar ini.")
    if not checklist.is_draft:
        raise LockedChecklist(checklist)
    rule = rules_of(checklist.instrument.code).items.get(decision.item_code)
    if rule is None:
        raise DomainError("Portal tidak mempunyai angka untuk butir ini.")
    item = engine_instrument(checklist.instrument).item(decision.item_code)
    known = _known(checklist, decision)
    if known is not None:
        return known
    figures = read_figures(checklist.unit, checklist.period, (rule.fact,))[rule.fact]
    digest = digest_of(checklist, rule, figures)
    if digest != decision.digest:
        raise FiguresMoved
    proposed = proposed_for(rule, item, figures)
    reason = clean_note(decision.reason).strip()
    if decision.answer is None and proposed is None:
        raise NothingProposed
    if decision.answer is not None and not reason:
        raise DomainError("Tulis alasan koreksinya.")
    row = Suggestion(
        uuid=decision.uuid,
        fact=rule.fact,
        figures=figures.as_value(),
        digest=digest,
        proposed=proposed,
        decided=proposed if decision.answer is None else decision.answer,
        outcome=SuggestionOutcome.ACCEPTED if decision.answer is None else SuggestionOutcome.CORRECTED,
        reason="" if decision.answer is None else reason,
        by=by,
        posting=posting,
    )
    return _keep(checklist, item, figures, decision, row)


def _known(checklist: Checklist, decision: Decision) -> Decided | None:
    """Return what the same press did before."""
    row = Suggestion.objects.filter(uuid=decision.uuid, answer__checklist=checklist).first()
    return None if row is None else Decided(Outcome(SAVED, {}, is_repeat=True), row)


def _keep(checklist: Checklist, item: Item, figures: Figures, decision: Decision, row: Suggestion) -> Decided:
    answer = Answer.objects.get(checklist=checklist, item__code=item.code)
    answer.checklist = checklist
    before = Card.of(answer.value or {})
    card = Card(answer=row.decided, note=before.note or row.reason, checked=before.checked)
    operation = Operation(uuid.uuid4(), item.code, decision.base_version, card)
    file = write_figures(checklist, item, figures, row)
    try:
        with transaction.atomic():
            outcome = save_operation(checklist=checklist, operation=operation, by=row.by)
            if outcome.code == SAVED:
                freeze(answer, item, figures, file, row)
    except (DomainError, IntegrityError) as fault:
        # Rolled back for certain; after any other fault the bytes stay, lest a row should be without them.
        discard(file)
        known = _known(checklist, decision) if isinstance(fault, IntegrityError) else None
        if known is None:
            raise
        return known
    if outcome.code != SAVED:
        discard(file)
        return Decided(outcome, None)
    return Decided(outcome, row)


def freeze(answer: Answer, item: Item, figures: Figures, file: StoredFile, row: Suggestion) -> None:
    """Keep what was decided on an answer, with the figures as its evidence; the caller holds the transaction."""
    checklist = answer.checklist
    row.answer = answer
    row.evidence = _evidence(checklist, item, figures, file, row)
    vault.tie(answer, row.evidence, uuid.uuid4(), row.by, row.posting)
    row.save(force_insert=True)
    _tell(checklist, item, row)


def _tell(checklist: Checklist, item: Item, row: Suggestion) -> None:
    changes = {"item": [None, item.code], "fact": [None, row.fact], "digest": [None, row.digest]}
    record(
        f"suggestion.{row.outcome}", by=row.by, posting=row.posting, about=checklist, unit=checklist.unit,
        changes=changes, reason=row.reason,
    )  # fmt: skip


# --- the frozen figures -------------------------------------------------------------------------------


def write_figures(checklist: Checklist, item: Item, figures: Figures, row: Suggestion) -> StoredFile:
    """Write the figures as a workbook of their own."""
    data = table_bytes(_table(checklist, item, figures, row), "xlsx")
    upload = SimpleUploadedFile(f"data-portal-{row.fact}-{item.code}.xlsx".lower(), data)
    return store(receive(upload), kind=vault.FILE_KIND, by=row.by, time_zone=checklist.unit.time_zone)


def _table(checklist: Checklist, item: Item, figures: Figures, row: Suggestion) -> Table:
    today = local_day(checklist.unit, row.decided_at)
    lines: list[tuple[Cell, ...]] = [
        ("Satuan", checklist.unit.name),
        ("Periode", checklist.period.name),
        ("Butir", f"{item.code} {item.question}"),
        ("Angka", figures.title),
        *((line.label, line.value) for line in figures.lines),
        ("Sumber", figures.source),
        ("Diambil pada", today),
        ("Sidik angka (SHA-256)", row.digest),
    ]
    return table_of("Data portal", ("Keterangan", "Isi"), lines)


def _evidence(checklist: Checklist, item: Item, figures: Figures, file: StoredFile, row: Suggestion) -> Evidence:
    today = local_day(checklist.unit, timezone.now())
    return vault.create_numbered(
        unit=checklist.unit,
        file=file,
        facts=vault.Facts(title=f"Data portal: {figures.title}, butir {item.code}", dated_on=today),
        by=row.by,
        posting=row.posting,
        is_own=checklist.layer == Layer.SELF,
    )


def posting_to_decide(user: User, checklist: Checklist) -> Posting | None:
    """Whoever fills in the sheet, while it is a draft."""
    return posting_to_write(user, checklist) if checklist.is_draft else None
