"""Evidence of the demo in every state, and pictures on the Senori sheet: drawn, marked as examples."""

from __future__ import annotations

import datetime
import io
import uuid
from dataclasses import replace

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from supervisi.demo.district import District
from supervisi.models import Answer, Evidence
from supervisi.services import evidence_notices, vault
from supervisi.services.evidence import attach_upload
from supervisi.services.vault import Facts, add_revision, attach_existing
from wbbm.organisasi.models import Unit, User

_DAY = datetime.timedelta(days=1)
_DECREE = "SK tim kerja zona integritas Polres Tuban"
# What Senori keeps last, by text and number of the picture.
SKETCH = ("Denah alur pelayanan", 10)
_SHOTS = ("Papan tarif di ruang tunggu", "Register pengaduan", "Jadwal piket hari ini")


def picture(text: str, number: int) -> SimpleUploadedFile:
    """Draw a picture with a text, marked as example data; the same number and text give the same file."""
    image = Image.new("RGB", (960, 720), (210 - 14 * number, 216, min(255, 205 + 8 * number)))
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
        attach_upload(answer=answer, upload=picture(text, number), upload_uuid=uuid.uuid4(), by=author)


def add_vault(district: District) -> None:
    """Let units keep documents of every state, some of them attached to the first item of the Senori sheet."""
    unit = district.stations["Senori"]
    first = Answer.objects.filter(checklist__unit=unit, checklist__status="draft").order_by("item__position")[0]
    _add_decree(district, first)
    _add_kept(district, first)
    evidence_notices.daily(unit.time_zone, district.today)


def _add_decree(district: District, answer: Answer) -> None:
    """A decree of the district for all stations, with the revision before it; attached at Senori."""
    # Its children were made after it was read.
    district.polres.refresh_from_db()
    operator, leader, year = district.people["bagren"], district.people["kabagren"], district.today.year
    facts = Facts(
        title=_DECREE, document_number=f"SK/12/I/{year - 1}/REN (contoh)", tags="sk, tim kerja", is_shared=True,
        dated_on=datetime.date(year - 1, 1, 8), valid_from=datetime.date(year - 1, 1, 8),
        valid_until=datetime.date(year - 1, 12, 31),
    )  # fmt: skip
    old = _keep(district.polres, picture(f"SK tim kerja {year - 1}", 5), facts, operator)
    newer = replace(
        facts, document_number=f"SK/9/I/{year}/REN (contoh)", dated_on=datetime.date(year, 1, 6),
        valid_from=datetime.date(year, 1, 6), valid_until=district.today + 200 * _DAY,
    )  # fmt: skip
    made = add_revision(evidence=old, upload=picture(f"SK tim kerja {year}", 6), facts=newer, by=operator)
    attach_existing(answer=answer, evidence=made, link_uuid=uuid.uuid4(), by=leader)


def _add_kept(district: District, answer: Answer) -> None:
    """What Senori keeps itself: valid, about to run out, run out, and without a day."""
    unit, head, today = district.stations["Senori"], district.people["kapolsek.senori"], district.today
    kept = (
        ("Standar pelayanan SPKT", "SP/3/II (contoh)", "pelayanan", today - 200 * _DAY, today + 165 * _DAY),
        ("Nota kesepahaman dengan kecamatan", "NK/7/XI (contoh)", "kerja sama", today - 350 * _DAY, today + 12 * _DAY),
        ("Maklumat pelayanan", "MK/1/I (contoh)", "pelayanan", today - 400 * _DAY, today - 9 * _DAY),
        (SKETCH[0], "", "pelayanan, denah", None, None),
    )
    for number, (title, document, tags, begins, ends) in enumerate(kept):
        facts = Facts(
            title=title, document_number=document, tags=tags, dated_on=begins, valid_from=begins, valid_until=ends
        )
        made = _keep(unit, picture(title, 7 + number), facts, head)
        if title.startswith("Maklumat"):
            by = district.people["kabagren"]
            attach_existing(answer=answer, evidence=made, link_uuid=uuid.uuid4(), by=by)


def _keep(unit: Unit, upload: SimpleUploadedFile, facts: Facts, by: User) -> Evidence:
    return vault.add_evidence(unit=unit, upload=upload, facts=facts, by=by).evidence
