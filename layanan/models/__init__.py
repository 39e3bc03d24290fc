"""Tables of the public side, one module a topic."""

from .catalogue import Availability, CatalogueRevision, Service, ServicePoint, ServiceTemplate, Subject
from .tariffs import Tariff

__all__ = [
    "Availability",
    "CatalogueRevision",
    "Service",
    "ServicePoint",
    "ServiceTemplate",
    "Subject",
    "Tariff",
]
