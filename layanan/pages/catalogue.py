"""What a unit offers: its standards, with what the unit itself says, and what each costs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import dateformat

from layanan.components import COMPONENTS, Component
from layanan.models import Availability, Service, ServiceTemplate, Tariff
from layanan.money import rupiah
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class Price:
    """One tariff as a page shows it: the one that holds, and the one that has been decided for later."""

    tariff: Tariff
    later: Tariff | None = None

    @property
    def text(self) -> str:
        """What it costs now."""
        return self.tariff.price

    @property
    def validity(self) -> str:
        """Since when and until when it holds."""
        since = f"Berlaku sejak {_day(self.tariff.valid_from)}" if self.tariff.valid_from else "Berlaku"
        until = f" sampai {_day(self.tariff.valid_until)}" if self.tariff.valid_until else " sampai ada perubahan"
        return since + until

    @property
    def next(self) -> str:
        """What it will cost, where that has been decided."""
        if self.later is None or self.later.valid_from is None:
            return ""
        return f"Mulai {_day(self.later.valid_from)}: {self.later.price} ({self.later.legal_basis})"


def _day(day: datetime.date) -> str:
    return dateformat.format(day, "j F Y")


@dataclass(frozen=True)
class Part:
    """A component of a standard as a page shows it."""

    component: Component
    lines: tuple[str, ...]
    # Read in one source only.
    is_unsure: bool


@dataclass(frozen=True)
class Offer:
    """A service as a unit offers it."""

    template: ServiceTemplate
    own: Service | None
    availability: str
    prices: tuple[Price, ...]

    @property
    def serves(self) -> bool:
        """Tell whether the unit itself serves, rather than inform."""
        return self.availability == Availability.SERVES

    @property
    def is_free(self) -> bool:
        """Tell whether nothing is to be paid for it."""
        return bool(self.prices) and all(price.tariff.is_free for price in self.prices)

    @property
    def price_text(self) -> str:
        """The price in one word or two: GRATIS, Rp30.000, mulai Rp30.000."""
        if self.is_free:
            return "GRATIS"
        amounts = [price.tariff.amount for price in self.prices if not price.tariff.is_unsure]
        if not amounts:
            return "lihat tarif"
        return rupiah(amounts[0]) if len(amounts) == 1 else f"mulai {rupiah(min(amounts))}"

    @property
    def hours(self) -> str:
        """When it is served, where that differs from the unit's hours."""
        return (self.own.hours if self.own is not None else "") or self.template.hours

    def text(self, key: str) -> str:
        """Return a component: the unit's own words where the district lets it, else the district's."""
        own = self.own.parts.get(key, "") if self.own is not None and key not in self.template.fixed else ""
        return own or self.template.parts.get(key, "")

    def part(self, component: Component) -> Part:
        """Return a component as a page shows it."""
        is_own = self.text(component.key) != self.template.parts.get(component.key, "")
        return Part(component, tuple(self.text(component.key).splitlines()),
                    component.key in self.template.unsure and not is_own)  # fmt: skip

    @property
    def missing(self) -> tuple[Component, ...]:
        """The components about which nothing is said yet."""
        return tuple(component for component in COMPONENTS if not self.text(component.key))


@dataclass(frozen=True)
class Rules:
    """What holds in a district: its standards by code, and its prices by service."""

    templates: dict[str, ServiceTemplate]
    prices: dict[str, tuple[Price, ...]]

    def offers(self, unit: Unit, own: dict[str, Service]) -> tuple[Offer, ...]:
        """Return what a unit offers, in the order of the standards."""
        found = (self.offer(template, unit, own.get(code)) for code, template in self.templates.items())
        return tuple(offer for offer in found if offer.availability != Availability.NONE)

    def offer(self, template: ServiceTemplate, unit: Unit, own: Service | None) -> Offer:
        """Return a service of a unit, also one that it doesn't offer."""
        default = template.availability.get(unit.kind, Availability.NONE)
        return Offer(template, own, own.availability if own else default, self.prices.get(template.code, ()))


def read_templates(unit: Unit | None) -> dict[str, ServiceTemplate]:
    """Read the standards that hold at a unit, by code, in their order (one query)."""
    found: dict[str, ServiceTemplate] = {}
    for row in ServiceTemplate.objects.holding_at(unit):
        found[row.code] = row
    return found


def read_prices(unit: Unit | None, day: datetime.date) -> list[Price]:
    """Read what holds at a unit on the day, and what has been decided for later (one query)."""
    current: dict[str, Tariff] = {}
    later: dict[str, Tariff] = {}
    for row in Tariff.objects.holding_at(unit, day):
        if row.has_begun(day):
            current[row.key] = row
        else:
            later.setdefault(row.key, row)
    return [Price(row, later.get(key)) for key, row in current.items()]


def by_service(prices: Iterable[Price]) -> dict[str, tuple[Price, ...]]:
    """Return prices by service."""
    found: dict[str, list[Price]] = {}
    for price in prices:
        found.setdefault(price.tariff.service, []).append(price)
    return {service: tuple(each) for service, each in found.items()}


def read_rules(unit: Unit | None, day: datetime.date) -> Rules:
    """Read what holds at a unit (two queries)."""
    return Rules(read_templates(unit), by_service(read_prices(unit, day)))


def read_own(units: Iterable[Unit]) -> dict[int, dict[str, Service]]:
    """Read what units say themselves, by unit and code (one query)."""
    found: dict[int, dict[str, Service]] = {}
    for row in Service.objects.filter(unit__in=list(units)):
        found.setdefault(row.unit_id, {})[row.code] = row
    return found
