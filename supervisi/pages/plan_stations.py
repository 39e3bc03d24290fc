"""The way of all units below to a predicate: which unit's which item helps most, and which unit is nearest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from supervisi.forms.plans import MARGINS, days_text
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Instrument, Layer, Period, UnitScore
from supervisi.pages.dashboard_stations import score_text
from supervisi.pages.layer_list import INSTRUMENTS, chosen_period, units_below
from supervisi.pages.plan import goal_name, points_text
from supervisi.scoring.instrument import TOTAL, Item
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.planner import Step
from supervisi.services.plans import SheetPlan, Wish, plan_sheets, show_state
from supervisi.services.replies import ShownAnswer
from wbbm.organisasi.models import Unit, UnitKind, User

# By which sheets units of a kind are ranked: stations by supervision, districts by the auditor, else by their own.
_LAYERS = {UnitKind.POLSEK: (Layer.SUPERVISION,), UnitKind.POLRES: (Layer.TPI, Layer.SELF)}
_MOST_STEPS, _MOST_ITEMS = 10, 5
# For all plans of one request; a single one takes some hundredths of a second.
_SECONDS = 4.0


@dataclass(frozen=True)
class HelpLine:
    """One step of one unit."""

    unit: Unit
    sheet_id: int
    item: Item
    before: ShownAnswer
    after: ShownAnswer
    points: str
    days: str


@dataclass(frozen=True)
class UnitLine:
    """One unit: its score now and after its plan, the work, or why there is none."""

    unit: Unit
    sheet_id: int
    now: str
    then: str
    steps: int
    days: str
    note: str
    tone: str


@dataclass(frozen=True)
class ItemLine:
    """An item that is a step at several units: one training or order for all of them."""

    item: Item
    units: int
    points: str
    days: str


@dataclass(frozen=True)
class StationsPage:
    """What the page shows."""

    unit: Unit
    kind_label: str
    instrument: EngineInstrument
    goal: str
    predicates: tuple[tuple[str, str], ...]
    margins: tuple[tuple[str, str], ...]
    predicate: str
    margin: str
    periods: tuple[Period, ...]
    period: Period | None
    title: str
    summary: str
    is_least: bool
    helps: tuple[HelpLine, ...]
    steps: int
    items: tuple[ItemLine, ...]
    lines: tuple[UnitLine, ...]
    # Names of units without a counting sheet in the period.
    without: tuple[str, ...]


@dataclass(frozen=True)
class Below:
    """The units directly below one, with the instrument by which they are planned."""

    unit: Unit
    kind: UnitKind
    units: tuple[Unit, ...]
    instrument: Instrument


def read_below(user: User, unit_id: int) -> Below | None:
    """Read the units that the person oversees directly below one; None where there are none (two queries)."""
    units = units_below(user, unit_id)
    unit = next((found for found in units if found.pk == unit_id), None)
    kind = next((kind for kind in INSTRUMENTS if any(each.kind == kind and each.pk != unit_id for each in units)), None)
    if unit is None or kind is None:
        return None
    code, _ = INSTRUMENTS[kind]
    instrument = Instrument.objects.current().defer("definition").filter(code=code).first()
    if instrument is None:
        return None
    return Below(unit, kind, tuple(each for each in units if each.kind == kind and each.pk != unit_id), instrument)


def read_stations(below: Below, wish: Wish, margin: str, period_id: int | None) -> StationsPage:
    """Plan each unit's counting sheet of a period (four queries)."""
    _, period_kind = INSTRUMENTS[below.kind]
    periods = tuple(Period.objects.holding_for(below.unit).filter(kind=period_kind).order_by("-first_day"))
    period = chosen_period(periods, period_id, below.unit)
    made = plan_sheets(_sheets(below, period), wish, _SECONDS)
    engine = made[0].instrument if made else engine_instrument(below.instrument)
    planned = {each.checklist.unit_id for each in made}
    steps = [(each, step) for each in made for step in each.plan.steps]
    steps.sort(key=lambda pair: (-pair[1].points / pair[1].better.half_days, pair[0].checklist.unit.path))
    return StationsPage(
        unit=below.unit,
        kind_label=str(below.kind.label),
        instrument=engine,
        goal=goal_name(engine.predicate(wish.predicate).label),
        predicates=tuple((rule.code, goal_name(rule.label)) for rule in engine.predicates),
        margins=tuple(MARGINS.items()),
        predicate=wish.predicate,
        margin=margin,
        periods=periods,
        period=period,
        title=_title(made, str(below.kind.label)),
        summary=_summary(made),
        is_least=all(each.plan.is_least for each in made),
        helps=tuple(_help(each, step) for each, step in steps[:_MOST_STEPS]),
        steps=len(steps),
        items=_items(steps),
        lines=_lines(engine, made),
        without=tuple(unit.name for unit in below.units if unit.pk not in planned),
    )  # fmt: skip


def _sheets(below: Below, period: Period | None) -> list[Checklist]:
    """Read the counting sheets by which the units are ranked, one a unit, of the period's own version (one query)."""
    layers = _LAYERS[below.kind]
    counting = UnitScore.objects.filter(
        unit__in=below.units, period=period, instrument__code=below.instrument.code, layer__in=layers,
        counting__isnull=False,
    )  # fmt: skip
    rows = list(Checklist.objects.with_frame().filter(pk__in=counting.order_by().values("counting")))
    version = max((sheet.instrument_id for sheet in rows), default=None)
    first: dict[int, Checklist] = {}
    for sheet in sorted(rows, key=lambda sheet: (sheet.unit.path, layers.index(Layer(sheet.layer)))):
        if sheet.instrument_id != version:
            continue
        first.setdefault(sheet.unit_id, sheet)
    return list(first.values())


def _title(made: list[SheetPlan], kind: str) -> str:
    if not made:
        return f"Belum ada hasil {kind} pada periode ini"
    done = sum(not each.plan.steps and not each.plan.unreachable for each in made)
    work = sum(each.plan.half_days for each in made)
    if done == len(made):
        return f"Semua {done} {kind} sudah melewati ambangnya"
    return f"{days_text(work)} hari kerja untuk {len(made) - done} {kind}"


def _summary(made: list[SheetPlan]) -> str:
    done = sum(not each.plan.steps and not each.plan.unreachable for each in made)
    lost = sum(bool(each.plan.unreachable) for each in made)
    parts = [f"{done} dari {len(made)} sudah melewati semua ambangnya"] if made else []
    if lost:
        parts.append(f"{lost} tidak terjangkau dengan butir yang dapat dikerjakan")
    return "; ".join(parts) + "." if parts else ""


def _help(made: SheetPlan, step: Step) -> HelpLine:
    return HelpLine(
        unit=made.checklist.unit,
        sheet_id=made.checklist.pk,
        item=step.item,
        before=show_state(step.item, step.before.raw),
        after=show_state(step.item, step.better.raw),
        points=points_text(step.points),
        days=days_text(step.better.half_days),
    )


def _items(steps: list[tuple[SheetPlan, Step]]) -> tuple[ItemLine, ...]:
    """Return the items that are steps at two units or more, those that bring most first."""
    found: dict[str, list[Step]] = defaultdict(list)
    for _, step in steps:
        found[step.item.code].append(step)
    several = [group for group in found.values() if len(group) > 1]
    several.sort(key=lambda group: (-sum(step.points for step in group), group[0].item.position))
    return tuple(
        ItemLine(
            group[0].item,
            len(group),
            points_text(sum((step.points for step in group), Fraction())),
            days_text(sum(step.better.half_days for step in group)),
        )
        for group in several[:_MOST_ITEMS]
    )


def _lines(engine: EngineInstrument, made: list[SheetPlan]) -> tuple[UnitLine, ...]:
    """Return the units: those with a plan by their work, then what is out of reach, then what is done."""
    ranked = sorted(made, key=lambda each: (*_rank(each), each.checklist.unit.name))
    return tuple(_line(engine, each) for each in ranked)


def _rank(made: SheetPlan) -> tuple[int, int]:
    if made.plan.unreachable:
        return 1, 0
    return (0, made.plan.half_days) if made.plan.steps else (2, 0)


def _line(engine: EngineInstrument, made: SheetPlan) -> UnitLine:
    plan = made.plan
    note, tone = "semua ambang terlewati", "ok"
    if plan.unreachable:
        note, tone = f"tidak terjangkau: {', '.join(each.target.gate.label for each in plan.unreachable)}", "bad"
    return UnitLine(
        unit=made.checklist.unit,
        sheet_id=made.checklist.pk,
        now=score_text(engine, plan.before.complete[TOTAL]),
        then=score_text(engine, plan.steps[-1].total_after) if plan.steps else "",
        steps=len(plan.steps),
        days=days_text(plan.half_days),
        note=note,
        tone=tone,
    )
