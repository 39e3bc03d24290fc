"""The effect of a new version, as it was computed: which units gain or lose a predicate, first those that lose."""

from __future__ import annotations

from dataclasses import dataclass

from supervisi.models import EffectLine, InstrumentDraft, InstrumentEffect, Outcome
from supervisi.pages.moments import long_moment
from supervisi.scoring.rounding import from_units, shown
from supervisi.services.instrument_effects import is_current
from wbbm.organisasi.models import User

PER_PAGE = 50
_KEYS = {Outcome.LOSES: "kehilangan", Outcome.GAINS: "mendapat", Outcome.UNSURE: "belum-pasti", Outcome.SAME: "tetap"}
_TONES = {Outcome.LOSES: "bad", Outcome.GAINS: "ok", Outcome.UNSURE: "warn", Outcome.SAME: ""}


@dataclass(frozen=True)
class VerdictWords:
    """One predicate of a unit, before and after."""

    label: str
    before: str
    after: str
    is_changed: bool


@dataclass(frozen=True)
class UnitLine:
    """One unit."""

    name: str
    layer: str
    outcome: str
    tone: str
    before: str
    provisional: str
    complete: str
    unanswered: int
    verdicts: tuple[VerdictWords, ...]


@dataclass(frozen=True)
class OutcomeFilter:
    """One outcome with its number of units."""

    key: str
    label: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class PredicateCounts:
    """How many units lose, gain, or may get a predicate either way."""

    label: str
    loses: int
    gains: int
    unsure: int


@dataclass(frozen=True)
class EffectPage:
    """What the page shows."""

    draft: InstrumentDraft
    effect: InstrumentEffect | None
    is_current: bool
    computed_at: str
    percent: int
    units: int
    older: int
    missing: int
    filters: tuple[OutcomeFilter, ...]
    predicates: tuple[PredicateCounts, ...]
    lines: tuple[UnitLine, ...]
    chosen: str
    number: int
    has_next: bool

    @property
    def is_busy(self) -> bool:
        """Tell whether the worker has it, or will."""
        return self.effect is not None and self.effect.is_at_work

    @property
    def is_stale(self) -> bool:
        """Tell whether the crosswalk has changed since."""
        return bool(self.computed_at) and not self.is_current and not self.is_busy


def read_effect(
    draft: InstrumentDraft, viewer: User, chosen: str = "", number: int = 1, *, is_whole: bool = False
) -> EffectPage:
    """Read the effect of a draft (two queries), a page of its units or the whole."""
    most = None if is_whole else PER_PAGE
    effect = InstrumentEffect.objects.filter(draft=draft).first()
    outcome = next((outcome for outcome, key in _KEYS.items() if key == chosen), None)
    rows: list[EffectLine] = []
    if effect is not None and effect.computed_at is not None:
        lines = EffectLine.objects.visible_to(viewer).filter(effect=effect).select_related("unit")
        if outcome is not None:
            lines = lines.with_outcome(outcome)
        start = (number - 1) * most if most is not None else 0
        rows = list(lines[start : start + most + 1] if most is not None else lines)
    summary = effect.summary if effect is not None else {}
    counts = summary.get("outcomes", {})
    return EffectPage(
        draft=draft,
        effect=effect,
        is_current=is_current(effect, draft),
        computed_at=long_moment(effect.computed_at, draft.unit) if effect is not None else "",
        percent=effect.done * 100 // effect.total if effect is not None and effect.total else 0,
        units=sum(counts.values()),
        older=summary.get("older", 0),
        missing=summary.get("missing", 0),
        filters=tuple(
            OutcomeFilter(key, str(each.label), counts.get(each.name, 0), each == outcome)
            for each, key in _KEYS.items()
        ),
        predicates=tuple(
            PredicateCounts(label, tally.get("LOSES", 0), tally.get("GAINS", 0), tally.get("UNSURE", 0))
            for _, label, tally in summary.get("predicates", [])
        ),
        lines=tuple(_line(row) for row in rows[:most]),
        chosen=chosen if outcome is not None else "",
        number=number,
        has_next=most is not None and len(rows) > most,
    )


def _line(row: EffectLine) -> UnitLine:
    outcome = Outcome(row.outcome)
    return UnitLine(
        name=row.unit.name,
        layer=row.get_layer_display(),
        outcome=str(outcome.label),
        tone=_TONES[outcome],
        before=shown(from_units(row.before)),
        provisional=shown(from_units(row.provisional)),
        complete=shown(from_units(row.complete)),
        unanswered=row.unanswered,
        verdicts=tuple(_words(*verdict) for verdict in row.verdicts),
    )


def _words(code: str, label: str, before: bool | None, surely: bool, possibly: bool) -> VerdictWords:
    after = "lewat" if surely else "belum pasti" if possibly else "belum"
    was = "lewat" if before else "belum" if before is not None else "belum ada"
    return VerdictWords(label or code, was, after, before is not None and was != after)
