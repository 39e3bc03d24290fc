"""The public side of a unit at a glance, from figures that were stored: no query of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from supervisi.models import Checklist
from supervisi.suggestions.rules import rules_of
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class Gate:
    """A gate of the official index, seen from the internal one."""

    name: str
    distance: str
    chance: str
    is_reached: bool


@dataclass(frozen=True)
class InternalIndex:
    """An internal survey's index: beside the official one, never inside it."""

    code: str
    name: str
    text: str
    count: int
    range_text: str
    quality: str
    gates: tuple[Gate, ...]
    needs: tuple[str, ...]
    url: str

    @property
    def first_need(self) -> tuple[str, ...]:
        """The first thing that is missing, for a page with little room."""
        return self.needs[:1]


@dataclass(frozen=True)
class PublicLine:
    """One figure of the public side, with where it leads."""

    label: str
    value: str
    url: str
    is_short: bool = False


@dataclass(frozen=True)
class PublicSide:
    """What a dashboard shows of the public side."""

    window: str
    indices: tuple[InternalIndex, ...]
    lines: tuple[PublicLine, ...]


def public_side(unit: Unit, figures: Mapping[str, Any] | None) -> PublicSide | None:
    """Read the stored figures of a unit; None where there are none."""
    if not figures:
        return None
    surveys = figures.get("surveys", {})
    return PublicSide(
        window=surveys.get("window", ""),
        # Those that a predicate asks for come first.
        indices=tuple(
            sorted((_index(unit, index) for index in surveys.get("indices", [])), key=lambda index: not index.gates)
        ),
        lines=tuple(_lines(unit, figures)),
    )


def beside(item_code: str, checklist: Checklist) -> InternalIndex | None:
    """Return the internal index that stands beside the item of an official one (no query: the frame brings the row)."""
    wanted = rules_of(checklist.instrument.code).indices.get(item_code)
    if wanted is None:
        return None
    row = getattr(checklist.unit, "public_figures", None)
    side = public_side(checklist.unit, row.figures if row is not None else None)
    return next((index for index in side.indices if index.code == wanted), None) if side is not None else None


def _index(unit: Unit, index: Mapping[str, Any]) -> InternalIndex:
    return InternalIndex(
        code=index["code"],
        name=index["name"],
        text=index["text"],
        count=index["count"],
        range_text=index["range"],
        quality=index["quality"],
        gates=tuple(
            Gate(name, distance, chance, not distance.startswith("\N{MINUS SIGN}"))
            for name, distance, chance in index["gates"]
        ),
        needs=tuple(index["needs"]),
        url=reverse("layanan:survey-unit-staff", args=[unit.pk]),
    )


def _lines(unit: Unit, figures: Mapping[str, Any]) -> list[PublicLine]:
    lines = []
    page = reverse("layanan:unit", args=[unit.code])
    if services := figures.get("services"):
        is_short = services["complete"] < services["count"]
        lines.append(
            PublicLine("Standar layanan lengkap", f"{services['complete']} dari {services['count']}", page, is_short)
        )
    if innovations := figures.get("innovations"):
        value = f"{innovations['running']} berjalan, {innovations['helped']} warga terbantu"
        lines.append(PublicLine(f"Inovasi {figures['year']}", value, reverse("layanan:innovation-list")))
    if practice := figures.get("practice"):
        value = f"{practice['sessions']} sesi, {practice['attended']} hadir"
        lines.append(PublicLine(f"SIMBA {figures['year']}", value, reverse("layanan:simba-list")))
    if pledges := figures.get("pledges"):
        is_short = pledges["signed"] < pledges["people"]
        value = f"{pledges['signed']} dari {pledges['people']} orang"
        lines.append(PublicLine(f"Pakta integritas {figures['year']}", value, page, is_short))
    return lines
