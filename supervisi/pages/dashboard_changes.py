"""What moved on a dashboard: items that fell and rose since the last counting sheet, and who is late."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.urls import reverse
from django.utils import dateformat

from supervisi.models import Finding, Layer, Period, UnitScore, Visit, VisitStatus
from supervisi.pages.dashboard_data import LKE, POLSEK, DashboardData, Rows
from supervisi.pages.figures import moved, why
from supervisi.scoring.rounding import from_units, shown
from wbbm.organisasi.models import Unit, UnitKind


@dataclass(frozen=True)
class Change:
    """An item that fell or rose at a unit since its last counting sheet."""

    unit: Unit
    # Empty where the viewer doesn't reach the unit any more.
    url: str
    item: str
    question: str
    points: str
    before: str
    after: str
    # Where it is told whose answer did it; empty out of reach.
    why: str


@dataclass(frozen=True)
class Late:
    """Something past its day, and whose it is."""

    label: str
    units: tuple[Unit, ...]
    # Units beyond the first ones.
    more: int
    # Whose office it is, or what was planned; and the number by which to look it up.
    detail: str
    number: str
    days: int
    url: str = ""


_MOST_NAMES, _MOST_CHANGES = 4, 8


@dataclass(frozen=True)
class Changes:
    """The items that moved most, and how many moved in all."""

    fell: tuple[Change, ...]
    rose: tuple[Change, ...]
    fell_total: int
    rose_total: int


def read_changes(units: Iterable[Unit], now: Rows, before: Rows, out_of_reach: frozenset[int] = frozenset()) -> Changes:
    """Return what fell and what rose, most points first."""
    found = [
        (change["points"], unit, change, _why(row, before.of(unit), change["item"]))
        for unit in units
        if (row := now.of(unit)) is not None and row.counting_id is not None
        for change in row.changes
    ]
    fell = sorted((entry for entry in found if entry[0] < 0), key=lambda entry: (entry[0], entry[1].path))
    rose = sorted((entry for entry in found if entry[0] > 0), key=lambda entry: (-entry[0], entry[1].path))
    return Changes(
        tuple(_change(*entry, out_of_reach) for entry in fell[:_MOST_CHANGES]),
        tuple(_change(*entry, out_of_reach) for entry in rose[:_MOST_CHANGES]),
        len(fell),
        len(rose),
    )


def _why(row: UnitScore, before: UnitScore | None, code: str) -> str:
    return moved(row, before) if before is not None else why(row, f"i-{code}")


def _change(points: int, unit: Unit, change: dict[str, Any], why_so: str, out_of_reach: frozenset[int]) -> Change:
    sign = "\N{MINUS SIGN}" if points < 0 else "+"
    before, after = from_units(change["before"]) * 100, from_units(change["after"]) * 100
    places = 0 if abs(before - after) >= 1 else 2
    return Change(
        unit=unit,
        url="" if unit.pk in out_of_reach else unit.get_absolute_url(),
        item=change["item"],
        question=change["question"],
        points=f"{sign}{shown(abs(from_units(points)))}",
        before=_percent(before, places),
        after=_percent(after, places),
        why="" if unit.pk in out_of_reach else why_so,
    )


def _percent(value: Fraction, places: int) -> str:
    return f"{shown(value, places=places)}%"


# --- who is late ----------------------------------------------------------------------------------------------


def late_list(data: DashboardData) -> tuple[tuple[Late, ...], int]:
    """List what is past its day, the latest first, with the number of all: findings, visits, self sheets."""
    findings = [finding for finding in data.findings.latest if data.reads_below or finding.unit_id == data.unit.pk]
    found = [_late_finding(data, finding) for finding in findings]
    visits = [_late_visit(data, visit) for visit in data.visits
              if visit.status == VisitStatus.PLANNED and visit.last_day < data.today
              and (data.reads_below or visit.unit_id == data.unit.pk)]  # fmt: skip
    sheets, owed = _missing_sheets(data)
    total = (data.findings.late if data.reads_below else len(findings)) + len(visits) + owed
    return tuple(sorted([*found, *visits, *sheets], key=lambda late: -late.days)), total


def _late_finding(data: DashboardData, finding: Finding) -> Late:
    return Late(
        label=finding.observation,
        units=(finding.unit,),
        more=0,
        detail=finding.owner_title,
        number=finding.number,
        days=finding.days_late(data.today),
        url=finding.get_absolute_url(),
    )


def _days(data: DashboardData, day: datetime.date) -> int:
    return (data.today - day).days


def _late_visit(data: DashboardData, visit: Visit) -> Late:
    words, days = f"dijadwalkan {dateformat.format(visit.starts_on, 'j F')}", _days(data, visit.last_day)
    return Late("Kunjungan belum dimulai", (visit.unit,), 0, words, "", days, visit.get_absolute_url())


def _missing_sheets(data: DashboardData) -> tuple[list[Late], int]:
    """Group the units that owe a self sheet for a period that is over, still open, and have not handed it in."""
    owing = [
        (UnitKind.POLSEK, POLSEK, "Lembar mandiri", _over(data, data.quarter, data.quarter_before)),
        (UnitKind.POLRES, LKE, "LKE mandiri", _over(data, data.year, data.year_before)),
    ]
    found, owed = [], 0
    for kind, code, name, period in owing:
        if period is None:
            continue
        rows = data.select(period, Layer.SELF, code=code)
        units = [
            unit
            for unit in (data.unit, *data.children)
            if unit.kind == kind and unit.is_active_on(period.last_day) and not _handed_in(rows, unit)
        ]
        if units:
            owed += len(units)
            shown_units = tuple(units[:_MOST_NAMES])
            more = len(units) - len(shown_units)
            url = reverse("supervisi:unit-tasks", args=[units[0].pk])
            found.append(Late(f"{name} {period.name}", shown_units, more, "", "", _days(data, period.last_day), url))
    return found, owed


def _over(data: DashboardData, *periods: Period | None) -> Period | None:
    """Return the first of the periods that is over and still takes sheets."""
    return next(
        (period for period in periods if period is not None and period.last_day < data.today and period.is_open), None
    )


def _handed_in(rows: Rows, unit: Unit) -> bool:
    row = rows.of(unit)
    return row is not None and row.counting_id is not None
