"""Who reads a report: integrity officers above what is complained about, never at it, and nobody who stands there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from layanan.models.reports import Accused
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind

# What a resident may complain about; a Mabes has nobody above it within the portal.
_KINDS = (UnitKind.POLSEK, UnitKind.SATFUNG, UnitKind.POLRES, UnitKind.POLDA)

ACCUSED_WORDS: dict[str, str] = {
    Accused.OFFICER: "petugas",
    Accused.LEADER: "pimpinan satuan",
    Accused.INTEGRITY: "pengawas internal",
}


@dataclass(frozen=True)
class Route:
    """Where a report about an office of a unit goes; without recipients it can't be taken."""

    unit: Unit
    accused: str
    name: str
    recipients: tuple[Posting, ...]

    @property
    def accused_words(self) -> str:
        """Which office there, in running text."""
        return ACCUSED_WORDS[self.accused]

    @property
    def desk(self) -> Unit | None:
        """The unit whose officers read it."""
        return self.recipients[0].unit if self.recipients else None


def units_to_choose() -> list[Unit]:
    """Return the units that a report may be about, in tree order (one query)."""
    units = Unit.objects.filter(kind__in=_KINDS)
    return [unit for unit in units if unit.is_active_on(local_day(unit))]


def unit_names(units: Iterable[Unit]) -> dict[str, str]:
    """Return what units are called by code; a function of a Polres with its Polres."""
    rows = list(units)
    above = {unit.path: unit.name for unit in rows}
    return {
        unit.code: f"{unit.name}, {above[unit.parent_path]}"
        if unit.kind == UnitKind.SATFUNG and unit.parent_path in above
        else unit.name
        for unit in rows
    }


def find_route(unit: Unit, accused: str, name: str = "") -> Route:
    """Return who would read a report (two queries).

    Officers of the nearest unit strictly above the one complained about that has any. Where the officers themselves
    are complained about, that is the nearest unit above *their* unit. Whoever holds any posting at the unit complained
    about, or below it, is left out, whatever else he is.
    """
    held = list(
        Posting.objects.running()
        .filter(role=Role.INTEGRITY_OFFICER, unit__path__in=[*unit.ancestor_paths, unit.path])
        .select_related("unit", "user")
        .order_by("pk")
    )
    away = unit.path
    if accused == Accused.INTEGRITY:
        away = max((posting.unit.path for posting in held), key=len, default=unit.path)
    involved = _people_under(unit) | {posting.user_id for posting in held if posting.unit.path == away}
    able = [row for row in held if len(row.unit.path) < len(away) and row.user_id not in involved]
    depth = max((len(row.unit.path) for row in able), default=0)
    return Route(unit, accused, name or unit.name, tuple(row for row in able if len(row.unit.path) == depth))


def _people_under(unit: Unit) -> set[int]:
    rows = Posting.objects.running().filter(unit__path__startswith=unit.path).order_by()
    return set(rows.values_list("user_id", flat=True))
