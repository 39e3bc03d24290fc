"""What looks odd in the demo: each of the five signs, and signs in every state."""

from __future__ import annotations

import datetime
import uuid

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from supervisi.demo.district import District
from supervisi.demo.evidence import SKETCH, picture
from supervisi.demo.sheets import CLAIMED_NOW, Periods
from supervisi.models import (
    Answer,
    AnswerEvidence,
    Checklist,
    Evidence,
    Finding,
    Layer,
    Oddity,
    OddityKind,
    OddityStatus,
    OddityStep,
)
from supervisi.services.oddities import log_look, settle
from supervisi.services.oddity_scan import scan
from supervisi.services.vault import FILE_KIND, Facts, create_numbered
from wbbm.files.services import receive, store
from wbbm.organisasi.models import Unit, User

# A station with the very picture that Senori keeps.
_TWIN = "Rengel"
_DAY = datetime.timedelta(days=1)


def add_oddities(district: District, periods: Periods) -> None:
    """Bring about what no sheet shows by itself, look for signs, and settle some; fast sheets come with the visits."""
    facts = Facts(title="Denah ruang pelayanan", tags="denah")
    _keep(district.stations[_TWIN], picture(*SKETCH), facts, _head(district, _TWIN))
    _date_wrongly(district, periods)
    scan()
    _settle(district)


def _head(district: District, name: str) -> User:
    return district.people[f"kapolsek.{name.lower()}"]


def _keep(unit: Unit, upload: UploadedFile, facts: Facts, by: User) -> Evidence:
    """Let a unit have kept a file for some time: no act of today."""
    file = store(receive(upload), kind=FILE_KIND, by=by, time_zone=unit.time_zone)
    posting = by.scope.postings[0]
    return create_numbered(unit=unit, file=file, facts=facts, by=by, posting=posting, is_own=True, twin=lambda: None)


def _date_wrongly(district: District, periods: Periods) -> None:
    """Let a station's own sheet have been handed in with a letter that is dated after it was attached."""
    name = CLAIMED_NOW[-1]
    unit, head = district.stations[name], _head(district, name)
    sheet = Checklist.objects.get(unit=unit, period=periods.quarter, layer=Layer.SELF)
    assert sheet.submitted_at is not None  # handed in, see CLAIMED_NOW
    at = sheet.submitted_at - datetime.timedelta(hours=1)
    day = at.date() + 21 * _DAY
    facts = Facts(title="Surat perintah tim kerja", document_number="SP/14 (contoh)", dated_on=day)
    made = _keep(unit, picture("Surat perintah tim kerja", 4), facts, head)
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
    _make_finding(signs[OddityKind.JUMP], second)


def _make_finding(signs: list[Oddity], by: User) -> None:
    """Let the first sign about a station with a finding have become that finding, a week ago."""
    found = ((sign, Finding.objects.filter(unit__in=sign.units.all()).order_by("pk").first()) for sign in signs)
    sign, finding = next((sign, finding) for sign, finding in found if finding is not None)
    at = timezone.now() - 7 * _DAY
    Oddity.objects.filter(pk=sign.pk).update(status=OddityStatus.FINDING, finding=finding, found_at=at - _DAY)
    OddityStep.objects.create(oddity=sign, status=OddityStatus.FINDING, by=by, posting=by.scope.postings[0], at=at)
