"""Reports of residents in the demo district: one in each state, in offices only. Codes of the demo are known."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from layanan.demo.place import Place
from layanan.models.reports import Accused, Report, ReportKind, ReportMessage, ReportRecipient, ReportStatus
from layanan.report_tokens import ADD, SEND, new_token
from layanan.services.report_desk import answer, change_status
from layanan.services.report_routing import find_route, units_to_choose
from layanan.services.reports import Story, add_to_report, send_report
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.working_days import WorkCalendar, read_calendar

# Thirty signs; the last one is the number of the report.
DEMO_CODE = "C0NT0H1AP0RANWARGAP01RES0000"
_ABOVE = "itwasda.pengaduan"


@dataclass(frozen=True)
class Example:
    """One report: about what, how long ago, and what its recipients did with it."""

    unit: str
    story: Story
    days_ago: int
    steps: tuple[tuple[str, str], ...] = ()
    added: str = ""
    accused: str = Accused.OFFICER


_EXAMPLES = (
    Example(
        "Satlantas",
        Story(ReportKind.EXTORTION, "Untuk perpanjangan SIM C saya diminta 150 ribu di loket 2.", "", 150_000),
        1,
    ),
    Example(
        "Senori",
        Story(ReportKind.SERVICE, "Surat kehilangan baru selesai setelah tiga jam, petugas lama tidak di tempat."),
        3,
        ((ReportStatus.VERIFIED, "Laporan lengkap. Kami mencocokkan dengan buku piket hari itu."),),
    ),
    Example(
        "Palang",
        Story(ReportKind.GRATUITY, "Saya melihat pemohon memberi bingkisan kepada petugas SPKT."),
        9,
        (
            (ReportStatus.VERIFIED, "Laporan dapat diperiksa."),
            (ReportStatus.PROCESSING, "Petugas piket dimintai keterangan oleh Siwas."),
        ),
        "Bingkisannya tas plastik hitam, diterima di ruang tunggu.",
    ),
    Example(
        "Satreskrim",
        Story(ReportKind.MISCONDUCT, "Saya dibentak saat menanyakan perkembangan laporan yang sudah dua bulan."),
        24,
        (
            (ReportStatus.VERIFIED, "Laporan dapat diperiksa."),
            (ReportStatus.PROCESSING, "Kami meminta penjelasan penyidiknya."),
            (ReportStatus.ANSWERED, "Petugas ditegur tertulis. SP2HP Anda dikirim minggu ini; mohon maaf."),
        ),
    ),
    Example(
        "Bancar",
        Story(ReportKind.SERVICE, "Loket tutup sebelum jam layanan berakhir, tidak ada pemberitahuan."),
        45,
        (
            (ReportStatus.VERIFIED, "Laporan dapat diperiksa."),
            (ReportStatus.PROCESSING, "Jadwal piket loket diperiksa."),
            (ReportStatus.ANSWERED, "Jadwal piket diperbaiki; papan jam layanan dipasang di pintu."),
            (ReportStatus.CLOSED, "Tidak ada keterangan tambahan; laporan kami tutup."),
        ),
    ),
    Example(
        "Widang",
        Story(ReportKind.EXTORTION, "Katanya ada yang diminta uang untuk SKCK, saya hanya mendengar dari tetangga."),
        60,
        (
            (ReportStatus.VERIFIED, "Laporan dapat diperiksa."),
            (ReportStatus.UNPROVEN, "Bukti setor semua pemohon bulan itu sesuai tarif; tidak ditemukan pungutan."),
        ),
    ),
)  # fmt: skip


def add_reports(place: Place) -> None:
    """Send the examples, let the Polres's officer handle them, and leave one about a leader to the level above."""
    polres, siwas, today = place.polres, place.people["siwas"], place.today
    above = _officer_above(polres, siwas, today)
    units = {unit.name: unit for unit in Unit.objects.strictly_under(polres)} | place.stations
    calendar, names = read_calendar([polres]), units_to_choose().names
    for number, example in enumerate(_EXAMPLES, start=1):
        unit = units[example.unit]
        _send(unit, example, names[unit.code], number, siwas, today, calendar)
    leader = Story(ReportKind.MISCONDUCT, "Pimpinan meminta anggota menyumbang acara di luar kedinasan.")
    _send(
        polres, Example("", leader, 2, accused=Accused.LEADER), polres.name, len(_EXAMPLES) + 1, above, today, calendar
    )


def _officer_above(polres: Unit, siwas: User, today: datetime.date) -> User:
    polda = Unit.objects.get(path=polres.parent_path)
    person = User.objects.create(
        username=_ABOVE, name="Petugas Pengaduan Itwasda", password=siwas.password, is_demo=True
    )
    Posting.objects.create(
        user=person,
        unit=polda,
        role=Role.INTEGRITY_OFFICER,
        title="Petugas Pengaduan Itwasda",
        starts_on=datetime.date(today.year - 1, 1, 2),
        approved_at=timezone.now(),
    )
    return person


def _send(
    unit: Unit, example: Example, name: str, number: int, officer: User, today: datetime.date, calendar: WorkCalendar
) -> None:
    code = f"{DEMO_CODE}{number:02}"
    token = dataclasses.replace(new_token(SEND), code=code)
    report = send_report(token=token, route=find_route(unit, example.accused, name), story=example.story).report
    for status, reason in example.steps:
        change_status(report=report, status=status, reason=reason, by=officer)
    if example.added:
        add_to_report(report=report, token=new_token(ADD, code), text=example.added)
        answer(report=report, text="Terima kasih, keterangan ini kami teruskan kepada pemeriksa.", by=officer)
    if example.steps:
        ReportRecipient.objects.filter(report=report).update(seen_number=1)
    _backdate(report, today - datetime.timedelta(days=example.days_ago), today, calendar)


def _backdate(report: Report, first: datetime.date, today: datetime.date, calendar: WorkCalendar) -> None:
    """Spread the messages over the working days since, one to four days apart."""
    rows = list(ReportMessage.objects.filter(report=report).order_by("number"))
    for row, day in zip(rows, _days(first, today), strict=False):
        ReportMessage.objects.filter(pk=row.pk).update(day=day)
    unit = report.recipients.select_related("posting__unit")[0].posting.unit
    last = min(today, first + datetime.timedelta(days=3 * (len(rows) - 1)))
    Report.objects.filter(pk=report.pk).update(
        received_on=first,
        status_on=last,
        verify_by=calendar.add(unit, first, 3),
        answer_by=calendar.add(unit, first, 14),
    )
    ReportRecipient.objects.filter(report=report, seen_number__gt=0).update(
        seen_number=len(rows), told_number=len(rows)
    )


def _days(first: datetime.date, today: datetime.date) -> Iterator[datetime.date]:
    day = first
    while True:
        yield min(day, today)
        day += datetime.timedelta(days=3)
