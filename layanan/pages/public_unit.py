"""What the public page of a unit, and of one of its services, shows."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils import timezone

from layanan.access import PUBLIC_KINDS, SERVING_KINDS
from layanan.components import COMPONENTS
from layanan.models import Availability, ServicePoint
from layanan.pages.catalogue import Offer, Part, Price, Rules, read_own, read_rules
from layanan.pages.panel import Panel, PanelReader
from wbbm.organisasi.access import zone_day
from wbbm.organisasi.models import Unit, UnitKind

# Topics append their readers here: panels of a unit's public page, and of the first page (in this order).
UNIT_PANELS: list[PanelReader] = []
HOME_PANELS: list[PanelReader] = []


@dataclass(frozen=True)
class Desk:
    """Where, when and how a unit serves, as pages show it."""

    unit: Unit
    point: ServicePoint | None

    @property
    def hours(self) -> tuple[str, ...]:
        """The opening hours, a line each."""
        return tuple(self.point.hours.splitlines()) if self.point is not None else ()

    @property
    def map_url(self) -> str:
        """A map at the unit's place; empty without one."""
        if self.unit.latitude is None or self.unit.longitude is None:
            return ""
        place = f"{self.unit.latitude},{self.unit.longitude}"
        return "https://www.google.com/maps/search/?" + urlencode({"api": 1, "query": place})

    @property
    def phone_url(self) -> str:
        """The number as a telephone dials it."""
        return _digits(self.point.phone) if self.point is not None else ""

    @property
    def whatsapp_url(self) -> str:
        """A chat with the desk; empty without a number."""
        number = _digits(self.point.whatsapp) if self.point is not None else ""
        return (
            f"https://wa.me/62{number[1:]}" if number.startswith("0") else f"https://wa.me/{number}" if number else ""
        )

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is known of the desk."""
        return self.point is None and not self.map_url


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


@dataclass(frozen=True)
class UnitPage:
    """The public page of a unit."""

    unit: Unit
    desk: Desk
    offers: tuple[Offer, ...]
    above: Unit | None
    below: tuple[Unit, ...]
    panels: tuple[Panel, ...]

    @property
    def served(self) -> tuple[Offer, ...]:
        """What is served here."""
        return tuple(offer for offer in self.offers if offer.serves)

    @property
    def informed(self) -> tuple[Offer, ...]:
        """What the unit informs about, and accompanies."""
        return tuple(offer for offer in self.offers if not offer.serves)


@dataclass(frozen=True)
class ServicePage:
    """The public page of a service of a unit."""

    unit: Unit
    desk: Desk
    offer: Offer
    # The tariff that was asked for, or the only one.
    chosen: Price | None
    above: Unit | None

    @property
    def title(self) -> str:
        """What the page is about."""
        return self.chosen.tariff.name if self.chosen is not None else self.offer.template.name

    @property
    def others(self) -> tuple[Price, ...]:
        """The prices besides the chosen one."""
        return tuple(price for price in self.offer.prices if price is not self.chosen)

    @property
    def hours(self) -> tuple[str, ...]:
        """When it is served."""
        return tuple(self.offer.hours.splitlines()) or self.desk.hours

    @property
    def parts(self) -> dict[str, Part]:
        """The components of which something is said, by key."""
        found = (self.offer.part(component) for component in COMPONENTS)
        return {part.component.key: part for part in found if part.lines}

    @property
    def rest(self) -> tuple[Part, ...]:
        """The components that stand in no place of their own on the page."""
        return tuple(part for key, part in self.parts.items() if key not in {"requirements", "procedure", "cost"})


def local_today(unit: Unit | None) -> datetime.date:
    """Return the day at the unit; the portal's own without one."""
    return zone_day(unit.time_zone, timezone.now()) if unit is not None else timezone.localdate()


def find_public_unit(code: str) -> Unit | None:
    """Return the unit that has a public page under the code (one query)."""
    found: Unit | None = Unit.objects.filter(code=code, kind__in=PUBLIC_KINDS).first()
    return found if found is not None and found.is_active_on(local_today(found)) else None


def read_unit_page(unit: Unit) -> UnitPage:
    """Read a unit's public page (five queries besides the panels')."""
    day = local_today(unit)
    rules = read_rules(unit, day)
    near = _near(unit, day)
    return UnitPage(
        unit=unit,
        desk=Desk(unit, ServicePoint.objects.filter(unit=unit).first()),
        offers=_offers(rules, unit),
        above=next((each for each in near if each.path == unit.parent_path), None),
        below=tuple(each for each in near if each.path != unit.parent_path),
        panels=panels_of(UNIT_PANELS, unit, day),
    )


def _offers(rules: Rules, unit: Unit) -> tuple[Offer, ...]:
    return rules.offers(unit, read_own([unit]).get(unit.pk, {})) if unit.kind in SERVING_KINDS else ()


def _near(unit: Unit, day: datetime.date) -> list[Unit]:
    """Read the unit above and those right below that have a public page (one query)."""
    below = {"path__startswith": unit.path, "depth": unit.depth + 1}
    found = Unit.objects.filter(path=unit.parent_path) | Unit.objects.filter(**below)
    return [each for each in found.active_on(day) if each.kind in PUBLIC_KINDS]


def read_service_page(unit: Unit, code: str, tariff: str) -> ServicePage | None:
    """Read the page of a service (five queries); None where the unit doesn't offer it."""
    day = local_today(unit)
    rules = read_rules(unit, day)
    template = rules.templates.get(code)
    if template is None or unit.kind not in SERVING_KINDS:
        return None
    offer = rules.offer(template, unit, read_own([unit]).get(unit.pk, {}).get(code))
    if offer.availability == Availability.NONE:
        return None
    asked = next((price for price in offer.prices if price.tariff.key == tariff), None)
    only = offer.prices[0] if len(offer.prices) == 1 else None
    return ServicePage(
        unit=unit,
        desk=Desk(unit, ServicePoint.objects.filter(unit=unit).first()),
        offer=offer,
        chosen=asked or only,
        above=None if offer.serves else _serving_above(unit, day),
    )


def _serving_above(unit: Unit, day: datetime.date) -> Unit | None:
    """Return the Polres that serves where the unit only informs (one query)."""
    found: Unit | None = Unit.objects.filter(path__in=unit.ancestor_paths, kind=UnitKind.POLRES).active_on(day).last()
    return found


def panels_of(readers: list[PanelReader], unit: Unit, day: datetime.date) -> tuple[Panel, ...]:
    """Read the panels of a page, each by its topic."""
    return tuple(panel for reader in readers if (panel := reader(unit, day)) is not None)
