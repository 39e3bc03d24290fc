"""What topics put onto the public pages of units and the first page."""

from __future__ import annotations

import datetime

from layanan.models import Innovation
from layanan.pages.panel import Panel
from layanan.pages.public_commitment import read_panel as commitment_panel
from layanan.pages.public_unit import HOME_PANELS, UNIT_PANELS
from layanan.pages.simba import next_sessions
from layanan.pages.survey_panel import survey_panel
from wbbm.organisasi.models import Unit

_MOST_INNOVATIONS = 4


def simba_panel(unit: Unit, day: datetime.date) -> Panel | None:
    """Show the next sessions of SIMBA at the unit and below it (one query)."""
    cards = next_sessions(unit)
    return Panel("layanan/_simba_panel.html", {"unit": unit, "cards": cards}) if cards else None


def innovations_panel(unit: Unit, day: datetime.date) -> Panel | None:
    """Show the unit's own innovations (one query)."""
    rows = tuple(Innovation.objects.public().filter(unit=unit)[:_MOST_INNOVATIONS])
    return Panel("layanan/_innovation_panel.html", {"unit": unit, "innovations": rows}) if rows else None


def register() -> None:
    """Add the panels, once."""
    on_home = (simba_panel, survey_panel)
    on_units = (simba_panel, innovations_panel, survey_panel, commitment_panel)
    places = [(HOME_PANELS, reader) for reader in on_home] + [(UNIT_PANELS, reader) for reader in on_units]
    for panels, reader in places:
        if reader not in panels:
            panels.append(reader)
