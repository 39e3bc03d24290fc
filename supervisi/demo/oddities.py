"""What looks odd in the demo: each of the five signs, and signs in every state."""

from __future__ import annotations

import datetime
import uuid

from supervisi.demo.district import District
from supervisi.demo.evidence import SKETCH, keep, picture
from supervisi.demo.sheets import CLAIMED_NOW, Periods
from supervisi.models import Answer, AnswerEvidence, Checklist, Layer, Oddity, OddityKind, OddityStatus
from supervisi.services.oddities import FindingWords, log_look, settle, settle_as_finding
from supervisi.services.oddity_scan import scan
from supervisi.services.owners import usual_owner
from supervisi.services.vault import Facts
from wbbm.organisasi.models import User

# A station with the very picture that Senori keeps, and stations that show an empty board of findings.
_TWIN, _LEFT_ALONE = "Rengel", ("polsek-grabagan", "polsek-senori")
_DAY = datetime.timedelta(days=1)


def add_oddities(district: District, periods: Periods) -> None:
    """Bring about what no sheet shows by itself, look for signs, and settle some; fast sheets come with the visits."""
    facts = Facts(title="Denah ruang pelayanan", tags="denah")
    keep(district.stations[_TWIN], picture(*SKETCH), facts, _head(district, _TWIN))
    _date_wrongly(district, periods)
    scan()
    _settle(district)


def _head(district: District, name: str) -> User:
    return district.people[f"kapolsek.{name.lower()}"]


def _date_wrongly(district: District, periods: Periods) -> None:
    """Let a station's own sheet have been handed in with a letter that is dated after it was attached."""
    name = CLAIMED_NOW[-1]
    unit, head = district.stations[name], _head(district, name)
    sheet = Checklist.objects.get(unit=unit, period=periods.quarter, layer=Layer.SELF)
    assert sheet.submitted_at is not None  # handed in, see CLAIMED_NOW
    at = sheet.submitted_at - datetime.timedelta(hours=1)
    day = at.date() + 21 * _DAY
    facts = Facts(title="Surat perintah tim kerja", document_number="SP/14 (contoh)", dated_on=day)
    made = keep(unit, picture("Surat perintah tim kerja", 4), facts, head)
    answer = Answer.objects.filter(checklist=sheet).order_by("item__position")[0]
    AnswerEvidence.objects.create(
        uuid=uuid.uuid4(), answer=answer, evidence=made, added_by=head, added_at=at, posting=head.scope.postings[0]
    )


def _settle(district: District) -> None:
    second, head = district.people["wakapolres"], district.people["kapolres"]
    signs = {kind: list(Oddity.objects.filter(kind=kind).order_by("pk")) for kind in OddityKind.values}
    for person in (second, district.people["auditor"]):
        log_look(person)
        log_look(person, signs[OddityKind.SAME_FILE][0])
    dated, fast = signs[OddityKind.DATED_AFTER][0], signs[OddityKind.FAST][0]
    words = "Tanggalnya salah ketik; surat aslinya dilihat di Polsek (contoh)."
    settle(oddity=dated, status=OddityStatus.EXPLAINED, note=words, by=second)
    settle(oddity=fast, status=OddityStatus.CHECKED, note="Diketik dari catatan kertas (contoh).", by=head)
    for sign in signs[OddityKind.JUMP]:
        unit = sign.units.get()
        if unit.parent_path == district.polres.path and unit.code not in _LEFT_ALONE:
            _make_finding(sign, district)
            break


def _make_finding(sign: Oddity, district: District) -> None:
    unit = sign.units.get()
    words = FindingWords(
        severity="minor", owner_title=usual_owner(unit),
        observation="Kenaikan beberapa butir belum didukung bukti baru (contoh).",
        recommendation="Lampirkan foto atau dokumen yang menunjukkan perbaikannya (contoh).",
    )  # fmt: skip
    settle_as_finding(oddity=sign, unit=unit, words=words, by=district.people["wakapolres"])
