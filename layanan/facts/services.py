"""How far a unit's service standards are, and what of them is public."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from layanan.components import COMPONENTS
from layanan.models import CatalogueRevision, ServicePoint, Subject
from layanan.pages.catalogue import read_own, read_rules
from wbbm.organisasi.models import Unit


@dataclass(frozen=True)
class ServiceFacts:
    """How far a unit's service standards are, and what of them is public."""

    services: int
    complete: int
    filled: int
    due: int
    free: int
    missing: tuple[str, ...]
    has_charter: bool
    charter_on: datetime.date | None
    # Saved versions of its pages since the first day of the window: standards that are kept up.
    revised: int


def service_facts(unit: Unit, since: datetime.date, day: datetime.date) -> ServiceFacts:
    """Read what a unit serves on the day, and how complete its standards are (five queries)."""
    offers = read_rules(unit, day).offers(unit, read_own([unit]).get(unit.pk, {}))
    served = [offer for offer in offers if offer.serves]
    lacking = {component.label for offer in served for component in offer.missing}
    filled = sum(len(COMPONENTS) - len(offer.missing) for offer in served)
    point = ServicePoint.objects.filter(unit=unit).first()
    revised = CatalogueRevision.objects.filter(unit=unit, at__date__gte=since).exclude(subject=Subject.TEMPLATE).count()
    return ServiceFacts(
        services=len(served),
        complete=sum(1 for offer in served if not offer.missing),
        filled=filled,
        due=len(served) * len(COMPONENTS),
        free=sum(1 for offer in served if offer.is_free),
        missing=tuple(each.label for each in COMPONENTS if each.label in lacking),
        has_charter=bool(point is not None and point.charter),
        charter_on=point.charter_on if point is not None else None,
        revised=revised,
    )
