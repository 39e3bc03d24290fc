"""The dashboard of a unit: is it ready, what holds it back, which unit below needs a visit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.urls import reverse
from django.utils import timezone

from supervisi import charts
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Layer, Period, UnitScore
from supervisi.pages.dashboard_changes import Late, late_list
from supervisi.pages.dashboard_data import LKE, POLSEK, DashboardData, read_dashboard
from supervisi.pages.dashboard_evidence import StaleEvidence, stale_evidence
from supervisi.pages.dashboard_station import StationPage, read_station
from supervisi.pages.dashboard_stations import StationTable, score_text, station_table
from supervisi.pages.dashboard_verdict import Verdict, read_verdict, why_none
from supervisi.pages.figures import mean_of
from supervisi.pages.moments import moment_words
from supervisi.pages.public_side import PublicSide, public_side
from supervisi.scoring.rounding import from_units
from wbbm.organisasi.models import Unit, UnitKind, User

_ABOVE = (UnitKind.POLDA, UnitKind.MABES)


@dataclass(frozen=True)
class RollupLine:
    """Sums of a subtree: how many handed in, their mean, the lowest, how many reach which gates."""

    label: str
    submitted: int
    due: int
    mean: str
    lowest: str
    reached: tuple[str, ...]
    # Where the mean is worked out.
    why: str


@dataclass(frozen=True)
class Overview:
    """The first answer of a unit that owes no sheet itself: how many below reach the gates."""

    title: str
    figure: str
    base: str
    bar: charts.Bar | None
    why: str = ""


@dataclass(frozen=True)
class Dashboard:
    """One unit's dashboard."""

    unit: Unit
    ancestors: tuple[Unit, ...]
    periods: tuple[Period, ...]
    period: Period | None
    # What links to other units carry along, so that one stays in the period that was chosen.
    query: str
    verdict: Verdict | None
    # Why there is no verdict.
    no_verdict: str
    overview: Overview | None
    rollups: tuple[RollupLine, ...]
    stations: StationTable | None
    station: StationPage | None
    late: tuple[Late, ...]
    late_total: int
    # Units, this one and those directly below, whose evidence has run out or soon will; the worst first.
    stale_evidence: tuple[StaleEvidence, ...]
    # How residents meet the unit; None where nothing is known.
    public_side: PublicSide | None
    computed: str
    printed: str
    is_updating: bool
    # The name of before, or of a unit that was merged into this one; its own name where only its place changed.
    formerly: str

    @property
    def compares_below(self) -> bool:
        """Tell whether the units below can be listed by what they claimed and what was seen there."""
        return self.stations is not None and self.unit.kind in {UnitKind.POLRES, UnitKind.POLDA}

    @property
    def is_dense(self) -> bool:
        """Tell whether so much must be said that the printed page needs its small type."""
        rows = len(self.stations.stations) if self.stations is not None else 0
        gates = len(self.verdict.blocking) if self.verdict is not None else 0
        return rows > 24 or gates > 6

    @property
    def is_bare(self) -> bool:
        """Tell whether the unit fills in nothing and has nothing below it."""
        return not (self.verdict or self.no_verdict or self.overview or self.stations)


def build_dashboard(user: User, unit_id: int, period_id: int | None = None) -> Dashboard | None:
    """Build a unit's dashboard, or None when it is out of the person's sight."""
    data = read_dashboard(user, unit_id, period_id)
    if data is None:
        return None
    verdict = read_verdict(data)
    late, late_total = late_list(data)
    moments = [row.computed_at for row in data.rows]
    return Dashboard(
        unit=data.unit,
        ancestors=data.ancestors,
        periods=tuple(period for period in data.periods if period.kind == "quarter"),
        period=data.quarter,
        query=f"?periode={data.quarter.pk}" if data.is_chosen and data.quarter is not None else "",
        verdict=verdict,
        no_verdict="" if verdict else why_none(data),
        overview=_overview(data),
        rollups=tuple(_rollups(data)) if data.reads_below else (),
        stations=station_table(data),
        station=read_station(data),
        late=late,
        late_total=late_total,
        stale_evidence=stale_evidence((data.unit, *data.children)),
        public_side=public_side(data.unit, data.unit.public_figures_json),  # annotated in dashboard_data
        computed=moment_words(max(moments), data.unit.time_zone) if moments else "",
        printed=moment_words(timezone.now(), data.unit.time_zone),
        is_updating=data.is_updating,
        formerly=data.unit.formerly or "",  # annotated in dashboard_data
    )


# --- roll-ups -----------------------------------------------------------------------------------------------


def rollup_rows(data: DashboardData) -> list[tuple[str, UnitScore]]:
    """Return the unit's roll-ups that say something, with their labels."""
    choices = [(data.quarter, Layer.SUPERVISION, POLSEK, "Polsek disupervisi")]
    if data.unit.kind in _ABOVE:
        choices.insert(0, (data.year, Layer.TPI, LKE, "Polres dinilai TPI"))
        choices.insert(0, (data.year, Layer.SELF, LKE, "Polres menyerahkan LKE mandiri"))
    rows = [(label, data.select(period, layer, code=code).of(data.unit)) for period, layer, code, label in choices]
    return [(label, row) for label, row in rows if row is not None and (row.units_due or row.units_submitted)]


def _rollups(data: DashboardData) -> list[RollupLine]:
    if data.unit.kind == UnitKind.POLSEK:
        return []
    lines = []
    for label, row in rollup_rows(data):
        instrument = engine_instrument(row.instrument)
        mean, lowest = _mean(row), row.lowest
        lines.append(
            RollupLine(
                label=label,
                submitted=row.units_submitted,
                due=row.units_due,
                mean=score_text(instrument, mean) if mean is not None else "",
                lowest=f"{score_text(instrument, from_units(lowest))} ({row.lowest_unit})"
                if lowest is not None
                else "",
                reached=tuple(
                    f"{row.verdicts.get(rule.code, 0)} mencapai {_short(rule.label)}" for rule in instrument.predicates
                )
                if row.units_submitted
                else (),
                why=_why(data),
            )
        )
    return lines


def _short(label: str) -> str:
    return label.removesuffix(" (internal)").removeprefix("Siap mendukung ")


def _why(data: DashboardData) -> str:
    period = f"?periode={data.quarter.pk}" if data.quarter is not None else ""
    return reverse("supervisi:rollup-derivation", args=[data.unit.pk]) + period


def _mean(row: UnitScore) -> Fraction | None:
    return mean_of(row) if row.units_submitted else None


def _overview(data: DashboardData) -> Overview | None:
    """Answer for a Polda or Mabes: how many Polres reach the highest gates, by `tpi` where there is one."""
    if data.unit.kind not in _ABOVE or not data.reads_below:
        return None
    rows = {row.layer: row for _, row in rollup_rows(data) if row.instrument.code == LKE}
    row = rows.get(Layer.TPI) if Layer.TPI in rows and rows[Layer.TPI].units_submitted else rows.get(Layer.SELF)
    if row is None:
        return Overview("Belum ada Polres yang dinilai", "", "LKE tahun ini belum ada yang diserahkan.", None)
    instrument = engine_instrument(row.instrument)
    low, high = instrument.predicates[0], instrument.predicates[-1]
    mean = _mean(row)
    layer = "penilaian TPI" if row.layer == Layer.TPI else "penilaian mandiri"
    title = f"{row.verdicts.get(high.code, 0)} dari {row.units_due} Polres mencapai ambang {_short(high.label)}"
    if mean is None:
        return Overview(title, "", "LKE tahun ini belum ada yang diserahkan.", None)
    limits = low.gates[0].required, high.gates[0].required
    return Overview(
        title=title,
        figure=score_text(instrument, mean),
        base=f"rerata {row.units_submitted} Polres, {layer}",
        bar=charts.score_bar(mean, low=limits[0], high=limits[1], label="Rerata nilai total"),
        why=_why(data),
    )
