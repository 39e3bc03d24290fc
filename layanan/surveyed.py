"""Which services are surveyed, by the codes of the catalogue, and at which kinds of units."""

from __future__ import annotations

from dataclasses import dataclass

from wbbm.organisasi.models import Unit, UnitKind

_DISTRICT = (UnitKind.POLRES,)
_BOTH = (UnitKind.POLRES, UnitKind.POLSEK)


@dataclass(frozen=True)
class Surveyed:
    """One service: its code, what it is called, and which kinds of units finish it."""

    code: str
    name: str
    kinds: tuple[str, ...]


SERVICES = (
    Surveyed("sim-baru", "SIM baru", _DISTRICT),
    Surveyed("sim-perpanjangan", "Perpanjangan SIM", _DISTRICT),
    Surveyed("stnk-bpkb", "STNK dan BPKB", _DISTRICT),
    Surveyed("skck", "SKCK", _BOTH),
    Surveyed("laporan-polisi", "Laporan polisi", _BOTH),
    Surveyed("surat-kehilangan", "Surat kehilangan", _BOTH),
    Surveyed("sp2hp", "SP2HP", _BOTH),
    Surveyed("izin-keramaian", "Izin keramaian", _BOTH),
)
_NAMES = {service.code: service.name for service in SERVICES}
# Units whose residents are asked.
KINDS = _BOTH


def services_of(unit: Unit) -> tuple[Surveyed, ...]:
    """Return the services that are surveyed at the unit."""
    return tuple(service for service in SERVICES if unit.kind in service.kinds)


def service_name(code: str) -> str:
    """Return what the service is called; one that was taken away keeps its code."""
    return _NAMES.get(code, code)
