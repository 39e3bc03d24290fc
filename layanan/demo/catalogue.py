"""Services, desks and maklumat of the demo district; the numbers are made of noughts, so that nobody is called."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from layanan.demo.place import Place
from layanan.models import Availability, CatalogueRevision, Service, ServicePoint, ServiceTemplate, Subject
from layanan.pages.catalogue import read_templates
from layanan.services.catalogue import Thing, content_of, save_content
from layanan.services.catalogue_files import load_catalogue
from wbbm.organisasi.models import Posting, Role, Unit

_OFFICE = "Senin sampai Kamis, 08.00 sampai 14.00\nJumat dan Sabtu, 08.00 sampai 11.00"
_CHARTER = (
    "Kami sanggup melayani sesuai standar pelayanan yang berlaku. "
    "Bila tidak menepatinya, kami siap menerima sanksi menurut peraturan."
)
# What the Polres says of its services beyond the district's standard.
_TIMES = {
    "sim-perpanjangan": "Selesai pada hari yang sama bila berkas lengkap",
    "sim-baru": "Selesai pada hari yang sama setelah lulus ujian",
    "skck": "Sekitar 30 menit bila berkas lengkap",
    "laporan-polisi": "Sekitar 15 menit",
    "stnk-bpkb": "Menurut keperluan; petugas menyebutkannya saat berkas diterima",
}
_OWN = {
    "facilities": "Ruang tunggu dengan kursi prioritas, toilet, dan jalur kursi roda\nKotak saran dan kode QR survei",
    "competence": "Petugas terlatih dalam pelayanan prima",
    "oversight": "Siwas memeriksa loket setiap bulan",
    "staff": "Empat petugas setiap giliran",
    "guarantee": "Dilayani sesuai standar; bila terlambat, petugas memberi tahu alasannya",
    "safety": "Data pemohon hanya dibuka petugas yang melayani",
    "evaluation": "Kinerja petugas dievaluasi setiap triwulan",
    "legal_basis": "Peraturan Kapolri dan SOP satuan yang dipajang di loket",
    "requirements": "Syarat menurut keperluan; tanyakan di loket",
}
# What the stations leave out, by turns: the list of gaps has something to say.
_GAPS = (("evaluation",), ("staff",), (), ("facilities", "competence", "oversight"))
_SERVED_AT_STATIONS = ("laporan-polisi", "surat-kehilangan", "izin-keramaian", "skck")
# Stations to which the Polres left the SKCK.
_ISSUING = frozenset({"Jatirogo", "Rengel"})


def add_catalogue(place: Place) -> None:
    """Fill the public pages of the Polres and its stations; each saved text has its version."""
    load_catalogue()
    templates = read_templates(place.polres)
    units = {"": place.polres, **place.stations}
    signed = datetime.date(place.today.year, 1, 2)
    points = [_point(unit, name, number, signed) for number, (name, unit) in enumerate(units.items())]
    services = [
        each for number, (name, unit) in enumerate(units.items()) for each in _services(templates, unit, name, number)
    ]
    ServicePoint.objects.bulk_create(points)
    Service.objects.bulk_create(services)
    _add_versions(points, services)
    _write_standard(place)


def _write_standard(place: Place) -> None:
    """Let the district write its own standard of one service."""
    thing = Thing(Subject.TEMPLATE, place.polres, "skck")
    content = content_of(Subject.TEMPLATE, read_templates(place.polres)["skck"])
    content["parts"] = content["parts"] | {"guarantee": "Dilayani menurut nomor antrean; berkas lengkap diterima"}
    save_content(thing=thing, content=content, base=0, by=place.people["admin"])


def _point(unit: Unit, name: str, number: int, signed: datetime.date) -> ServicePoint:
    office = "Kapolres Tuban" if not name else f"Kapolsek {name}"
    return ServicePoint(
        unit=unit, version=1, hours=_OFFICE, phone=f"0356 000 0{number:02d}",
        address=f"Kantor {unit.name}\nKabupaten Tuban (alamat contoh)",
        whatsapp="0800 0000 0000" if not name else "",
        note="Peta menunjuk pusat wilayah, bukan gedungnya." if name else "",
        charter=_CHARTER, charter_office=office, charter_on=signed,
    )  # fmt: skip


def _services(templates: dict[str, ServiceTemplate], unit: Unit, name: str, number: int) -> list[Service]:
    found = []
    for code, template in templates.items():
        if name and code not in _SERVED_AT_STATIONS:
            continue
        availability = template.availability.get(unit.kind, Availability.NONE)
        if code == "skck" and name in _ISSUING:
            availability = Availability.SERVES
        left_out = _GAPS[number % len(_GAPS)]
        parts = {key: text for key, text in _OWN.items() if key not in left_out and not template.parts.get(key)}
        if not template.parts.get("time"):
            parts["time"] = _TIMES.get(code, "Petugas menyebutkannya saat berkas diterima")
        found.append(Service(unit=unit, code=code, availability=availability, parts=parts, version=1))
    return found


def _add_versions(points: list[ServicePoint], services: list[Service]) -> None:
    at = timezone.now() - datetime.timedelta(days=30)
    units = [point.unit_id for point in points]
    held = {row.unit_id: row for row in Posting.objects.filter(unit__in=units, role=Role.OPERATOR).order_by("-pk")}
    rows: list[tuple[str, str, Any]] = [(Subject.POINT, "", point) for point in points]
    rows += [(Subject.SERVICE, service.code, service) for service in services]
    CatalogueRevision.objects.bulk_create(
        CatalogueRevision(
            unit_id=row.unit_id, subject=subject, code=code, version=1, content=content_of(subject, row), at=at,
            by_id=held[row.unit_id].user_id, posting=held[row.unit_id],
        )
        for subject, code, row in rows
    )  # fmt: skip
