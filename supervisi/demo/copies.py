"""A station that has begun its own sheet with the last one: some copies confirmed, most still to be looked at."""

from __future__ import annotations

from supervisi.demo.district import District
from supervisi.demo.sheets import Periods
from supervisi.models import Answer, Checklist, Instrument, Layer
from supervisi.services.answers import restore_value
from supervisi.services.checklists import create_checklist
from supervisi.services.copying import copy_last_sheet

STATION, CONFIRMED = "Bangilan", 17


def add_copy(district: District, periods: Periods) -> None:
    """Let the station copy its sheet of the quarter before, and confirm the first items."""
    unit, head = district.stations[STATION], district.people[f"kapolsek.{STATION.lower()}"]
    instrument = Instrument.objects.get(code="polsek-2026")
    made = create_checklist(unit=unit, period=periods.quarter, instrument=instrument, layer=Layer.SELF, by=head)
    sheet = Checklist.objects.with_frame().get(pk=made.pk)
    copy_last_sheet(checklist=sheet, by=head)
    copies = Answer.objects.filter(checklist=sheet, needs_review=True).order_by("item__position")
    for code in list(copies.values_list("item__code", flat=True)[:CONFIRMED]):
        restore_value(checklist=sheet, item_code=code, revision_uuid=None, base_version=1, by=head)
