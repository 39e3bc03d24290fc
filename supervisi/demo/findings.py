"""Findings of the demo district, in every state, each with its history."""

from __future__ import annotations

import datetime
import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from supervisi.demo.district import District
from supervisi.models import Finding, FindingAct, FindingEvent, FindingStatus, Instrument, Item, Visit, VisitStatus
from supervisi.services.finding_files import attach_files, kept_uploads
from supervisi.services.stakes import stake_of
from wbbm.organisasi.models import Holiday, HolidayYear, Posting, Unit, User
from wbbm.organisasi.services.holidays import propose_holidays
from wbbm.organisasi.working_days import read_calendar

# An office of more than 60 letters, on a late finding.
LONG_TITLE = "Kepala Sentra Pelayanan Kepolisian Terpadu Kepolisian Sektor Soko"
_OPEN, _ANSWERED, _RETURNED, _ACCEPTED, _CLOSED = FindingStatus.values
# Where each of the ready texts was found, how many days ago it was handed over, and how far it has come. What is to be
# late has been there for its working days and a week off besides, as after Idulfitri.
_FOUND_AT = (
    ("Palang", 20, _OPEN), ("Soko", 20, _OPEN), ("Montong", 5, _OPEN), ("Palang", 16, _RETURNED),
    ("Soko", 6, _ANSWERED), ("Rengel", 12, _ACCEPTED), ("Palang", 90, _OPEN), ("Jenu", 8, _CLOSED),
    ("Kerek", 10, _OPEN), ("Senori", 90, _CLOSED),
)  # fmt: skip
_ANSWER = "Sudah diperbaiki; foto terlampir (contoh)."
_REASON = "Foto belum memperlihatkan tanggal. Lampirkan daftar hadir."
_WAY = {
    _OPEN: (),
    _ANSWERED: (FindingAct.ANSWERED,),
    _RETURNED: (FindingAct.ANSWERED, FindingAct.RETURNED),
    _ACCEPTED: (FindingAct.ANSWERED, FindingAct.ACCEPTED),
    _CLOSED: (FindingAct.ANSWERED, FindingAct.ACCEPTED, FindingAct.CLOSED),
}
_DAY = datetime.timedelta(days=1)


def add_holidays(district: District) -> None:
    """Take over the year's national days off for everybody below the Polda."""
    Holiday.objects.bulk_create(
        Holiday(unit=district.polda, day=each.day, name=each.name)
        for each in propose_holidays(district.polda, district.today.year)
    )
    HolidayYear.objects.create(
        unit=district.polda, year=district.today.year, confirmed_by=district.people["admin.polda"]
    )


def add_findings(district: District) -> None:
    """Record the instrument's ready findings at stations: late ones, returned ones, one of every state."""
    instrument = Instrument.objects.get(code="polsek-2026")
    texts = instrument.definition["finding_texts"]
    items = {item.code: item for item in Item.objects.filter(instrument=instrument)}
    counters: dict[str, int] = {}
    for number, ((name, ago, status), text) in enumerate(zip(_FOUND_AT, texts, strict=True), start=1):
        unit = district.stations[name]
        counters[name] = counters.get(name, 0) + 1
        day = district.today - datetime.timedelta(days=ago)
        visit = _visit_before(unit, day)
        sheet = visit.checklists.get()
        option, points = stake_of(sheet, text["item"])
        told = datetime.datetime.combine(day, datetime.time(5, 0), tzinfo=datetime.UTC)
        finding = Finding.objects.create(
            number=f"T-{district.today.year}-{name.upper()}-{counters[name]:03d}",
            unit=unit, visit=visit, checklist=sheet, item=items[text["item"]], target_option=option, points=points,
            severity=text["severity"], observation=text["observation"], recommendation=text["recommendation"],
            owner_unit=unit, owner_title=LONG_TITLE if number == 2 else text["owner_title"], status=status,
            due_days=text["due_days"], due_on=read_calendar([unit]).add(unit, day, text["due_days"]),
            handed_over_at=told, answered_at=told + _DAY if _WAY[status] else None,
            closed_at=told + 3 * _DAY if status == _CLOSED else None,
            created_by=district.people["kabagren"], created_at=told - datetime.timedelta(hours=1),
        )  # fmt: skip
        _history(finding, district, district.people[f"kapolsek.{name.lower()}"])


def _visit_before(unit: Unit, day: datetime.date) -> Visit:
    """Return the last visit that was done by the day, else the station's first one."""
    done = Visit.objects.filter(unit=unit, status=VisitStatus.DONE).order_by("-starts_on")
    visit = done.filter(starts_on__lte=day).first() or done.last()
    assert visit is not None  # every one of these stations was visited
    return visit


def _history(finding: Finding, district: District, head: User) -> None:
    """Write the events by which the finding came to its state; answers bring a drawn picture."""
    leader, second = finding.created_by, district.people["tim3"]
    words = {
        FindingAct.RECORDED: (leader, finding.observation),
        FindingAct.HANDED_OVER: (leader, ""),
        FindingAct.ANSWERED: (head, _ANSWER),
        FindingAct.RETURNED: (second, _REASON),
        FindingAct.ACCEPTED: (second, ""),
        FindingAct.CLOSED: (second, "Dilihat di tempat (contoh)."),
    }
    assert finding.handed_over_at is not None  # handed over above
    moment = finding.created_at
    for act in (FindingAct.RECORDED, FindingAct.HANDED_OVER, *_WAY[finding.status]):
        by, text = words[act]
        is_teams = act in {FindingAct.RECORDED, FindingAct.HANDED_OVER}
        event = FindingEvent.objects.create(
            finding=finding, kind=act, text=text, by=by, at=moment, visit=finding.visit if is_teams else None,
            posting=Posting.objects.filter(user=by).order_by("-pk").first(),
        )  # fmt: skip
        if act == FindingAct.ANSWERED:
            with kept_uploads([_picture(finding)], unit=finding.unit, by=by) as files:
                attach_files(event, files)
        moment = finding.handed_over_at if act == FindingAct.RECORDED else moment + _DAY


def _picture(finding: Finding) -> SimpleUploadedFile:
    image = Image.new("RGB", (640, 480), (198, 212, 205))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 60, 580, 360), fill="white", outline=(84, 64, 44), width=6)
    draw.text((90, 120), f"Perbaikan\n{finding.number}\n\nDATA CONTOH", fill=(36, 26, 18), font_size=34)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return SimpleUploadedFile("Perbaikan.jpg", buffer.getvalue(), content_type="image/jpeg")
