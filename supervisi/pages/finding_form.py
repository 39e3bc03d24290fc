"""What the form of a finding offers: the same weakness that is known, options, ready texts, items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Finding, Instrument, Item, Severity
from supervisi.scoring.stakes import better_options
from supervisi.services.checklists import stored_answers
from supervisi.services.owners import usual_owner
from supervisi.services.visits import instruments_for
from wbbm.organisasi.models import Unit, User

_MOST_KNOWN = 5
_ORDER = {Severity.MINOR: 0, Severity.MODERATE: 1, Severity.SEVERE: 2}


@dataclass(frozen=True)
class ReadyText:
    """A text that comes with the instrument, to begin from."""

    number: int
    severity: str
    severity_label: str
    owner_title: str
    observation: str
    recommendation: str
    due_days: int

    @property
    def initial(self) -> dict[str, Any]:
        """Return the form's first values."""
        names = ("severity", "owner_title", "observation", "recommendation", "due_days")
        return {name: getattr(self, name) for name in names}


def ready_texts(instrument: Instrument, code: str) -> tuple[ReadyText, ...]:
    """Return the ready texts of an item."""
    rows = instrument.definition.get("finding_texts", [])
    return tuple(
        ReadyText(
            number=number,
            severity=row["severity"],
            severity_label=str(Severity(row["severity"]).label),
            owner_title=row["owner_title"],
            observation=row["observation"],
            recommendation=row["recommendation"],
            due_days=row["due_days"],
        )
        for number, row in enumerate(rows)
        if row["item"] == code
    )


def known_findings(user: User, unit: Unit, item: Item | None) -> tuple[Finding, ...]:
    """Return the findings of the same weakness that the person sees, the latest first."""
    if item is None:
        return ()
    rows = Finding.objects.visible_to(user).same_weakness(unit, item.pk)
    return tuple(rows.select_related("unit", "item")[:_MOST_KNOWN])


def usual_same(known: tuple[Finding, ...], severity: str, checklist: Checklist | None) -> Finding | None:
    """Return the known finding with which one goes on unless another choice was made.

    One that is open at least as seriously, from another sheet than this; else the last closed one.
    """
    for finding in known:
        is_elsewhere = checklist is None or finding.checklist_id != checklist.pk
        if not finding.is_closed and is_elsewhere and _rank(finding.severity) >= _rank(severity):
            return finding
    if any(not finding.is_closed for finding in known):
        return None
    return next(iter(known), None)


def _rank(severity: str) -> int:
    return _ORDER.get(Severity(severity), 0) if severity in Severity.values else 0


def option_choices(checklist: Checklist, code: str) -> tuple[tuple[str, str], ...]:
    """Return the options that are better than the item's answer."""
    item = engine_instrument(checklist.instrument).item(code)
    options = {option.code: option.criterion for option in item.options}
    better = better_options(item, stored_answers(checklist).get(code))
    return tuple((option, f"{option}. {options[option]}") for option in better)


def item_choices(unit: Unit) -> tuple[tuple[str, list[tuple[str, str]]], ...]:
    """Return the items that a finding without a sheet may name, under their areas."""
    return tuple(
        (area.label, [(item.code, f"{item.code} {item.question}") for item in engine.items_of_area(area.key)])
        for instrument in instruments_for(unit)
        for engine in [engine_instrument(instrument)]
        for area in engine.areas
    )


def item_named(unit: Unit, code: str) -> Item | None:
    """Return the item of the unit's instruments with the code."""
    if not code:
        return None
    return Item.objects.filter(instrument__in=instruments_for(unit), code=code).first()


def first_values(unit: Unit) -> dict[str, Any]:
    """Return the form's first values at a unit."""
    return {"severity": Severity.MODERATE, "owner_title": usual_owner(unit)}
