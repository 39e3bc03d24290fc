"""The plan of a sheet with what its unit knows about the work, and findings made of its steps."""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

from django.db import transaction

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Finding, Layer, PlanEntry, Severity
from supervisi.models.checklists import DISCLOSED_STATUSES
from supervisi.scoring.answers import AnswerFault, AnswerValue
from supervisi.scoring.engine import parse_answers
from supervisi.scoring.instrument import Instrument, Item
from supervisi.scoring.plan_options import work_of
from supervisi.scoring.planner import Plan, Step, make_plan
from supervisi.services.checklists import stored_answers
from supervisi.services.content import answers_of
from supervisi.services.findings import MOST_DUE_DAYS, record_planned
from supervisi.services.owners import usual_owner
from supervisi.services.plan_entries import Known, is_open_for_plans, known_at, read_entries
from supervisi.services.replies import ShownAnswer, show_answer
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, User

_log = logging.getLogger(__name__)
# A page waits no longer; a plan that took longer says so.
WEB_SECONDS = 1.0
_SOONEST_DUE = 14
# Plans that a process keeps, the oldest goes first.
_MOST_PLANS = 200
_plans: dict[tuple[Any, ...], Plan] = {}


@dataclass(frozen=True)
class Wish:
    """What the plan is for: a predicate, and points above its limits."""

    predicate: str
    margin: Fraction


@dataclass(frozen=True)
class SheetPlan:
    """A sheet's plan, with what it was made from."""

    checklist: Checklist
    instrument: Instrument
    wish: Wish
    plan: Plan
    known: dict[str, Known]
    # What every item has now, and the work that gives it all its points.
    plan_inputs: dict[str, tuple[AnswerValue, int]]
    today: datetime.date

    def owner(self, code: str) -> str:
        """Return the office that does the work at an item."""
        known = self.known.get(code)
        return (known.owner_title if known else "") or usual_owner(self.checklist.unit)

    @property
    def fingerprint(self) -> str:
        """Tells two plans apart: what a person saw is what becomes findings."""
        steps = [
            [step.item.code, step.better.raw, step.better.half_days, self.owner(step.item.code)]
            for step in self.plan.steps
        ]
        text = json.dumps([self.checklist.pk, self.wish.predicate, str(self.wish.margin), steps], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def plan_sheet(checklist: Checklist, wish: Wish, seconds: float = WEB_SECONDS) -> SheetPlan:
    """Plan the way of a sheet to a predicate (two queries).

    Raises:
        DomainError: the sheet has an answer that its instrument doesn't know.
    """
    entries = read_entries(checklist.instrument, checklist.unit)
    return _planned(checklist, wish, stored_answers(checklist), entries, seconds)


def plan_sheets(checklists: Sequence[Checklist], wish: Wish, seconds: float) -> list[SheetPlan]:
    """Plan the way of each of several sheets of one instrument (two queries).

    Sheets share no gate, so the least work of all is that of each.

    Args:
        seconds: for all of them; those that come after it is over get a plan that passes and may not be the least.

    Raises:
        DomainError: a sheet has an answer that its instrument doesn't know.
    """
    if not checklists:
        return []
    answers = answers_of(checklists)
    entries = read_entries(checklists[0].instrument, *(checklist.unit for checklist in checklists))
    ends = monotonic() + seconds
    return [
        _planned(checklist, wish, answers[checklist.pk], entries, min(WEB_SECONDS, ends - monotonic()))
        for checklist in checklists
    ]


def _planned(
    checklist: Checklist, wish: Wish, answers: dict[str, Any], entries: list[PlanEntry], seconds: float
) -> SheetPlan:
    instrument, today = engine_instrument(checklist.instrument), local_day(checklist.unit)
    known = known_at(checklist.unit, entries, today)
    half_days = {code: each.half_days for code, each in known.items() if each.half_days}
    locked = tuple(sorted(code for code, each in known.items() if each.lock))
    try:
        plan = _kept_plan(checklist, wish, answers, half_days, locked, seconds)
    except AnswerFault as fault:
        raise DomainError(f"Butir {fault.item_code}: {fault.message} Perbaiki jawabannya dulu.") from fault
    except ArithmeticError as fault:
        _log.exception("a plan of sheet %s was not confirmed", checklist.pk)
        raise DomainError("Rencana ini tidak dapat dibuktikan, jadi tidak ditampilkan. Beri tahu admin.") from fault
    values = parse_answers(instrument, answers)
    inputs = {item.code: (values[item.code], work_of(item, values[item.code], half_days)) for item in instrument.items}
    return SheetPlan(checklist, instrument, wish, plan, known, inputs, today)


def _kept_plan(
    checklist: Checklist, wish: Wish, answers: dict[str, Any], half_days: dict[str, int], locked: tuple[str, ...],
    seconds: float,
) -> Plan:  # fmt: skip
    """Make a plan, or return the one that this process made of the very same input: the engine always says the same."""
    row = checklist.instrument
    given = json.dumps([answers, half_days], sort_keys=True)
    key = (row.pk, row.sha256, wish, given, locked)
    plan = _plans.get(key)
    if plan is None:
        plan = make_plan(
            engine_instrument(row), answers, wish.predicate, half_days=half_days, locked=locked, margin=wish.margin,
            seconds=seconds,
        )  # fmt: skip
        # What ran out of time is tried again.
        if plan.is_least:
            while len(_plans) >= _MOST_PLANS:
                _plans.pop(next(iter(_plans)), None)
            _plans[key] = plan
    return plan


# --- findings -----------------------------------------------------------------------------------------


def why_no_findings(checklist: Checklist) -> str:
    """Say why no findings can be made of the sheet's plan now; nothing when they can."""
    if not is_open_for_plans(checklist):
        return "Lembar ini sudah selesai; rencananya hanya dapat dibaca."
    if checklist.is_draft:
        return "Temuan dari rencana dibuat setelah lembarnya diserahkan."
    if checklist.layer != Layer.SELF and checklist.status not in DISCLOSED_STATUSES:
        return "Temuan dari rencana dibuat setelah hasilnya disampaikan kepada satuan."
    return ""


def make_findings(*, checklist: Checklist, wish: Wish, fingerprint: str, by: User) -> tuple[list[Finding], int]:
    """Make a finding of each step that has none open yet; return those made, and how many there were already.

    Due in working days: what the steps up to it take together, at least a fortnight.

    Raises:
        NotAllowed: the person neither finds at the unit nor commands it.
        InvalidTransition: the sheet is over, not disclosed, or the plan is another than the one that was shown.
    """
    posting = access.posting_to_task(by, checklist.unit)
    if posting is None:
        raise NotAllowed("Temuan dibuat oleh pimpinan satuan atau supervisor dari satuan di atas.")
    reason = why_no_findings(checklist)
    if reason:
        raise InvalidTransition(reason)
    with transaction.atomic():
        # The write comes first: a second click waits here and then finds what the first one made.
        same = Checklist.objects.filter(pk=checklist.pk, status=checklist.status, period__closed_at__isnull=True)
        if not same.update(status=checklist.status):
            raise InvalidTransition("Lembar ini baru saja berubah keadaan. Muat ulang halaman ini.")
        made = plan_sheet(checklist, wish)
        if made.fingerprint != fingerprint:
            raise InvalidTransition("Rencananya sudah berubah. Periksa langkah yang sekarang, lalu jadikan temuan.")
        known = open_findings(made, by)
        return _record(made, known, by, posting), len(known)


def open_findings(made: SheetPlan, viewer: User) -> dict[str, Finding]:
    """Return the open finding of each step that has one, the latest, by item code (one query).

    Only what the person sees: what a team has not handed over yet is nobody's business at the unit.
    """
    codes = [step.item.code for step in made.plan.steps]
    sheet = made.checklist
    rows = Finding.objects.visible_to(viewer).open()
    rows = rows.filter(unit=sheet.unit, item__instrument=sheet.instrument_id, item__code__in=codes)
    return {finding.item.code: finding for finding in rows.select_related("item").order_by("pk") if finding.item}


def _record(made: SheetPlan, known: Collection[str], by: User, posting: Posting) -> list[Finding]:
    found, spent = [], 0
    for step in made.plan.steps:
        spent += step.better.half_days
        if step.item.code not in known:
            found.append(
                record_planned(
                    checklist=made.checklist, item_code=step.item.code, severity=Severity.MODERATE,
                    observation=_observed(step), recommendation=_advised(step, made),
                    owner_title=made.owner(step.item.code),
                    due_days=min(MOST_DUE_DAYS, max(_SOONEST_DUE, -(-spent // 2))),
                    target_option=step.better.raw if step.item.options else "", by=by, posting=posting,
                )
            )  # fmt: skip
    return found


def show_state(item: Item, raw: Any) -> ShownAnswer:
    """Read an answer as a step tells it: of inputs only how many of how many, "4 dari 5"."""
    shown, formula = show_answer(item, raw), item.formula
    if formula is None or formula.kind != "ratio" or not shown.letter:
        return shown
    return replace(shown, text=f"{raw[formula.numerator]} dari {sum(raw[key] for key in formula.denominators)}")


def _observed(step: Step) -> str:
    shown = show_state(step.item, step.before.raw)
    now = f"{shown.letter} {shown.text}".strip().rstrip(".") or "belum diisi"
    return f"{step.item.question} Sekarang: {now}."


def _advised(step: Step, made: SheetPlan) -> str:
    shown = show_state(step.item, step.better.raw)
    goal = made.instrument.predicate(made.wish.predicate).label
    return f"Capai {shown.letter} {shown.text}".strip().rstrip(".") + f". Langkah rencana menuju {goal}."
