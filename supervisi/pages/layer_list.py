"""The units below with what they claimed and what was seen there, the widest gap first."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.db.models import CharField, F, Q
from django.db.models.functions import Length, Substr

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Instrument, Layer, LayerComparison, Period, PeriodKind, Scope, UnitScore
from supervisi.pages.dashboard_data import LKE, OVERSEERS, POLSEK
from supervisi.pages.dashboard_stations import score_text
from supervisi.pages.layers import signed
from supervisi.scoring.instrument import Instrument as EngineInstrument
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Unit, UnitKind, User

# Which instrument the units of a kind are compared by, and in which kind of period.
INSTRUMENTS = {
    UnitKind.POLSEK: (POLSEK, PeriodKind.QUARTER),
    UnitKind.POLRES: (LKE, PeriodKind.YEAR),
}  # fmt: skip


@dataclass(frozen=True)
class GapLine:
    """One unit: claim, what was seen, the gap between them, claims upheld, and the estimate where there is one."""

    unit: Unit
    claimed: str
    seen: str
    seen_by: str
    gap: str
    is_down: bool
    rate: str
    count: str
    estimate: str
    note: str
    size: Fraction | None


@dataclass(frozen=True)
class GapsPage:
    """What the page shows."""

    unit: Unit
    kind_label: str
    periods: tuple[Period, ...]
    period: Period | None
    lines: tuple[GapLine, ...]
    upheld: str
    count: str

    @property
    def compared(self) -> int:
        """How many units have both sides."""
        return sum(line.size is not None for line in self.lines)


def read_gaps_below(user: User, unit_id: int, period_id: int | None) -> GapsPage | None:
    """Read the units directly below, or None when there are none that the person oversees (five queries)."""
    units = units_below(user, unit_id)
    unit = next((found for found in units if found.pk == unit_id), None)
    children = [found for found in units if found.pk != unit_id]
    kind = next((kind for kind in INSTRUMENTS if any(child.kind == kind for child in children)), None)
    if unit is None or kind is None:
        return None
    code, period_kind = INSTRUMENTS[kind]
    periods = tuple(Period.objects.holding_for(unit).filter(kind=period_kind).order_by("-first_day"))
    period = chosen_period(periods, period_id, unit)
    below = [child for child in children if child.kind == kind]
    rows = _scores(below, period, code)
    compared = {
        row.unit_id: row
        for row in LayerComparison.objects.filter(unit__in=below, period=period, instrument__code=code)
        .select_related("seen")
        .annotate(seen_score=F("seen__score__complete"), claim_score=F("claim__score__complete"))
        .order_by("instrument_id")
    }
    instrument = Instrument.objects.current().defer("definition").filter(code=code).first()
    engine = engine_instrument(instrument) if instrument is not None else None
    lines = [_line(child, rows, compared.get(child.pk), engine) for child in below]
    upheld, verified = (sum(getattr(row, name) for row in compared.values()) for name in ("upheld", "verified"))
    return GapsPage(
        unit=unit,
        kind_label=kind.label,
        periods=periods,
        period=period,
        lines=tuple(sorted(lines, key=lambda line: (line.size is None, -(line.size or 0), line.unit.name))),
        upheld=f"{shown(Fraction(upheld * 100, verified))}%" if verified else "",
        count=f"{upheld} dari {verified}" if verified else "",
    )


def units_below(user: User, unit_id: int) -> list[Unit]:
    """Read the unit and those directly below that the person oversees (one query)."""
    target = Unit.objects.filter(pk=unit_id).order_by().values("path")[:1]
    parent = Substr("path", 1, Length("path") - Unit.steplen, output_field=CharField())
    below = Q(parent=target) & user.scope.overseen_units("path")
    itself = Q(pk=unit_id) & user.scope.within("path", *OVERSEERS)
    return list(Unit.objects.annotate(parent=parent).filter(below | itself).order_by("path"))


def chosen_period(periods: tuple[Period, ...], period_id: int | None, unit: Unit) -> Period | None:
    """Return the period that was asked for, else the one of today or the last before."""
    today = local_day(unit)
    asked = next((period for period in periods if period.pk == period_id), None)
    return asked or next((period for period in periods if period.first_day <= today), None)


def _scores(units: list[Unit], period: Period | None, code: str) -> dict[tuple[int, str], int]:
    """Return the score of each unit's counting sheet by unit and layer."""
    rows = UnitScore.objects.filter(unit__in=units, period=period, instrument__code=code, counting__isnull=False)
    found = rows.order_by("instrument_id").values_list("unit_id", "layer", "counting__score__complete")
    return {(unit_id, layer): score for unit_id, layer, score in found if score is not None}


def _score(engine: EngineInstrument | None, stored: int | None) -> str:
    """Write a score; no figure is rounded over a gate that it misses."""
    if stored is None:
        return ""
    return score_text(engine, from_units(stored)) if engine is not None else shown(from_units(stored))


def _line(
    unit: Unit,
    rows: dict[tuple[int, str], int],
    row: LayerComparison | None,
    engine: EngineInstrument | None,
) -> GapLine:
    claimed = rows.get((unit.pk, Layer.SELF))
    is_sample = row is not None and row.seen is not None and row.seen.scope == Scope.SAMPLE
    # All of a line is of the sheet that the claim was held against: beside a sample no auditor's score.
    layers = () if is_sample else (Layer.SUPERVISION, Layer.TPI)
    layer = next((layer for layer in layers if (unit.pk, layer) in rows), None)
    seen = rows[unit.pk, layer] if layer is not None else None
    estimate = from_units(row.estimate) if row is not None and row.estimate is not None else None
    gap = None
    if claimed is not None and seen is not None:
        gap = from_units(seen) - from_units(claimed)
    elif claimed is not None and estimate is not None:
        gap = estimate - from_units(claimed)
    verified = row.verified if row is not None else 0
    return GapLine(
        unit=unit,
        claimed=_score(engine, claimed),
        seen=_score(engine, seen),
        seen_by="TPI" if layer == Layer.TPI else "sampel" if is_sample else "",
        gap=signed(gap) if gap is not None else "",
        is_down=gap is not None and gap < 0,
        rate=f"{shown(Fraction(row.upheld * 100, verified))}%" if row is not None and verified else "",
        count=f"{row.upheld} dari {verified}" if row is not None and verified else "",
        estimate=shown(estimate) if estimate is not None else "",
        note=_note(claimed is not None, seen is not None or is_sample),
        size=abs(gap) if gap is not None else None,
    )


def _note(is_claimed: bool, is_seen: bool) -> str:
    if is_claimed and is_seen:
        return ""
    if is_claimed:
        return "belum disupervisi"
    return "belum ada penilaian mandiri" if is_seen else "belum ada lembar"
