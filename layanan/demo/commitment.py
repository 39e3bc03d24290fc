"""Commitment of the demo district: declarations, pledges of nearly everybody, violations of two years."""

from __future__ import annotations

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from layanan.demo.place import Place
from layanan.models import (
    Declaration,
    DeclarationFile,
    Pledge,
    PledgeText,
    ViolationCount,
    ViolationStatement,
)
from layanan.models.commitment import PledgeWay, ViolationKind
from layanan.pledge_texts import CURRENT
from layanan.services.commitment import DECLARATION_FILES, PLEDGE_SCANS
from wbbm.files.keeping import kept_uploads
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Posting, Unit, User

# Who has not signed this year, and who signed on paper.
_MISSING = frozenset({"operator.baru", "kapolsek.grabagan"})
_PAPER = "kapolsek.palang"
_DISCIPLINE, _ETHICS, _EXTORTION, _CRIME = ViolationKind.values
# Year, revision, counts (how many, how many punished), why corrected; years count back from this one.
_POLRES = (
    (1, 1, {_DISCIPLINE: (5, 5), _ETHICS: (2, 2), _EXTORTION: (0, 0), _CRIME: (0, 0)}, ""),
    (0, 1, {_DISCIPLINE: (2, 1), _ETHICS: (1, 0), _EXTORTION: (0, 0), _CRIME: (0, 0)}, ""),
    (0, 2, {_DISCIPLINE: (3, 2), _ETHICS: (1, 0), _EXTORTION: (0, 0), _CRIME: (0, 0)},
     "Satu putusan hukuman disiplin baru tercatat bulan ini."),
)  # fmt: skip


def add_commitment(place: Place) -> None:
    """Write all three."""
    _declare(place)
    _sign(place)
    _count(place)


def _declare(place: Place) -> None:
    year = place.today.year
    told = [(place.polres, datetime.date(year, 1, 14), "Halaman Mapolres", place.people["bagren"])]
    told += [
        (unit, datetime.date(year, 1, 21), f"Halaman {unit}", place.people[f"kapolsek.{name.lower()}"])
        for name, unit in place.stations.items()
        if name not in {"Grabagan", "Kenduruan"}
    ]
    note = "Seluruh petugas menyatakan siap melayani tanpa imbalan (contoh)."
    rows = [Declaration(unit=unit, day=day, place=where, note=note, created_by=by) for unit, day, where, by in told]
    Declaration.objects.bulk_create(rows)
    for row in rows[:1]:
        for file in _kept(row.unit, row.created_by, "Berita acara pencanangan", DECLARATION_FILES):
            DeclarationFile.objects.create(declaration=row, file=file)


def _kept(unit: Unit, by: User, title: str, kind: str) -> list[StoredFile]:
    image = Image.new("RGB", (480, 360), (236, 232, 224))
    ImageDraw.Draw(image).text((50, 120), f"{title}\n{unit}\n\nDATA CONTOH", fill=(36, 26, 18), font_size=26)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    upload = SimpleUploadedFile(f"{title}.jpg", buffer.getvalue(), content_type="image/jpeg")
    with kept_uploads([upload], unit=unit, by=by, kind=kind) as files:
        for file in files:
            file.save(force_insert=True)
        return files


def _sign(place: Place) -> None:
    text = PledgeText.objects.create(version=CURRENT.version, body=CURRENT.body, sha256=CURRENT.sha256)
    postings = {row.user_id: row for row in Posting.objects.running().select_related("unit", "user").order_by("-pk")}
    rows = []
    for number, posting in enumerate(postings.values()):
        for back in (0, 1):
            year, name = place.today.year - back, posting.user.username
            if name in _MISSING and (back == 0 or name == "operator.baru"):
                continue
            signed_on = min(place.today, datetime.date(year, 1, 5) + datetime.timedelta(days=number % 12))
            facts = {"person": posting.user, "year": year, "unit": posting.unit, "posting": posting}
            if name == _PAPER and back == 0:
                scan = _kept(posting.unit, posting.user, "Pakta integritas", PLEDGE_SCANS)[0]
                proof = {"way": PledgeWay.PAPER, "scan": scan}
            else:
                proof = {"way": PledgeWay.PORTAL, "text": text}
            rows.append(Pledge(**facts, **proof, signed_on=signed_on, recorded_by=posting.user))
    Pledge.objects.bulk_create(rows)


def _count(place: Place) -> None:
    upg = place.people["siwas"]
    posting = Posting.objects.get(user=upg)
    nil = dict.fromkeys(ViolationKind.values, (0, 0))
    told = [(place.polres, *row) for row in _POLRES] + [(place.stations["Senori"], 0, 1, nil, "")]
    latest = {(unit.pk, back): revision for unit, back, revision, _, _ in told}
    for unit, back, revision, counts, reason in told:
        year = place.today.year - back
        row = ViolationStatement.objects.create(
            unit=unit, year=year, revision=revision, is_current=latest[unit.pk, back] == revision,
            source=f"Rekap Siwas dan Sipropam {year} (contoh)", reason=reason, stated_by=upg, posting=posting,
        )  # fmt: skip
        ViolationCount.objects.bulk_create(
            ViolationCount(statement=row, kind=kind, count=count, sanctioned=punished)
            for kind, (count, punished) in counts.items()
        )
