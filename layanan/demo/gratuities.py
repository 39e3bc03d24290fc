"""Gratuity reports of the demo district, one or more in every state: offices only."""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from layanan.demo.place import Place
from layanan.models import GratuityEvent, GratuityFile, GratuityReport
from layanan.models.gratuities import GratuityStatus
from layanan.services.gratuities import FILE_KIND
from wbbm.files.keeping import kept_uploads
from wbbm.organisasi.models import Posting, User

_DRAFT, _SUBMITTED, _FORWARDED, _DECIDED, _CLOSED, _ = GratuityStatus.values
_WAY = {
    _DRAFT: (),
    _SUBMITTED: ("submit",),
    _FORWARDED: ("submit", "forward"),
    _DECIDED: ("submit", "forward", "decide"),
    _CLOSED: ("submit", "close"),
}


@dataclass(frozen=True)
class _Told:
    """One report: whose, how many days ago received, how long after that handed in, how far it has come."""

    username: str
    ago: int
    after: int
    status: str
    facts: dict[str, Any]


def _facts(
    form: str, what: str, value: int, relation: str, occasion: str, circumstances: str, place: str
) -> dict[str, Any]:
    return {
        "form": form, "what": what, "value": Decimal(value), "relation": relation, "occasion": occasion,
        "circumstances": circumstances, "whereabouts": place,
        "response": "refused" if place == "none" else "accepted",
    }  # fmt: skip


_TOLD = (
    _Told("kapolsek.senori", 1, 0, _DRAFT, _facts(
        "food", "Dua kotak kue dari pemohon izin keramaian", 150_000, "served", "duty",
        "Ditinggalkan di meja penjagaan sesudah izin terbit; pemberi sudah pulang.", "held")),
    _Told("wakapolres", 38, 2, _SUBMITTED, _facts(
        "goods", "Kain sarung dari rekanan pengadaan", 400_000, "partner", "holiday",
        "Dikirim lewat kurir tanpa pengantar.", "upg")),
    _Told("kapolsek.grabagan", 75, 60, _SUBMITTED, _facts(
        "money", "Amplop dari warga sesudah mediasi", 300_000, "served", "duty",
        "Diselipkan di map berkas dan baru ditemukan kemudian.", "upg")),
    _Told("tim1", 60, 3, _FORWARDED, _facts(
        "service", "Voucher menginap dari penyelenggara pelatihan", 1_200_000, "partner", "other",
        "Dibagikan kepada semua peserta pada penutupan pelatihan.", "upg")),
    _Told("kabagren", 150, 4, _DECIDED, _facts(
        "goods", "Jam tangan dari rekanan", 2_500_000, "partner", "farewell",
        "Diberikan di depan umum pada pisah sambut.", "upg")),
    _Told("bagren", 40, 5, _CLOSED, _facts(
        "goods", "Bingkisan dari rekan kerja pada ulang tahun", 200_000, "colleague", "farewell",
        "Diberikan bersama oleh rekan satu bagian.", "held")),
)  # fmt: skip


def add_gratuities(place: Place) -> None:
    """Write the reports with their history."""
    postings = {row.user_id: row for row in Posting.objects.running().select_related("unit").order_by("-pk")}
    people = {told.username: place.people[told.username] for told in _TOLD}
    for number, told in enumerate(_TOLD, start=1):
        person = people[told.username]
        report = _report(place, told, person, postings[person.pk], number)
        upg = place.people["siwas"]
        _history(place, report, told, (person, postings[person.pk]), (upg, postings[upg.pk]))
        if told.status == _FORWARDED:
            _photograph(report, person)


def _report(place: Place, told: _Told, person: User, posting: Posting, number: int) -> GratuityReport:
    received = place.today - datetime.timedelta(days=told.ago)
    handed_in = received + datetime.timedelta(days=told.after)
    steps = _WAY[told.status]
    facts = dict(told.facts)
    if steps:
        facts["submitted_on"] = handed_in
    if "forward" in steps:
        facts |= {"forwarded_on": handed_in + datetime.timedelta(days=3), "kpk_number": f"KPK/{number:03d} (contoh)"}
    if "decide" in steps:
        decided = handed_in + datetime.timedelta(days=40)
        facts |= {"decision": "state", "decided_on": decided, "decision_number": f"SK/{number:03d} (contoh)"}
    if "close" in steps:
        facts["closed_on"] = handed_in + datetime.timedelta(days=2)
    short = posting.unit.code.removeprefix("polsek-").upper()
    return GratuityReport.objects.create(
        number=f"G-{place.today.year}-{short}-{number:03d}", by=person, posting=posting, unit=posting.unit,
        status=told.status, received_on=received, **facts,
    )  # fmt: skip


def _history(
    place: Place, report: GratuityReport, told: _Told, officer: tuple[User, Posting], upg: tuple[User, Posting]
) -> None:
    days = {
        "written": report.submitted_on or report.received_on, "submit": report.submitted_on,
        "forward": report.forwarded_on, "decide": report.decided_on, "close": report.closed_on,
    }  # fmt: skip
    words = {
        "forward": f"Nomor KPK {report.kpk_number}.",
        "decide": f"{report.get_decision_display()}, penetapan {report.decision_number}.",
        "close": "Di bawah batas wajar di antara rekan kerja; dicatat saja.",
    }
    rows = []
    for number, kind in enumerate(("written", *_WAY[told.status])):
        by, posting = officer if kind in {"written", "submit"} else upg
        rows.append(
            GratuityEvent(
                report=report, kind=kind, text=words.get(kind, ""), by=by, posting=posting,
                on=days[kind] or place.today, at=timezone.now() + datetime.timedelta(microseconds=number),
            )
        )  # fmt: skip
    GratuityEvent.objects.bulk_create(rows)


def _photograph(report: GratuityReport, by: User) -> None:
    image = Image.new("RGB", (480, 360), (214, 208, 198))
    ImageDraw.Draw(image).text((60, 120), f"Voucher\n{report.number}\n\nDATA CONTOH", fill=(36, 26, 18), font_size=28)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    upload = SimpleUploadedFile("Voucher.jpg", buffer.getvalue(), content_type="image/jpeg")
    with kept_uploads([upload], unit=report.unit, by=by, kind=FILE_KIND) as files:
        for file in files:
            file.save(force_insert=True)
            GratuityFile.objects.create(report=report, file=file)
