"""A few pieces of evidence on the Senori sheet: drawn pictures, marked as examples."""

from __future__ import annotations

import io
import uuid

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from supervisi.demo.district import District
from supervisi.models import Answer
from supervisi.services.evidence import attach_upload

_SHOTS = ("Papan tarif di ruang tunggu", "Register pengaduan", "Jadwal piket hari ini")


def _picture(text: str, number: int) -> SimpleUploadedFile:
    image = Image.new("RGB", (960, 720), (210 - 14 * number, 216, 205 + 8 * number))
    draw = ImageDraw.Draw(image)
    draw.rectangle((120, 120, 840, 520), fill="white", outline=(84, 64, 44), width=8)
    draw.text((170, 200), f"{text}\n\nDATA CONTOH", fill=(36, 26, 18), font_size=40)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return SimpleUploadedFile(f"{text}.jpg", buffer.getvalue(), content_type="image/jpeg")


def add_evidence(district: District) -> None:
    """Attach a picture to each of the first answers of the Senori sheet."""
    unit = district.stations["Senori"]
    answers = Answer.objects.filter(checklist__unit=unit, checklist__status="draft", version__gt=0).order_by(
        "item__position"
    )
    for number, (text, answer) in enumerate(zip(_SHOTS, answers, strict=False), start=1):
        author = answer.author or district.people["kabagren"]
        attach_upload(answer=answer, upload=_picture(text, number), upload_uuid=uuid.uuid4(), by=author)
