"""Gratuity reports of officers: one mapping of steps, one conditional UPDATE each, one event, one line in the trail."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from layanan.models.gratuities import (
    GratuityAct,
    GratuityDecision,
    GratuityEvent,
    GratuityFile,
    GratuityReport,
    GratuityResponse,
    GratuityStatus,
    Whereabouts,
    first_day_allowed,
)
from layanan.services import gratuity_notices
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.keeping import kept_uploads
from wbbm.files.models import StoredFile
from wbbm.organisasi.access import local_day, nearest_people
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.services.audit import record

FILE_KIND = "gratuity"
TEXT_LIMIT = 2000
_TRIES = 20
DRAFT, SUBMITTED, FORWARDED, DECIDED, CLOSED, WITHDRAWN = GratuityStatus.values


@dataclass(frozen=True)
class Facts:
    """What the officer writes down, checked by his form."""

    received_on: datetime.date
    form: str
    what: str
    value: Decimal
    relation: str
    occasion: str
    response: str
    circumstances: str
    whereabouts: str
    giver_note: str = ""


def posting_of_owner(user: User, report: GratuityReport) -> Posting | None:
    """Return the posting by which the officer himself acts: the one of the report, else any that runs."""
    if report.by_id != user.pk:
        return None
    running = user.scope.postings
    return next((held for held in running if held.pk == report.posting_id), next(iter(running), None))


def _posting_to_withdraw(user: User, report: GratuityReport) -> Posting | None:
    """Return the posting by which the officer gives a draft up: never one that the UPG has seen."""
    posting = posting_of_owner(user, report)
    is_known = posting is not None and report.events.filter(kind=GratuityAct.SUBMITTED).exists()
    return None if is_known else posting


def posting_of_upg(user: User, report: GratuityReport) -> Posting | None:
    """Return the posting by which the person handles the report as UPG; never for his own."""
    if report.by_id == user.pk:
        return None
    return user.scope.posting_over(report.unit, Role.INTEGRITY_OFFICER)


def upg_of(unit: Unit, officer: User) -> list[User]:
    """Return who handles a report of the officer: the nearest UPG, never he himself (one query)."""
    return nearest_people(unit, Role.INTEGRITY_OFFICER, is_above=False, besides=[officer.pk])


@dataclass(frozen=True)
class Step:
    """A step between states, and who may take it."""

    old: tuple[str, ...]
    new: str
    may: Callable[[User, GratuityReport], Posting | None]
    refusal: str


_OWNER = "Laporan ini diserahkan oleh pelapornya sendiri."
_NOT_SENT = "Yang dibatalkan hanya draf sendiri yang belum pernah diserahkan; yang dikembalikan UPG dilengkapi dulu."
_UPG = "Langkah ini dikerjakan petugas UPG satuan itu atau di atasnya, bukan pelapornya sendiri."
TRANSITIONS: dict[str, Step] = {
    "submit": Step((DRAFT,), SUBMITTED, posting_of_owner, _OWNER),
    "return": Step((SUBMITTED,), DRAFT, posting_of_upg, _UPG),
    "forward": Step((SUBMITTED,), FORWARDED, posting_of_upg, _UPG),
    "decide": Step((FORWARDED,), DECIDED, posting_of_upg, _UPG),
    "close": Step((SUBMITTED, DECIDED), CLOSED, posting_of_upg, _UPG),
    "withdraw": Step((DRAFT,), WITHDRAWN, _posting_to_withdraw, _NOT_SENT),
}
_TAKEN = "Langkah ini sudah tidak berlaku: laporan sekarang berstatus {label}. Muat ulang halaman ini."
_NO_UPG = (
    "Belum ada petugas UPG selain Anda di satuan Anda atau di atasnya. Draf tetap tersimpan; laporkan langsung kepada "
    "KPK sebelum tenggatnya."
)


def may_take(user: User, report: GratuityReport, name: str) -> bool:
    """Tell whether the person may take the step now, for the buttons of pages."""
    step = TRANSITIONS[name]
    return report.status in step.old and step.may(user, report) is not None


def write_report(*, posting: Posting, facts: Facts, uploads: Sequence[UploadedFile], by: User) -> GratuityReport:
    """Begin a draft, which only its officer sees.

    Raises:
        NotAllowed: the posting is not one of his that runs.
        DomainError: a day that can't be, or what was done doesn't fit where the thing is.
        FileRefused: see wbbm.files.services.
    """
    if posting.pk not in {held.pk for held in by.scope.postings}:
        raise NotAllowed("Laporan gratifikasi ditulis atas penugasan Anda sendiri yang sedang berjalan.")
    _check(facts, posting.unit)
    with kept_uploads(uploads, unit=posting.unit, by=by, kind=FILE_KIND) as files, transaction.atomic():
        report = _create(posting, facts, by)
        _attach(report, files)
        _tell_trail(report, GratuityAct.WRITTEN, by, posting, files=files)
    return report


def change_report(*, report: GratuityReport, facts: Facts, uploads: Sequence[UploadedFile], by: User) -> GratuityReport:
    """Correct a draft, and add files.

    Raises:
        NotAllowed: it is somebody else's.
        InvalidTransition: it was handed in.
        DomainError, FileRefused: as for writing.
    """
    posting = posting_of_owner(by, report)
    if posting is None:
        raise NotAllowed("Draf laporan gratifikasi diubah oleh pelapornya sendiri.")
    _check(facts, report.unit)
    with kept_uploads(uploads, unit=report.unit, by=by, kind=FILE_KIND) as files, transaction.atomic():
        if not GratuityReport.objects.filter(pk=report.pk, status=DRAFT).update(**asdict(facts)):
            raise _moved_on(report)
        _attach(report, files)
        changes = {"sha256": [None, [file.sha256 for file in files]]} if files else {}
        record("gratuity.changed", by=by, posting=posting, about=report, unit=report.unit, changes=changes)
    report.refresh_from_db()
    return report


def submit_report(*, report: GratuityReport, by: User) -> GratuityReport:
    """Hand the draft to the UPG; one that comes too late is accepted all the same.

    Raises:
        NotAllowed, InvalidTransition: see TRANSITIONS.
        DomainError: nobody but himself is UPG at the unit or above.
    """
    posting = _authorise("submit", report, by)
    if not upg_of(report.unit, by):
        raise DomainError(_NO_UPG)
    with transaction.atomic():
        _move(report, "submit", submitted_on=local_day(report.unit))
        return _finish(report, "submit", by, posting)


def return_report(*, report: GratuityReport, reason: str, by: User) -> GratuityReport:
    """Give a report back to its officer, who adds what is missing; the clock goes on."""
    posting = _authorise("return", report, by)
    reason = storable(reason, "Yang masih kurang")
    with transaction.atomic():
        _move(report, "return", submitted_on=None)
        return _finish(report, "return", by, posting, reason)


def forward_report(*, report: GratuityReport, number: str, day: datetime.date, by: User) -> GratuityReport:
    """Record that the report was handed to the KPK: its number there, and the day, which stops the clock."""
    posting = _authorise("forward", report, by)
    number = storable(number, "Nomor laporan KPK", 80)
    if not report.received_on <= day <= local_day(report.unit):
        raise DomainError("Hari diteruskan ke KPK: tidak sebelum diterima dan tidak sesudah hari ini.")
    with transaction.atomic():
        _move(report, "forward", kpk_number=number, forwarded_on=day)
        return _finish(report, "forward", by, posting, f"Nomor KPK {number}.")


def decide_report(
    *, report: GratuityReport, decision: str, number: str, day: datetime.date, by: User
) -> GratuityReport:
    """Record what the KPK decided: the thing is the state's, or the receiver's."""
    posting = _authorise("decide", report, by)
    if decision not in GratuityDecision.values:
        raise DomainError("Pilih penetapannya: milik negara atau milik penerima.")
    number = storable(number, "Nomor penetapan", 80)
    if report.forwarded_on is None or not report.forwarded_on <= day <= local_day(report.unit):
        raise DomainError("Hari penetapan: tidak sebelum diteruskan ke KPK dan tidak sesudah hari ini.")
    with transaction.atomic():
        _move(report, "decide", decision=decision, decision_number=number, decided_on=day)
        return _finish(report, "decide", by, posting, f"{GratuityDecision(decision).label}, penetapan {number}.")


def close_report(*, report: GratuityReport, reason: str, by: User) -> GratuityReport:
    """Close a report: after the decision, or at once where nothing goes to the KPK; always with words."""
    posting = _authorise("close", report, by)
    reason = storable(reason, "Alasan")
    with transaction.atomic():
        _move(report, "close", closed_on=local_day(report.unit))
        return _finish(report, "close", by, posting, reason)


def withdraw_report(*, report: GratuityReport, reason: str, by: User) -> GratuityReport:
    """Give up a draft that was never handed in: a mistake, or written twice; it stays readable to its officer."""
    posting = _authorise("withdraw", report, by)
    reason = storable(reason, "Alasan")
    with transaction.atomic():
        _move(report, "withdraw", closed_on=local_day(report.unit))
        return _finish(report, "withdraw", by, posting, reason)


def check_right(report: GratuityReport, name: str, by: User) -> None:
    """Refuse whoever may not take the step.

    Raises:
        NotAllowed: see TRANSITIONS.
    """
    _authorise(name, report, by)


def storable(raw: str, label: str, limit: int = TEXT_LIMIT) -> str:
    """Return a text as both databases keep it.

    Raises:
        DomainError: too short, too long, or with signs that can't be stored.
    """
    text = raw.replace("\r\n", "\n").strip()
    if len(text) < 3:
        raise DomainError(f"{label}: tulis dengan beberapa huruf.")
    if len(text) > limit or "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise DomainError(f"{label}: paling banyak {limit} huruf, tanpa tanda yang tidak terbaca.")
    return text


# --- rows ---------------------------------------------------------------------------------------------


def _check(facts: Facts, unit: Unit) -> None:
    today = local_day(unit)
    if not first_day_allowed(today) <= facts.received_on <= today:
        raise DomainError("Hari diterima: tidak sesudah hari ini dan paling lama sepuluh tahun yang lalu.")
    if facts.value <= 0:
        raise DomainError("Isi nilai atau perkiraan nilainya, lebih dari nol rupiah.")
    if (facts.response == GratuityResponse.REFUSED) != (facts.whereabouts == Whereabouts.NONE):
        raise DomainError("Di mana sekarang: pilih sesuai dengan yang Anda lakukan, ditolak atau diterima.")


def _create(posting: Posting, facts: Facts, by: User) -> GratuityReport:
    """Give the report the next number of its unit and year; two at once try again."""
    unit = posting.unit
    prefix = f"G-{local_day(unit).year}-{unit.code.removeprefix('polsek-').upper()}-"
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return GratuityReport.objects.create(
                    number=f"{prefix}{_last(prefix) + 1 + attempt:03d}", by=by, posting=posting, unit=unit,
                    **asdict(facts),
                )  # fmt: skip
        except IntegrityError:
            continue
    raise DomainError("Banyak laporan ditulis bersamaan. Coba lagi.")


def _last(prefix: str) -> int:
    numbers = GratuityReport.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    running = (re.fullmatch(r"\d+", number.removeprefix(prefix)) for number in numbers)
    return max((int(found.group()) for found in running if found), default=0)


def _attach(report: GratuityReport, files: list[StoredFile]) -> None:
    for file in files:
        file.save(force_insert=True)
        GratuityFile.objects.create(report=report, file=file)


def _authorise(name: str, report: GratuityReport, by: User) -> Posting:
    step = TRANSITIONS[name]
    posting = step.may(by, report)
    if posting is None:
        raise NotAllowed(step.refusal)
    return posting


def _moved_on(report: GratuityReport) -> InvalidTransition:
    report.refresh_from_db()
    return InvalidTransition(_TAKEN.format(label=report.get_status_display().lower()))


def _move(report: GratuityReport, name: str, **changes: Any) -> None:
    """Take the step by one conditional UPDATE.

    Raises:
        InvalidTransition: the report isn't in a state that the step starts from.
    """
    step = TRANSITIONS[name]
    if not GratuityReport.objects.filter(pk=report.pk, status__in=step.old).update(status=step.new, **changes):
        raise _moved_on(report)


def _finish(report: GratuityReport, name: str, by: User, posting: Posting, text: str = "") -> GratuityReport:
    before = report.status
    report.refresh_from_db()
    _tell_trail(report, name, by, posting, text, before)
    gratuity_notices.tell_step(report, name, _others(report, name))
    return report


def _others(report: GratuityReport, name: str) -> list[User]:
    """Return who is told of a step: the other side, and nobody of a draft that nobody else knew."""
    if name == "withdraw":
        return []
    return upg_of(report.unit, report.by) if name == "submit" else [report.by]


def _tell_trail(
    report: GratuityReport,
    act: str,
    by: User,
    posting: Posting,
    text: str = "",
    before: str | None = None,
    files: Sequence[StoredFile] = (),
) -> None:
    """Write the event and the line of the trail; the trail tells states, never what was given or by whom."""
    GratuityEvent.objects.create(
        report=report, kind=act, text=text, by=by, posting=posting, on=local_day(report.unit)
    )  # fmt: skip
    changes: dict[str, Any] = {"status": [before, report.status]}
    if files:
        changes["sha256"] = [None, [file.sha256 for file in files]]
    record(f"gratuity.{act}", by=by, posting=posting, about=report, unit=report.unit, changes=changes)
