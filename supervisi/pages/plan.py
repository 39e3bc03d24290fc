"""The way to a predicate as a page: steps with their gates, what is locked, what else there is, surveys, conditions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.utils import dateformat, timezone

from supervisi import access, charts
from supervisi.forms.plans import MARGINS, Corrections, days_text
from supervisi.models import Checklist, ConditionState, Finding, PlanLock
from supervisi.pages.dashboard_stations import score_text
from supervisi.pages.dashboard_verdict import ConditionLine, condition_lines
from supervisi.pages.moments import long_moment
from supervisi.pages.public_side import InternalIndex, beside
from supervisi.scoring.gates import GateResult
from supervisi.scoring.instrument import PERCENT, TOTAL, Gate, Item
from supervisi.scoring.plan_options import better_answers, is_survey, items_of_gate
from supervisi.scoring.planner import OutOfReach, Step, SurveyGate
from supervisi.scoring.rounding import shown
from supervisi.services.plan_entries import Known, is_open_for_plans
from supervisi.services.plans import SheetPlan, open_findings, show_state, why_no_findings
from supervisi.services.replies import ShownAnswer
from wbbm.organisasi.models import HeldPredicate, Unit, UnitKind, User

_ABOVE = {UnitKind.POLSEK: "Polres", UnitKind.POLRES: "Polda", UnitKind.POLDA: "Mabes"}
_MOST_BARS = 3


@dataclass(frozen=True)
class GateBar:
    """One gate after a step."""

    label: str
    x: str
    mark: str
    tone: str
    figure: str
    words: str
    passed: bool


@dataclass(frozen=True)
class WorkFields:
    """What may be corrected at an item, as it is shown now."""

    code: str
    days: str
    owner: str
    lock: str
    not_before: str
    fault: str
    typed: str
    note: str

    @property
    def value(self) -> str:
        """What stands in the field of days: what was typed wrongly stays."""
        return self.typed or self.days


@dataclass(frozen=True)
class StepLine:
    """One step."""

    number: int
    item: Item
    before: ShownAnswer
    after: ShownAnswer
    points: str
    days: str
    is_partial: bool
    work: WorkFields
    gates: tuple[GateBar, ...]
    # The open finding of the item, where there is one that the person sees.
    finding: Finding | None


@dataclass(frozen=True)
class OtherLine:
    """An item that is no step: locked, or not needed."""

    item: Item
    now: ShownAnswer
    work: WorkFields
    reason: str = ""
    can_open: bool = False


@dataclass(frozen=True)
class MissedLine:
    """A gate out of reach, and what would open it."""

    label: str
    most: str
    needed: str
    opened_by: tuple[str, ...]
    hint: str


@dataclass(frozen=True)
class SurveyLine:
    """A survey's gate: a track of its own."""

    label: str
    now: str
    needed: str
    passed: bool
    # The internal survey beside it.
    internal: InternalIndex | None = None


@dataclass(frozen=True)
class PlanPage:
    """What the page shows."""

    made: SheetPlan
    checklist: Checklist
    title: str
    tone: str
    goal: str
    predicates: tuple[tuple[str, str], ...]
    margins: tuple[tuple[str, str], ...]
    predicate: str
    margin: str
    now: str
    then: str
    gain: charts.Gain
    steps: tuple[StepLine, ...]
    days: str
    rows: int
    missed: tuple[MissedLine, ...]
    surveys: tuple[SurveyLine, ...]
    locked: tuple[OtherLine, ...]
    others: tuple[OtherLine, ...]
    conditions: tuple[ConditionLine, ...]
    locks: tuple[tuple[str, str], ...]
    can_correct: bool
    # The unit above for all of whose units the person may correct.
    wider: Unit | None
    wider_words: str
    can_task: bool
    no_findings: str
    printed: str
    corrections: Corrections

    @property
    def untold(self) -> int:
        """Steps without an open finding: so many would be made."""
        return sum(step.finding is None for step in self.steps)

    @property
    def margin_words(self) -> str:
        """The margin in a sentence."""
        return f"dengan cadangan {MARGINS[self.margin]}" if self.made.wish.margin else "tanpa cadangan"


def read_plan(made: SheetPlan, viewer: User, margin: str, corrections: Corrections | None = None) -> PlanPage:
    """Put a plan into words (two queries where the predicate has conditions, else none)."""
    checklist, plan, instrument = made.checklist, made.plan, made.instrument
    rule = instrument.predicate(made.wish.predicate)
    is_open = is_open_for_plans(checklist)
    can_correct = is_open and access.posting_to_estimate(viewer, checklist.unit) is not None
    wider = _wider(viewer, checklist.unit) if is_open else None
    desk = _Words(made, viewer, corrections or Corrections())
    desk.findings = open_findings(made, viewer) if plan.steps else {}
    steps = tuple(desk.step(number, step) for number, step in enumerate(plan.steps, start=1))
    locked, others = desk.rest()
    after = plan.steps[-1].total_after if plan.steps else plan.before.complete[TOTAL]
    required = next(target.required for target in plan.targets if target.gate.code == TOTAL)
    now = plan.before.complete[TOTAL]
    return PlanPage(
        made=made,
        checklist=checklist,
        title=_title(made),
        tone="bad" if plan.unreachable else "ok",
        goal=goal_name(rule.label),
        predicates=tuple((each.code, goal_name(each.label)) for each in instrument.predicates),
        margins=tuple(MARGINS.items()),
        predicate=rule.code,
        margin=margin,
        now=score_text(instrument, now),
        then=score_text(instrument, after),
        gain=charts.gain_bar(
            now, after, instrument.weight, required, label=f"Nilai total dari {shown(now)} menjadi {shown(after)}"
        ),
        steps=steps,
        days=days_text(plan.half_days),
        rows=len(plan.targets),
        missed=tuple(desk.missed(each) for each in plan.unreachable),
        surveys=tuple(desk.survey(each) for each in plan.surveys),
        locked=locked,
        others=others,
        conditions=_conditions(made),
        locks=_locks(checklist.unit),
        can_correct=can_correct or wider is not None,
        wider=wider,
        wider_words=f"semua {checklist.unit.get_kind_display()} di {wider.name}" if wider else "",
        can_task=any(step.finding is None for step in steps) and not why_no_findings(checklist)
        and access.posting_to_task(viewer, checklist.unit) is not None,
        no_findings=why_no_findings(checklist),
        printed=long_moment(timezone.now(), checklist.unit),
        corrections=corrections or Corrections(),
    )  # fmt: skip


def goal_name(label: str) -> str:
    """Return a predicate's name as it stands in a sentence: WBBM, siap mendukung WBBM."""
    name = label.removesuffix(" (internal)")
    return f"s{name[1:]}" if name.startswith("Siap ") else name


def points_text(points: Fraction) -> str:
    """Write points that are gained; never as none."""
    return f"+{shown(points)}" if points >= Fraction(1, 200) else "<0,01"


def _title(made: SheetPlan) -> str:
    plan = made.plan
    if plan.unreachable:
        first = plan.unreachable[0]
        if all(each.opened_by for each in plan.unreachable):
            codes = dict.fromkeys(code for each in plan.unreachable for code in each.opened_by)
            return f"Tidak dapat dicapai tanpa {_listed(list(codes))}"
        if all(each.is_only_margin for each in plan.unreachable):
            return "Tidak dapat dicapai dengan cadangan ini"
        if any(each.is_survey for each in plan.unreachable):
            return "Tidak dapat dicapai tanpa menaikkan survei"
        return f"Tidak dapat dicapai: {first.target.gate.label}"
    if not plan.steps:
        return "Tidak ada langkah yang diperlukan"
    return f"{len(plan.steps)} langkah, {days_text(plan.half_days)} hari kerja"


def _listed(codes: list[str]) -> str:
    kept = codes[:3]
    more = len(codes) - len(kept)
    return f"butir {', '.join(kept)}" + (f" dan {more} lagi" if more else "")


def _locks(unit: Unit) -> tuple[tuple[str, str], ...]:
    above = _ABOVE.get(UnitKind(unit.kind), "satuan atas")
    return (
        ("", "Dapat dikerjakan"),
        (PlanLock.IMPOSSIBLE, "Tidak mungkin"),
        (PlanLock.NEEDS_ABOVE, f"Perlu {above}"),
        (PlanLock.NOT_BEFORE, "Tidak mungkin sebelum tanggal"),
    )


def _wider(viewer: User, unit: Unit) -> Unit | None:
    """Return the nearest unit above for all of whose units the person may correct."""
    posting = access.posting_to_estimate_above(viewer, unit)
    return posting.unit if posting is not None else None


def _conditions(made: SheetPlan) -> tuple[ConditionLine, ...]:
    """Read the conditions beside the score with their newest state."""
    goal, unit = made.instrument.predicate(made.wish.predicate), made.checklist.unit
    if not any(condition.level == "unit" for condition in goal.conditions):
        return ()
    states = ConditionState.objects.filter(unit=unit, as_of__lte=made.today).order_by("code", "-as_of", "-pk")
    rows = HeldPredicate.objects.filter(unit=unit, revoked_on__isnull=True).order_by("-year")
    held = {str(code): year for code, year in rows.values_list("predicate", "year")}
    return tuple(condition_lines(states, held, goal))


class _Words:
    """Puts parts of one plan into words."""

    def __init__(self, made: SheetPlan, viewer: User, corrections: Corrections) -> None:
        self.made, self.plan, self.viewer, self.corrections = made, made.plan, viewer, corrections
        self.gates = self._shown_gates()
        self.findings: dict[str, Finding] = {}
        self.in_steps = {step.item.code for step in self.plan.steps}
        self.values = {step.item.code: step.before for step in self.plan.steps}

    def _shown_gates(self) -> list[Gate]:
        """The total, and what is missed now, the farthest first; each step repeats the same ones."""
        missed = [target for target in self.plan.targets if target.need > 0]
        missed.sort(key=lambda target: (target.gate.code != TOTAL, -target.need / target.weight))
        total = [target for target in self.plan.targets if target.gate.code == TOTAL]
        return [target.gate for target in dict.fromkeys([*total, *missed])][:_MOST_BARS]

    def known(self, code: str) -> Known:
        return self.made.known.get(code) or Known()

    def work(self, item: Item, half_days: int) -> WorkFields:
        known, lock = self.known(item.code), self.known(item.code).lock
        source = known.half_days_of
        return WorkFields(
            code=item.code,
            days=days_text(half_days),
            owner=self.made.owner(item.code),
            lock=lock.lock if lock else "",
            not_before=lock.not_before.isoformat() if lock and lock.not_before else "",
            fault=self.corrections.faults.get(item.code, ""),
            typed=self.corrections.typed.get(item.code, ""),
            note=f"menurut {source.name}" if source and source.pk != self.made.checklist.unit_id else "",
        )

    def step(self, number: int, step: Step) -> StepLine:
        return StepLine(
            number=number,
            item=step.item,
            before=show_state(step.item, step.before.raw),
            after=show_state(step.item, step.better.raw),
            points=points_text(step.points),
            days=days_text(step.better.half_days),
            is_partial=step.better.half_days != step.whole_half_days,
            work=self.work(step.item, step.whole_half_days),
            gates=tuple(self.bar(gate, step.after) for gate in self.gates),
            finding=self.findings.get(step.item.code),
        )

    def short(self, gate: Gate) -> str:
        """Return a name that fits beside a bar: that of the area's column."""
        shorts = {area.key: area.short for area in self.made.instrument.areas}
        return "Total" if gate.code == TOTAL else shorts.get(gate.code, gate.label)

    def bar(self, gate: Gate, after: tuple[GateResult, ...]) -> GateBar:
        result = next(each for each in after if each.code == gate.code)
        weight = next(target.weight for target in self.plan.targets if target.gate.code == gate.code)
        is_percent = gate.measure == PERCENT
        share = result.actual if is_percent else result.actual * 100 / weight
        limit = result.required if is_percent else result.required * 100 / weight
        figure = shown(result.actual, gate=result.required) + ("%" if is_percent else "")
        return GateBar(
            label=self.short(gate),
            x=charts.coordinate(share),
            mark=charts.coordinate(limit),
            tone="ok" if result.passed else "warn",
            figure=figure,
            words=f"{gate.label} {figure} dari {shown(result.required)}{'%' if is_percent else ''}",
            passed=result.passed,
        )

    def rest(self) -> tuple[tuple[OtherLine, ...], tuple[OtherLine, ...]]:
        """The items that are no steps although they could be better: locked ones, and the others."""
        locked, others = [], []
        for item in self.made.instrument.items:
            answer, half_days = self.made.plan_inputs[item.code]
            lock = self.known(item.code).lock
            if item.code in self.in_steps or not better_answers(item, answer, half_days):
                continue
            now = show_state(item, answer.raw)
            if lock is None:
                others.append(OtherLine(item, now, self.work(item, half_days)))
                continue
            far = f", dipasang {lock.unit.name}" if lock.unit_id != self.made.checklist.unit_id else ""
            day = f" {dateformat.format(lock.not_before, 'j F Y')}" if lock.not_before else ""
            above = _ABOVE.get(UnitKind(self.made.checklist.unit.kind), "satuan atas")
            reason = f"Perlu {above}" if lock.lock == PlanLock.NEEDS_ABOVE else str(lock.get_lock_display())
            can_open = not far or access.posting_to_estimate_below(self.viewer, lock.unit) is not None
            locked.append(OtherLine(item, now, self.work(item, half_days), f"{reason}{day}{far}", can_open))
        return tuple(locked), tuple(others)

    def blank(self, gate: Gate) -> int:
        """Count the items of numbers below a gate that nobody has filled in: no plan can tell what they would bring."""
        items = items_of_gate(self.made.instrument, gate.code)
        return sum(item.formula is not None and not self.made.plan_inputs[item.code][0].is_answered for item in items)

    def missed(self, each: OutOfReach) -> MissedLine:
        target = each.target
        needed = target.required + target.margin
        hint = ""
        if not each.opened_by:
            hint = (
                "Tanpa cadangan ambang ini terjangkau." if each.is_only_margin
                else "Memerlukan indeks survei yang lebih tinggi." if each.is_survey
                else "Semua butir terbaik pun belum cukup." if not self.blank(target.gate)
                else f"{self.blank(target.gate)} butir angka belum diisi dan dihitung nol; isi dulu."
            )  # fmt: skip
        return MissedLine(target.gate.label, shown(each.most, gate=needed), shown(needed), each.opened_by, hint)

    def survey(self, each: SurveyGate) -> SurveyLine:
        scale = Fraction(1)
        if each.item_code:
            item = self.made.instrument.item(each.item_code)
            assert is_survey(item) and item.formula is not None  # by its gate
            scale = item.formula.maximum / (item.weight or 1)
        needed = each.required * scale
        internal = beside(each.item_code, self.made.checklist) if each.item_code else None
        return SurveyLine(
            each.gate.label, shown(each.actual * scale, gate=needed), shown(needed), each.passed, internal
        )
