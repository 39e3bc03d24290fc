"""Who reads a report: integrity officers above what is complained about, never at it, and nobody who stands there."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from layanan import report_crypto
from layanan.models.reports import Accused
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, UnitKind

# More don't fit into one list of a page on a cheap phone.
MOST_LISTED = 250
# Who served there until lately may be the one who is meant.
LOOK_BACK = datetime.timedelta(days=365)
# What a resident may complain about; a Mabes has nobody above it within the portal.
_KINDS = (UnitKind.POLSEK, UnitKind.SATFUNG, UnitKind.POLRES, UnitKind.POLDA)

# Functions that oversee: their own people are the officers who would read, whatever office was chosen.
_OVERSIGHT = ("siwas", "itwas", "irwas", "propam", "provos", "paminal", "pengawas")

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
    # Whoever stands at this unit or below it is kept out, then and later.
    away: Unit

    @property
    def accused_words(self) -> str:
        """Which office there, in running text."""
        return ACCUSED_WORDS[self.accused]

    @property
    def mark(self) -> str:
        """What the form brings back: who would read it when the resident began to write."""
        return report_crypto.code_hashes(f"readers {sorted(posting.pk for posting in self.recipients)}")[0][:16]

    @property
    def desk(self) -> Unit | None:
        """The unit whose officers read it."""
        return self.recipients[0].unit if self.recipients else None


@dataclass(frozen=True)
class Choice:
    """Units that a report may be about, by code, with what they are called; in a large country those searched for."""

    units: dict[str, Unit]
    names: dict[str, str]
    is_search: bool


def units_to_choose(text: str = "", code: str = "") -> Choice:
    """Return the units to choose from (three queries).

    Where there are more than MOST_LISTED, only those whose name holds the text, and the one with the code.
    """
    known = Unit.objects.filter(kind__in=_KINDS)
    is_search = known.count() > MOST_LISTED
    if is_search:
        known = known.filter(Q(code=code) | Q(name__icontains=text)) if text else known.filter(code=code)
    units = {unit.code: unit for unit in known[:MOST_LISTED] if unit.is_active_on(local_day(unit))}
    return Choice(units, _names(units.values(), is_search), is_search)


def _names(units: Iterable[Unit], is_search: bool) -> dict[str, str]:
    """Return what units are called: functions with their Polres; where names may repeat, all with the unit above."""
    rows = list(units)
    asked = [unit for unit in rows if is_search or unit.kind == UnitKind.SATFUNG]
    paths = {unit.parent_path for unit in asked if unit.parent_path}
    above = dict(Unit.objects.filter(path__in=paths).order_by().values_list("path", "name"))
    return {
        unit.code: f"{unit.name}, {above[unit.parent_path]}"
        if unit in asked and unit.parent_path in above
        else unit.name
        for unit in rows
    }


def find_route(unit: Unit, accused: str, name: str = "") -> Route:
    """Return who would read a report (two queries).

    Officers of the nearest unit strictly above the one complained about that has any. Where the officers themselves,
    or a function that oversees, are complained about, that is the nearest unit above *their* unit. Whoever holds any
    posting there (at the unit complained about, or at that of its officers), or below, held one within a year or is
    about to, is left out, whatever else he is.
    """
    held = list(
        Posting.objects.running()
        .filter(role=Role.INTEGRITY_OFFICER, unit__path__in=[*unit.ancestor_paths, unit.path])
        .select_related("unit", "user")
        .order_by("pk")
    )
    away = unit
    if accused == Accused.INTEGRITY or any(word in unit.name.lower() for word in _OVERSIGHT):
        away = max((posting.unit for posting in held), key=lambda place: len(place.path), default=unit)
    involved = _people_under(away.path, local_day(unit))
    able = [row for row in held if len(row.unit.path) < len(away.path) and row.user_id not in involved]
    depth = max((len(row.unit.path) for row in able), default=0)
    return Route(unit, accused, name or unit.name, tuple(row for row in able if len(row.unit.path) == depth), away)


def _people_under(path: str, day: datetime.date) -> set[int]:
    # Who served at what was merged into it served there too.
    there = Q(unit__path__startswith=path) | Q(unit__changes__into__path__startswith=path)
    # A posting that nobody has approved yet would let its admin choose who doesn't read.
    rows = Posting.objects.lasting(day - LOOK_BACK).filter(there, approved_at__isnull=False).order_by()
    return set(rows.values_list("user_id", flat=True))
