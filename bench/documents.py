"""Measure a large document: `python -m bench.documents PHOTOS`; prints the figures as JSON.

A report of the whole LKE with so many photos is made by a real worker, while answers are saved on another sheet; what
counts is how long it takes, how much memory the worker ever held, and how long an answer waits for its roll-up.
"""

from __future__ import annotations

import io
import json
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from PIL import Image, ImageFilter  # noqa: E402

from supervisi.instrument_cache import engine_instrument  # noqa: E402
from supervisi.models import (  # noqa: E402
    Answer,
    AnswerEvidence,
    Checklist,
    ChecklistStatus,
    Evidence,
    Layer,
    Period,
    PeriodKind,
    UnitScore,
)
from supervisi.services.answers import save_operation  # noqa: E402
from supervisi.services.checklists import create_checklist  # noqa: E402
from supervisi.services.documents import request_document  # noqa: E402
from supervisi.services.instruments import load_instrument  # noqa: E402
from tests import processes  # noqa: E402
from tests.factories import make_person  # noqa: E402
from tests.supervisi.sheets import World, make_world, op  # noqa: E402
from wbbm.files.limits import THUMBNAIL_EDGE  # noqa: E402
from wbbm.files.models import StoredFile  # noqa: E402
from wbbm.organisasi.models import Role  # noqa: E402

NOTE = "Dilihat di tempat bersama petugas yang berjaga; register dan papan cocok dengan keadaan hari itu."


def large_sheet(world: World) -> Checklist:
    """Make the Polres's own LKE with every item answered and noted."""
    operator = make_person(world.polres, Role.OPERATOR)
    instrument, _ = load_instrument("lke-2021")
    today = timezone.localdate()
    year = Period.objects.create(
        unit=world.polres, name="Tahun ini", kind=PeriodKind.YEAR, first_day=today.replace(month=1, day=1),
        last_day=today.replace(month=12, day=31),
    )  # fmt: skip
    sheet = create_checklist(unit=world.polres, period=year, instrument=instrument, layer=Layer.SELF, by=operator)
    items = {item.code: item for item in engine_instrument(instrument).items}
    for answer in Answer.objects.filter(checklist=sheet).select_related("item"):
        item = items[answer.item.code]
        raw: Any = "3.5"
        if item.options:
            raw = item.options[0].code
        elif item.inputs:
            raw = {each.key: 10 for each in item.inputs}
        answer.value = {"answer": raw, "note": NOTE, "checked": "site", "on_behalf_of": None}
        answer.version, answer.is_answered = 1, True
        answer.save()
    Checklist.objects.filter(pk=sheet.pk).update(status=ChecklistStatus.SUBMITTED, submitted_at=timezone.now())
    return Checklist.objects.with_frame().get(pk=sheet.pk)


def add_photos(sheet: Checklist, count: int) -> int:
    """Hang photos of different content on the items in turn; return the bytes of a thumbnail on average."""
    answers, by = list(Answer.objects.filter(checklist=sheet)), sheet.created_by
    source, total = random.Random(7), 0
    for number in range(1, count + 1):
        grain = Image.frombytes("RGB", (80, 60), source.randbytes(80 * 60 * 3)).filter(ImageFilter.BoxBlur(1))
        picture = grain.resize((THUMBNAIL_EDGE, THUMBNAIL_EDGE * 3 // 4))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=75)
        total += len(buffer.getvalue())
        path = default_storage.save(f"ukur/{number}.kecil.jpg", ContentFile(buffer.getvalue()))
        file = StoredFile.objects.create(
            kind="evidence", name=f"{number}.jpg", content_type="image/jpeg", size=1, sha256=str(number),
            original_sha256=str(number), path=path, thumbnail_path=path, created_by=by,
        )  # fmt: skip
        evidence = Evidence.objects.create(
            file=file, unit=sheet.unit, number=number, title=f"Foto papan pelayanan di ruang tunggu, {number}",
            added_by=by,
        )  # fmt: skip
        AnswerEvidence.objects.create(
            uuid=uuid.uuid4(), answer=answers[number % len(answers)], evidence=evidence, added_by=by
        )
    return total // max(count, 1)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Measure."""
    photos = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    call_command("migrate", verbosity=0)
    world = make_world("dokumen")
    sheet = large_sheet(world)
    size = add_photos(sheet, photos)
    codes = [item.code for item in engine_instrument(world.instrument).items if item.options]
    with processes.process(*processes.sweep()), processes.workers_at_work("cepat", "berat") as (_, heavy):
        before, waits = peak_megabytes(heavy.pid), []
        began = time.monotonic()
        document = request_document(kind="report", by=sheet.created_by, checklist=sheet)
        while document.is_at_work and time.monotonic() - began < 120:
            if len(waits) < len(codes):
                code = codes[len(waits)]
                save_operation(
                    checklist=world.checklist, operation=op(code, first_letter(world, code)), by=world.leader
                )
                wanted = len(waits) + 1
                waits.append(
                    processes.wait_until(
                        lambda wanted=wanted: UnitScore.objects.filter(
                            unit=world.polres, items_answered__gte=wanted
                        ).exists(),
                        30,
                    )
                )
            document.refresh_from_db()
        took = time.monotonic() - began
        peak = peak_megabytes(heavy.pid)
    figures = {
        "items": len(engine_instrument(sheet.instrument).items),
        "photos": photos,
        "thumbnail_bytes": size,
        "status": document.status,
        "seconds": took,
        "peak_mb": peak,
        "idle_mb": before,
        "saves": len(waits),
        "slowest_rollup": max(waits),
        "pdf_bytes": document.file.size if document.file else 0,
    }
    print(json.dumps(figures))


def first_letter(world: World, code: str) -> str:
    """Return the best option of an item."""
    return engine_instrument(world.instrument).item(code).options[0].code


if __name__ == "__main__":
    main()
