"""The figures of a unit's public side, worked out once a day: a dashboard reads one row of them."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from layanan import facts
from layanan.access import PUBLIC_KINDS
from layanan.models import PublicFigures
from layanan.survey_maths import PUBLIC_LEAST
from wbbm.organisasi.models import Unit


def daily(zone: str, day: datetime.date) -> None:
    """Work the figures of every unit of a time zone out."""
    refresh(Unit.objects.active_on(day).filter(time_zone=zone), day)


def refresh(units: Any, day: datetime.date) -> int:
    """Work the figures of units out for a day; return how many have any (a fixed number of queries each)."""
    found = [
        PublicFigures(unit=unit, figures=figures, computed_at=timezone.now())
        for unit in units.filter(kind__in=PUBLIC_KINDS)
        if (figures := figures_of(unit, day))
    ]
    PublicFigures.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["unit"], update_fields=["figures", "computed_at"], batch_size=500
    )
    return len(found)


def figures_of(unit: Unit, day: datetime.date) -> dict[str, Any]:
    """Return what is known of a unit's public side; empty where there is nothing to say."""
    found = {
        "surveys": _surveys(unit, day),
        "services": _services(unit, day),
        "innovations": _innovations(unit, day.year),
        "practice": _practice(unit, day.year),
        "pledges": _pledges(unit, day.year),
    }
    known = {name: value for name, value in found.items() if value}
    return known | {"year": day.year} if known else {}


def _surveys(unit: Unit, day: datetime.date) -> dict[str, Any] | None:
    known = facts.survey_indices(unit, day=day)
    # Fewer answers would tell what single people said, and no index at all.
    indices = [index for index in known.indices if index.count >= PUBLIC_LEAST]
    if not indices:
        return None
    return {
        "window": known.words,
        "indices": [
            {
                "code": index.code, "name": index.name, "count": index.count, "text": index.text, "top": index.top,
                "range": index.range_text, "quality": index.quality, "gates": [list(gate) for gate in index.gates],
                "needs": list(index.needs),
            }
            for index in indices
        ],
    }  # fmt: skip


def _services(unit: Unit, day: datetime.date) -> dict[str, int] | None:
    known = facts.service_facts(unit, day, day)
    return {"count": known.services, "complete": known.complete} if known.services else None


def _innovations(unit: Unit, year: int) -> dict[str, int] | None:
    known = facts.innovation_facts(unit, year)
    return {"running": len(known.running), "helped": known.helped} if known.running else None


def _practice(unit: Unit, year: int) -> dict[str, int] | None:
    known = facts.practice_facts(unit, year)
    return {"sessions": known.sessions, "attended": known.attended} if known.sessions else None


def _pledges(unit: Unit, year: int) -> dict[str, int] | None:
    known = facts.pledge_facts(unit, year).coverage
    return {"people": known.people, "signed": known.signed} if known.people else None
