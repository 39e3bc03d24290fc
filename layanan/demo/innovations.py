"""Innovations of the demo district: SIMBA and the traffic park run, a station drafts one."""

from __future__ import annotations

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from layanan.demo.place import Place
from layanan.models import Innovation, InnovationFigure, InnovationStatus
from layanan.pages.moments import closed_quarters, months_back
from layanan.ready_innovations import READY
from layanan.services.innovations import add_file
from wbbm.organisasi.models import User

_VISITORS = (310, 285, 342, 298, 366, 401, 388, 352, 415, 430, 397, 120)


def add_innovations(place: Place) -> None:
    """Make the register, with figures of twelve months."""
    keeper = place.people["bagren"]
    months = months_back(place.today, 12)
    after, _, before = closed_quarters(place.today, 3)
    since = datetime.date(place.today.year - 2, 3, 1)
    made = {}
    for ready in READY:
        made[ready.slug] = Innovation.objects.create(
            unit=place.polres, title=ready.title, summary=ready.summary, problem=ready.problem,
            how_it_works=ready.how_it_works, services=list(ready.services), figure_source=ready.figure_source,
            since=since, status=InnovationStatus.RUNNING, effect_survey="spkp", effect_element=2,
            effect_before=before, effect_after=after, created_by=keeper,
        )  # fmt: skip
    park = made["taman-lalu-lintas"]
    posting = next(iter(keeper.scope.postings), None)
    figures = [
        InnovationFigure(
            innovation=park, month=month, helped=helped, note="Buku tamu taman (contoh)", by=keeper, posting=posting
        )
        for month, helped in zip(months, _VISITORS, strict=True)
    ]
    # A figure that was corrected: the old one stays in the history.
    figures.append(
        InnovationFigure(innovation=park, month=months[-3], helped=340, is_current=False, by=keeper, posting=posting)
    )
    figures[-4].note = "Rombongan sekolah belum terhitung (contoh)"
    InnovationFigure.objects.bulk_create(figures)
    add_file(innovation=park, upload=_picture(), title="Lintasan latihan di taman (contoh)", by=keeper)
    _add_draft(place, place.people["kapolsek.senori"])


def _add_draft(place: Place, head: User) -> None:
    Innovation.objects.create(
        unit=place.stations["Senori"], title="Surat kehilangan malam hari",
        summary="Laporan kehilangan dilayani di pos desa dua malam seminggu (contoh).",
        problem="Warga yang bekerja siang hari harus izin untuk melapor (contoh).",
        how_it_works="Bhabinkamtibmas membuka pelayanan di balai desa, pukul 19.00 sampai 21.00 (contoh).",
        services=["surat-kehilangan"], since=place.today - datetime.timedelta(days=20), created_by=head,
    )  # fmt: skip


def _picture() -> SimpleUploadedFile:
    image = Image.new("RGB", (640, 480), (196, 208, 190))
    draw = ImageDraw.Draw(image)
    draw.line((80, 380, 200, 120, 320, 380, 440, 120, 560, 380), fill=(84, 64, 44), width=10)
    draw.text((60, 20), "Lintasan latihan\nDATA CONTOH", fill=(36, 26, 18), font_size=30)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return SimpleUploadedFile("Lintasan.jpg", buffer.getvalue(), content_type="image/jpeg")
