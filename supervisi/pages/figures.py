"""Where the figures of a dashboard lead: to their derivation, to both sheets side by side, or to their list."""

from __future__ import annotations

from fractions import Fraction

from django.urls import reverse
from django.utils.http import urlencode

from supervisi.models import UnitScore
from supervisi.scoring.rounding import from_units
from wbbm.addresses import address_of
from wbbm.organisasi.models import Unit


class Linked(str):
    """Words with a figure that know where it leads; nowhere when the address is empty."""

    url: str

    def __new__(cls, text: str, url: str = "") -> Linked:
        """Make the words."""
        made = super().__new__(cls, text)
        made.url = url
        return made


def of_sheet(pk: int | None, anchor: str = "") -> str:
    """Return where a sheet's result is worked out, at a place on the page."""
    return address_of("supervisi:derivation", pk) + (f"#{anchor}" if anchor else "")


def of_mean(unit_id: int, period_id: int) -> str:
    """Return where the mean of what lies below a unit is worked out."""
    return f"{address_of('supervisi:rollup-derivation', unit_id)}?periode={period_id}"


def side_by_side(after: int | None, before: int | None) -> str:
    """Return the page that holds two sheets side by side."""
    return f"{address_of('supervisi:comparison', after)}?dengan={before}"


def is_sheet(row: UnitScore) -> bool:
    """Tell whether a stored result is that of one sheet."""
    return row.counting_id is not None and row.units_submitted == 1


def mean_of(row: UnitScore) -> Fraction:
    """Return the score that a stored result says: of its one sheet, or the mean of all in its subtree; there is one."""
    return from_units(row.score_sum) / row.units_submitted


def why(row: UnitScore, anchor: str = "total") -> str:
    """Return where a result is worked out: on its sheet's page, else among those that went into the mean."""
    if is_sheet(row):
        return of_sheet(row.counting_id, anchor)
    return of_mean(row.unit_id, row.period_id)


def moved(row: UnitScore, before: UnitScore) -> str:
    """Return where it is told what moved between two results: both sheets side by side, else the unit over time."""
    if is_sheet(row) and is_sheet(before) and row.instrument_id == before.instrument_id:
        return side_by_side(row.counting_id, before.counting_id)
    return address_of("supervisi:trend", row.unit_id)


def findings_of(unit: Unit, state: str, severity: str = "") -> str:
    """Return the list of a unit's findings, and those of what is below it, in a state."""
    asked = {"keadaan": state, "satuan": unit.name} | ({"tingkat": severity} if severity else {})
    return f"{reverse('supervisi:finding-list')}?{urlencode(asked)}"


def visits_of(**asked: str | int) -> str:
    """Return the list of visits, narrowed."""
    return f"{reverse('supervisi:visit-list')}?{urlencode([('pilih', 'semua'), *asked.items()])}"
