"""Tables of the public side, one module a topic."""

from .catalogue import Availability, CatalogueRevision, Service, ServicePoint, ServiceTemplate, Subject
from .gratuities import GratuityEvent, GratuityFile, GratuityReport
from .tariffs import Tariff

__all__ = [
    "Availability",
    "CatalogueRevision",
    "GratuityEvent",
    "GratuityFile",
    "GratuityReport",
    "Service",
    "ServicePoint",
    "ServiceTemplate",
    "Subject",
    "Tariff",
]
