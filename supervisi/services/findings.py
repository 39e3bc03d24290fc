"""Findings: the record of a weakness, with a number of its own for ever; found again, it keeps that number."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from supervisi.access import posting_to_find, posting_to_write
from supervisi.models import (
    DUE_DAYS,
    Answer,
    Checklist,
    Finding,
    FindingAct,
    FindingStatus,
    Item,
    Layer,
    Severity,
    Visit,
    VisitStatus,
)
from supervisi.services.checklists import hold_draft
from supervisi.services.finding_files import attach_files, kept_uploads
from supervisi.services.follow_up import TEXT_LIMIT, add_event, storable_text
from supervisi.services.notices import tell_handed_over
from supervisi.services.operations import is_storable
from supervisi.services.stakes import stake_of
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.working_days import read_calendar

TITLE_LIMIT = 120
MOST_DUE_DAYS = 250
_TRIES = 20


@dataclass(frozen=True)
class Place:
    """Where a weakness was seen: a unit, on a visit, at an item of a sheet, as far as there are any."""

    unit: Unit
    visit: Visit | None = None
    checklist: Checklist | None = None
    item: Item | None = None


@dataclass(frozen=True)
class Words:
    """What is written of a finding, checked."""

    severity: str
    observation: str
    recommendation: str
    owner_title: str
    due_days: int
    target_option: str = ""


@dataclass(frozen=True)
class Recorder:
    """Who records, by which posting, with which photos."""

    by: User
    posting: Posting
    files: tuple[StoredFile, ...] = ()


def record_finding(
    *,
    checklist: Checklist,
    item_code: str,
    severity: str,
    observation: str,
    recommendation: str,
    owner_title: str,
    by: User,
    due_days: int | None = None,
    target_option: str = "",
    uploads: Sequence[UploadedFile] = (),
    same_as: Finding | None = None,
) -> Finding:
    """Record a finding at an item of a sheet that is still a draft.

    The unit sees it once the team leader hands the findings over; one recorded after that is handed over at once.

    Args:
        due_days: working days from the hand-over; by the severity when not given.
        target_option: the option that it would unlock; the next better one when not given.
        same_as: the finding of the same weakness: a closed one is found again under its number, one that is still open
            is only marked as seen.

    Raises:
        NotAllowed: the person may not write on the sheet, or the sheet is the unit's own.
        LockedChecklist: the sheet is no draft.
        InvalidTransition: the visit was cancelled meanwhile.
        DomainError: unknown item or severity, empty or unusable text, a finding of another weakness.
    """
    posting = posting_to_write(by, checklist)
    if posting is None or checklist.layer == Layer.SELF:
        raise NotAllowed("Temuan dicatat oleh tim yang mengisi lembar ini.")
    words = _words(severity, observation, recommendation, owner_title, due_days, target_option)
    with kept_uploads(uploads, unit=checklist.unit, by=by) as files, transaction.atomic():
        visit = _at_work(checklist.visit)
        hold_draft(checklist)
        place = Place(checklist.unit, visit, checklist, _item(checklist, item_code))
        return _record(place, words, Recorder(by, posting, tuple(files)), same_as)


def record_free_finding(
    *,
    unit: Unit,
    severity: str,
    observation: str,
    recommendation: str,
    owner_title: str,
    by: User,
    visit: Visit | None = None,
    item: Item | None = None,
    due_days: int | None = None,
    uploads: Sequence[UploadedFile] = (),
    same_as: Finding | None = None,
) -> Finding:
    """Record a finding without a sheet, from the page of a visit or of a unit.

    On a visit that is under way it waits for the closing meeting; otherwise the unit sees it at once.

    Raises:
        NotAllowed: the unit is not below the person.
        DomainError: the visit is of another unit, not begun or cancelled; unusable text.
    """
    posting = posting_to_find(by, unit)
    if posting is None:
        raise NotAllowed("Temuan dicatat oleh supervisor dari satuan di atas.")
    words = _words(severity, observation, recommendation, owner_title, due_days)
    with kept_uploads(uploads, unit=unit, by=by) as files, transaction.atomic():
        visit = _held(visit)
        if visit is not None and (visit.unit_id != unit.pk or not visit.takes_answers):
            raise DomainError("Temuan dicatat pada kunjungan yang sedang berjalan atau sudah selesai.")
        return _record(Place(unit, visit, None, item), words, Recorder(by, posting, tuple(files)), same_as)


def record_planned(
    *,
    checklist: Checklist,
    item_code: str,
    severity: str,
    observation: str,
    recommendation: str,
    owner_title: str,
    due_days: int,
    target_option: str,
    by: User,
    posting: Posting,
) -> Finding:
    """Record a step of a sheet's plan as a finding that the unit sees at once, in the caller's transaction.

    Who may was asked before (services/plans.py); no visit found it, so no hand-over is waited for.

    Raises:
        DomainError: unknown item, unusable text.
    """
    words = _words(severity, observation, recommendation, owner_title, due_days, target_option)
    place = Place(checklist.unit, None, checklist, _item(checklist, item_code))
    return _record(place, words, Recorder(by, posting), None)


def mark_still_good(*, finding: Finding, checklist: Checklist, by: User) -> Finding:
    """Note that a closed finding was tested again on a visit and stays mended; once for each visit.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        InvalidTransition: the finding is not closed, or was tested on this visit already; the visit was cancelled.
    """
    posting = posting_to_write(by, checklist)
    if posting is None or checklist.visit is None or finding.unit_id != checklist.unit_id:
        raise NotAllowed("Uji ulang dicatat oleh tim kunjungan.")
    with transaction.atomic():
        _at_work(checklist.visit)
        hold_draft(checklist)
        # The write comes first: whoever else tests the same finding waits here.
        is_closed = Finding.objects.filter(pk=finding.pk, status=FindingStatus.CLOSED).update(
            status=FindingStatus.CLOSED
        )
        if not is_closed or finding.events.filter(kind=FindingAct.STILL_GOOD, visit=checklist.visit).exists():
            raise InvalidTransition("Temuan ini sudah diuji ulang pada kunjungan ini, atau sedang terbuka.")
        add_event(finding, FindingAct.STILL_GOOD, by=by, posting=posting, visit=checklist.visit)
        record("finding.still-good", by=by, posting=posting, about=finding, unit=finding.unit)
    return finding


def hand_over(visit: Visit, *, by: User, posting: Posting | None, now: datetime.datetime, words: str = "") -> None:
    """Hand the visit's findings over to the unit, in the caller's transaction: due days run from here.

    Args:
        words: why just now, where no step of the visit says so.
    """
    rows = Finding.objects.filter(visit=visit, handed_over_at__isnull=True)
    findings = list(rows.order_by("pk"))
    if not findings:
        return
    calendar, today = read_calendar([visit.unit]), local_day(visit.unit, now)
    for days in sorted({finding.due_days for finding in findings}):
        rows.filter(due_days=days).update(handed_over_at=now, due_on=calendar.add(visit.unit, today, days))
    for finding in findings:
        add_event(finding, FindingAct.HANDED_OVER, by=by, posting=posting, visit=visit, text=words)
        told = record("finding.handed-over", by=by, posting=posting, about=finding, unit=visit.unit, reason=words)
    tell_handed_over(findings, told)


# --- what is written ----------------------------------------------------------------------------------


def _held(visit: Visit | None) -> Visit | None:
    """Return the visit as it stands and hold it: who finishes it meanwhile hands this finding over as well."""
    if visit is None:
        return None
    rows = Visit.objects.filter(pk=visit.pk)
    # The write comes first: who finishes the visit waits here, or this waits for him.
    rows.update(status=F("status"))
    return rows.select_related("unit").get()


def _at_work(visit: Visit | None) -> Visit | None:
    """Hold a sheet's visit; what is recorded once it is cancelled would be handed over by nobody.

    Raises:
        InvalidTransition: it was cancelled meanwhile.
    """
    held = _held(visit)
    if held is not None and not held.takes_answers:
        raise InvalidTransition("Kunjungannya sudah dibatalkan. Catat temuannya dari halaman satuannya.")
    return held


def _words(
    severity: str, observation: str, recommendation: str, owner_title: str, due_days: int | None, option: str = ""
) -> Words:
    if severity not in Severity.values:
        raise DomainError("Pilih tingkat temuan: berat, sedang, atau ringan.")
    days = DUE_DAYS[severity] if due_days is None else due_days
    if not 1 <= days <= MOST_DUE_DAYS:
        raise DomainError(f"Tenggat 1 sampai {MOST_DUE_DAYS} hari kerja.")
    return Words(
        severity=severity,
        observation=storable_text(observation, "Yang ditemukan", TEXT_LIMIT),
        recommendation=storable_text(recommendation, "Rekomendasi", TEXT_LIMIT),
        owner_title=storable_text(owner_title, "Jabatan yang menindaklanjuti", TITLE_LIMIT),
        due_days=days,
        target_option=option if len(option) <= 10 and is_storable(option) else "",
    )


def _item(checklist: Checklist, code: str) -> Item:
    known = len(code) <= 20 and is_storable(code)
    item = Item.objects.filter(instrument_id=checklist.instrument_id, code=code).first() if known else None
    if item is None:
        raise DomainError("Butir ini tidak ada pada lembar. Buka dari kartu butirnya.")
    return item


def _letter(place: Place) -> str:
    """Return the option that was chosen when the finding was recorded; empty for numbers."""
    rows = Answer.objects.filter(checklist=place.checklist, item=place.item, needs_review=False).values_list(
        "value", flat=True
    )
    answer = ((rows.first() if place.checklist else None) or {}).get("answer")
    return answer if isinstance(answer, str) and len(answer) <= 10 else ""


# --- rows ---------------------------------------------------------------------------------------------


def _record(place: Place, words: Words, recorder: Recorder, same_as: Finding | None) -> Finding:
    """Write a new finding, or go on with the one of the same weakness."""
    fields = _fields(place, words)
    if same_as is None:
        finding = _create(place, created_by=recorder.by, **fields)
        act, action, old = str(FindingAct.RECORDED), "finding.recorded", None
    else:
        finding, act, action = _again(same_as, place, fields)
        old = same_as.severity
    event = add_event(finding, act, by=recorder.by, posting=recorder.posting, text=words.observation, visit=place.visit)
    attach_files(event, list(recorder.files))
    changes: dict[str, Any] = {"severity": [old, finding.severity]}
    if place.item is not None:
        changes["item"] = [None, place.item.code]
    told = record(action, by=recorder.by, posting=recorder.posting, about=finding, unit=place.unit, changes=changes)
    if act != FindingAct.SEEN_AGAIN and finding.handed_over_at is not None:
        tell_handed_over([finding], told)
    return finding


def _fields(place: Place, words: Words) -> dict[str, Any]:
    option, points = words.target_option, None
    if place.checklist is not None and place.item is not None:
        option, points = stake_of(place.checklist, place.item.code, words.target_option)
    is_told = place.visit is None or place.visit.status == VisitStatus.DONE
    today = local_day(place.unit)
    return {
        "visit": place.visit,
        "checklist": place.checklist,
        "option_code": _letter(place),
        "target_option": option,
        "points": points,
        "severity": words.severity,
        "observation": words.observation,
        "recommendation": words.recommendation,
        "owner_title": words.owner_title,
        "due_days": words.due_days,
        "due_on": read_calendar([place.unit]).add(place.unit, today, words.due_days) if is_told else None,
        "handed_over_at": timezone.now() if is_told else None,
    }


def _again(finding: Finding, place: Place, fields: dict[str, Any]) -> tuple[Finding, str, str]:
    """Go on with a finding: a closed one opens again, one that is open is seen again and only its sheet moves on.

    Raises:
        DomainError: it is another weakness.
        InvalidTransition: its state has changed meanwhile.
    """
    if place.item is None or finding.unit_id != place.unit.pk or finding.item_id != place.item.pk:
        raise DomainError("Temuan itu bukan pada butir ini. Catat sebagai temuan baru.")
    row = Finding.objects.filter(pk=finding.pk, status=finding.status)
    if finding.is_closed:
        moved = row.update(status=FindingStatus.OPEN, answered_at=None, closed_at=None, **fields)
        act, action = FindingAct.FOUND_AGAIN, "finding.found-again"
    else:
        latest = {key: fields[key] for key in ("visit", "checklist", "option_code", "target_option", "points")}
        moved = row.update(**(latest if place.checklist is not None else {"status": finding.status}))
        act, action = FindingAct.SEEN_AGAIN, "finding.seen-again"
    if not moved:
        raise InvalidTransition("Status temuan itu sudah berubah. Muat ulang halaman ini, lalu catat lagi.")
    return Finding.objects.select_related("unit", "item", "checklist", "visit").get(pk=finding.pk), act, action


def _create(place: Place, **fields: Any) -> Finding:
    """Give the finding the next number of its unit and year; two at once try again."""
    prefix = number_prefix(place.unit)
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return Finding.objects.create(
                    number=f"{prefix}{_last(prefix) + 1 + attempt:03d}",
                    unit=place.unit,
                    item=place.item,
                    owner_unit=place.unit,
                    **fields,
                )
        except IntegrityError:
            continue
    raise DomainError("Banyak temuan dicatat bersamaan. Coba lagi.")


def number_prefix(unit: Unit) -> str:
    """Return what the numbers of a unit's findings begin with this year: T-2026-SENORI-."""
    short = unit.code.removeprefix("polsek-").upper()
    return f"T-{local_day(unit).year}-{short}-"


def _last(prefix: str) -> int:
    numbers = Finding.objects.filter(number__startswith=prefix).values_list("number", flat=True)
    running = (re.fullmatch(r"\d+", number.removeprefix(prefix)) for number in numbers)
    return max((int(found.group()) for found in running if found), default=0)
