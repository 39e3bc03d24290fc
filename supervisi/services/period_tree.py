"""The tree by which a period is rolled up, held in memory for a pass over the whole period."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from supervisi.models import Instrument, Period, PeriodPlace, UnitScore
from supervisi.services.scores import reference_day
from wbbm.organisasi.models import Unit

_STEP = Unit.steplen


class _Facts(NamedTuple):
    path: str
    kind: str
    time_zone: str
    active_from: datetime.date | None
    active_to: datetime.date | None

    def is_active_on(self, day: datetime.date) -> bool:
        """Tell whether the unit exists on the day."""
        return not ((self.active_from and day < self.active_from) or (self.active_to and day > self.active_to))


def ends_of(path: str) -> range:
    """Return where the paths of the unit itself and of those above it end, from the root down."""
    return range(_STEP, len(path) + 1, _STEP)


class PeriodTree:
    """Who stands below whom in the period, and who owes a sheet (services/trees.py says it one by one)."""

    def __init__(self, period: Period) -> None:
        self.period = period
        names = ("pk", "path", "kind", "time_zone", "active_from", "active_to")
        self._units = {pk: _Facts(*facts) for pk, *facts in Unit.objects.order_by().values_list(*names)}
        if period.tree_kept_at is None:
            self._paths = {pk: facts.path for pk, facts in self._units.items()}
        else:
            self._paths = dict(PeriodPlace.objects.filter(period=period).values_list("unit", "path"))
        self._ids = {path: pk for pk, path in self._paths.items()}
        self._top = self._paths.get(period.unit_id) or str(period.unit.path)
        self._due: dict[tuple[tuple[str, ...], datetime.date], Counter[str]] = {}
        self._days: dict[str, datetime.date] = {}

    def above(self, unit_id: int) -> int | None:
        """Return the unit directly above."""
        return self._ids.get(self._paths.get(unit_id, "")[:-_STEP])

    def upwards(self, keys: Iterable[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
        """Return unit, instrument and layer of the keys and of everything above them, the deepest units first.

        Up to the unit that owns the period; a unit that stood elsewhere stands alone.
        """
        found: set[tuple[int, str, int, int, str]] = set()
        for unit, instrument, layer in keys:
            path = self._paths.get(unit, "")
            ends = range(len(self._top), len(path) + 1, _STEP) if path.startswith(self._top) else [len(path)]
            found |= {(-end, path[:end], self._ids.get(path[:end], unit), instrument, layer) for end in ends}
        return [(unit, instrument, layer) for _, _, unit, instrument, layer in sorted(found)]

    def count_due(self, unit_id: int, kinds: Sequence[str]) -> int:
        """Count the owing units of the subtree, the unit itself included."""
        facts = self._units[unit_id]
        if facts.time_zone not in self._days:
            self._days[facts.time_zone] = reference_day(self.period, Unit(time_zone=facts.time_zone))
        day = self._days[facts.time_zone]
        path = self._paths.get(unit_id)
        if path is None:
            return int(facts.kind in kinds and facts.is_active_on(day))
        key = (tuple(kinds), day)
        if key not in self._due:
            self._due[key] = Counter(
                where[:end]
                for pk, where in self._paths.items()
                if (other := self._units[pk]).kind in kinds and other.is_active_on(day)
                for end in ends_of(where)
            )
        return self._due[key][path]

    def counted_before(
        self, counted: dict[int, dict[tuple[int, int, str], int]]
    ) -> dict[tuple[int, str, str], tuple[int, int]]:
        """Map unit, instrument code and layer to the counting sheet of the period before, and its instrument.

        Args:
            counted: what counted in periods that were computed just now; of others what is stored.
        """
        earlier = Period.objects.filter(kind=self.period.kind, last_day__lt=self.period.first_day)
        latest: dict[str, tuple[datetime.date, int]] = {}
        for path, day, pk in earlier.order_by("last_day").values_list("unit__path", "last_day", "pk"):
            latest[path] = (day, pk)
        if not latest:
            return {}
        wanted = {pk: self._period_before(facts.path, latest) for pk, facts in self._units.items()}
        names = ("unit_id", "period_id", "instrument_id", "layer", "counting_id")
        stored = UnitScore.objects.filter(period__in=[pk for _, pk in latest.values()], counting__isnull=False)
        codes = dict(Instrument.objects.values_list("pk", "code"))
        rows = [row for row in stored.values_list(*names) if row[1] not in counted]
        for period in {pk for _, pk in latest.values()} & counted.keys():
            rows += [(unit, period, instrument, layer, pk) for (unit, instrument, layer), pk in counted[period].items()]
        found: dict[tuple[int, str, str], tuple[int, int]] = {}
        # Of two versions of an instrument the later one's sheet.
        for unit, period, instrument, layer, sheet in sorted(rows, key=lambda row: row[2]):
            if wanted.get(unit) == period:
                found[unit, codes[instrument], layer] = (sheet, instrument)
        return found

    @staticmethod
    def _period_before(path: str, latest: dict[str, tuple[datetime.date, int]]) -> int | None:
        held = [latest[path[:end]] for end in ends_of(path) if path[:end] in latest]
        return max(held)[1] if held else None
