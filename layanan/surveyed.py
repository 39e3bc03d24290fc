"""Which services are surveyed: those that the unit finishes itself, by its catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from layanan.models import Availability, Service, ServiceTemplate
from wbbm.organisasi.models import Unit, UnitKind

# Units whose residents are asked.
KINDS = (UnitKind.POLRES, UnitKind.POLSEK)
# Shorter than the catalogue's, for slips and small screens.
_NAMES = {
    "sim-baru": "SIM baru",
    "sim-perpanjangan": "Perpanjangan SIM",
    "stnk-bpkb": "STNK dan BPKB",
    "skck": "SKCK",
    "laporan-polisi": "Laporan polisi",
    "surat-kehilangan": "Surat kehilangan",
    "sp2hp": "SP2HP",
    "izin-keramaian": "Izin keramaian",
}


@dataclass(frozen=True)
class Surveyed:
    """One service: its code, and what it is called."""

    code: str
    name: str


def services_of(unit: Unit) -> tuple[Surveyed, ...]:
    """Return the services that are finished at the unit, in the catalogue's order (two queries)."""
    own = dict(Service.objects.filter(unit=unit).values_list("code", "availability"))
    # The nearest standard comes last, and holds.
    standards = {row.code: row for row in ServiceTemplate.objects.holding_at(unit)}
    return tuple(
        Surveyed(code, _NAMES.get(code, row.name))
        for code, row in standards.items()
        if own.get(code, row.availability.get(unit.kind)) == Availability.SERVES
    )


def service_name(code: str) -> str:
    """Return what a service is called, also where the catalogue has dropped it; a district's own by its code."""
    return _NAMES.get(code) or code.replace("-", " ").capitalize()
