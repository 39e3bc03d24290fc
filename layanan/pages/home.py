"""What the public first page shows: the one Polres of this portal, or the choice among several."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count

from layanan.models import Availability, ServiceTemplate
from layanan.pages.catalogue import Offer, Price, read_own, read_rules
from layanan.pages.panel import Panel
from layanan.pages.public_unit import HOME_PANELS, local_today, panels_of
from wbbm.organisasi.models import Unit, UnitKind

# So many a first page lists; more are searched.
MOST_LISTED = 40


@dataclass(frozen=True)
class HomePage:
    """The first page: of one unit, or with units to choose from."""

    unit: Unit | None
    offers: tuple[Offer, ...]
    choices: tuple[Unit, ...]
    is_long: bool
    panels: tuple[Panel, ...]


def read_home() -> HomePage:
    """Read the first page (four queries for one Polres besides the panels', three for several)."""
    choices = districts(local_today(None))
    unit = choices[0] if len(choices) == 1 else None
    day = local_today(unit)
    rules = read_rules(unit, day)
    if unit is not None:
        offers = rules.offers(unit, read_own([unit]).get(unit.pk, {}))
    else:
        offers = tuple(_anywhere(template, rules.prices.get(code, ())) for code, template in rules.templates.items())
    return HomePage(
        unit=unit,
        offers=offers,
        choices=() if unit is not None else choices[:MOST_LISTED],
        is_long=len(choices) > MOST_LISTED,
        panels=panels_of(HOME_PANELS, unit, day) if unit is not None else (),
    )


def _anywhere(template: ServiceTemplate, prices: tuple[Price, ...]) -> Offer:
    return Offer(template, None, Availability.SERVES, prices)


def districts(day: datetime.date) -> tuple[Unit, ...]:
    """Return the Polres that take part: those with a desk of their own, or all while none has one (one query)."""
    rows = Unit.objects.filter(kind=UnitKind.POLRES).active_on(day).annotate(desks=Count("service_point"))
    found = list(rows.order_by("name")[: 20 * MOST_LISTED])
    return tuple(unit for unit in found if unit.desks) or tuple(found)


def home_unit(day: datetime.date) -> Unit | None:
    """Return the one Polres of this portal (one query); None with several."""
    found = districts(day)
    return found[0] if len(found) == 1 else None
