"""What the recipients of a report do: open it, answer, change its state. Each act is recorded, no content."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from layanan.models.reports import (
    IN_WORK,
    TRANSITIONS,
    ComplaintFigure,
    Report,
    ReportRecipient,
    ReportSide,
    ReportStatus,
)
from layanan.report_crypto import Unreadable
from layanan.services.reports import TEXT_LIMIT, add_message, report_facts, take_number
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.services.audit import record

LEAST_REASON = 10
# Where units stand, by their number: the beginnings of the paths of whoever stands there or below.
Places = dict[int, set[str]]
# Fewer would tell of single reports.
LEAST_RELEASED = 5


def posting_for(user: User, report: Report) -> Posting | None:
    """Return the posting by which the person may read and answer the report."""
    held = {posting.pk: posting for posting in user.scope.postings if posting.role == Role.INTEGRITY_OFFICER}
    row = ReportRecipient.objects.filter(report=report, posting__in=held).order_by("posting").first()
    try:
        return held[row.posting_id] if row is not None and may_open(user, report_facts(report)) else None
    except Unreadable:
        # Nobody can tell any more whom it is about: it stays shut.
        return None


def may_open(user: User, facts: dict[str, Any], places: Places | None = None) -> bool:
    """Tell whether the person stands nowhere at, or below, the unit complained about, or that of its officers.

    Kept out are those of the place where the unit stood when the report came, of where it stands now, and of what it
    was merged into since. Pass `places_now` of all facts where many reports are read at once.
    """
    if places is None:
        places = places_now([facts])
    away = {facts.get("away") or facts["unit_path"]}
    for unit in _units_of(facts):
        away |= places.get(unit, set())
    held = [posting.unit for posting in user.scope.postings]
    return not any(unit.pk == facts["unit"] or unit.path.startswith(tuple(away)) for unit in held)


def places_now(of: Iterable[dict[str, Any]]) -> Places:
    """Return where the units that reports keep out stand now, and what they were merged into (one query)."""
    asked = {unit for facts in of for unit in _units_of(facts)}
    places: Places = {}
    rows = Unit.objects.filter(pk__in=asked).order_by().values_list("pk", "path", "changes__into__path")
    for unit, path, into in rows:
        places.setdefault(unit, {path}).update([into] if into else [])
    return places


def _units_of(facts: dict[str, Any]) -> list[int]:
    # Reports from before a release know the second by its place only.
    return [facts["unit"], *([facts["away_unit"]] if facts.get("away_unit") else [])]


def note_opened(report: Report, *, by: User, posting: Posting) -> None:
    """Note that a recipient has read up to the last message; the first look at each is recorded."""
    row = ReportRecipient.objects.filter(report=report, posting=posting, seen_number__lt=report.last_number)
    with transaction.atomic():
        if row.update(seen_number=report.last_number):
            _record("report.opened", report, by, posting)


def answer(*, report: Report, text: str, by: User) -> None:
    """Write to the resident.

    Raises:
        NotAllowed: the person is no recipient.
        InvalidTransition: the report ended.
        DomainError: nothing was written.
    """
    posting = _require(report, by)
    said = _text(text, "Tulis jawabannya dulu.")
    with transaction.atomic():
        number = take_number(report)
        day = local_day(posting.unit)
        add_message(report, number, ReportSide.DESK, day, {"text": said, "office": office_of(posting)})
        _seen(report, posting, number)
        _record("report.answered", report, by, posting)


def change_status(*, report: Report, status: str, reason: str, by: User) -> None:
    """Take a report to another state; the resident reads the reason.

    Raises:
        NotAllowed: the person is no recipient.
        InvalidTransition: the report is not in a state from which that state is reached.
        DomainError: no reason.
    """
    posting = _require(report, by)
    if status not in TRANSITIONS:
        raise DomainError("Pilih status yang dituju.")
    said = _text(reason, "Tulis alasannya; pelapor membacanya.")
    day = local_day(posting.unit)
    with transaction.atomic():
        # The number first: an ended report takes none.
        number = take_number(report)
        rows = Report.objects.filter(pk=report.pk, status__in=TRANSITIONS[status])
        if not rows.update(status=status, status_on=day):
            raise InvalidTransition("Status laporan ini sudah berubah. Muat ulang halamannya, lalu pilih lagi.")
        facts = {"text": said, "office": office_of(posting), "status": status}
        add_message(report, number, ReportSide.DESK, day, facts)
        _seen(report, posting, number)
        _record("report.status", report, by, posting, changes={"status": [None, status]})


def office_of(posting: Posting) -> str:
    """Return how a recipient is called in the thread: the office, never a name."""
    return f"{posting}, {posting.unit}"


def _require(report: Report, by: User) -> Posting:
    posting = posting_for(by, report)
    if posting is None:
        raise NotAllowed("Laporan ini hanya untuk penerimanya.")
    return posting


def _text(text: str, missing: str) -> str:
    said = text.strip()
    if len(said) < LEAST_REASON:
        raise DomainError(f"{missing} Paling sedikit {LEAST_REASON} huruf.")
    if len(said) > TEXT_LIMIT:
        raise DomainError(f"Paling banyak {TEXT_LIMIT} huruf; pendekkan dulu.")
    return said


def _seen(report: Report, posting: Posting, number: int) -> None:
    ReportRecipient.objects.filter(report=report, posting=posting).update(seen_number=number, told_number=number)


def _record(
    action: str, report: Report, by: User, posting: Posting, changes: dict[str, list[str | None]] | None = None
) -> None:
    # Without a unit: whoever reads the trail of one would count the reports there.
    record(action, by=by, posting=posting, about=report, changes=changes)


# --- figures ----------------------------------------------------------------------------------------------


def last_full_month(posting: Posting) -> datetime.date:
    """Return the last day of the month before this one: figures end there, so that two of them tell no single day."""
    return local_day(posting.unit).replace(day=1) - datetime.timedelta(days=1)


def figures_of_year(posting: Posting) -> tuple[int, int, int]:
    """Return how many reports an officer received in the year of the last full month, settled, and in time (one query).

    Only those that came to this posting: who is posted later, or kept out, learns no count of the others.
    """
    last = last_full_month(posting)
    days = (datetime.date(last.year, 1, 1), last)
    mine = ReportRecipient.objects.filter(posting=posting).values("report_id")
    rows = list(
        Report.objects.filter(pk__in=mine, received_on__range=days).values_list("status", "status_on", "answer_by")
    )
    done = [row for row in rows if row[0] not in {ReportStatus.RECEIVED, *IN_WORK}]
    return len(rows), len(done), sum(status_on <= answer_by for _, status_on, answer_by in done)


def release_figures(*, posting: Posting, by: User) -> ComplaintFigure:
    """Let others see how many reports were handled until the last full month: three numbers, nothing else.

    Raises:
        NotAllowed: the posting is not one of the person's as integrity officer.
        DomainError: too few reports to hide one among them, in all or since the last release, or fewer than a
            colleague released.
    """
    if posting.role != Role.INTEGRITY_OFFICER or posting.pk not in {held.pk for held in by.scope.postings}:
        raise NotAllowed("Angka pengaduan dirilis oleh petugas integritas satuan itu.")
    received, settled, in_time = figures_of_year(posting)
    if received < LEAST_RELEASED:
        raise DomainError(f"Kurang dari {LEAST_RELEASED} laporan: angkanya akan menunjuk orang, jadi tidak dirilis.")
    today, year = local_day(posting.unit), last_full_month(posting).year
    known = ComplaintFigure.objects.filter(unit=posting.unit, year=year).first()
    if known is not None and known.received > received:
        raise DomainError("Yang sudah dirilis lebih banyak daripada yang Anda terima; angka itu tetap berlaku.")
    # Two figures tell what came in between.
    if known is not None and 0 < received - known.received < LEAST_RELEASED:
        raise DomainError(
            f"Sejak rilis terakhir baru {received - known.received} laporan masuk. Rilis lagi bila sudah ada "
            f"{LEAST_RELEASED}: selisih dua angka akan menunjuk orang."
        )
    facts = {
        "received": received, "settled": settled, "in_time": in_time, "released_by": posting, "released_on": today,
    }  # fmt: skip
    with transaction.atomic():
        row, _ = ComplaintFigure.objects.update_or_create(unit=posting.unit, year=year, defaults=facts)
        record("report.figures-released", by=by, posting=posting, about=row, unit=posting.unit)
    return row
