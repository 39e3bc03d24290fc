"""Visits: planned, begun, ended or cancelled; their team; their sheets."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from supervisi import access
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Answer,
    AnswerEvidence,
    AnswerRevision,
    Assignment,
    ChecklistStatus,
    Finding,
    Instrument,
    Layer,
    Node,
    Period,
    PeriodKind,
    Visit,
    VisitMember,
    VisitStatus,
)
from supervisi.rollup_key import KIND, rollup_key
from supervisi.services import notices
from supervisi.services.checklists import create_checklist
from supervisi.services.findings import hand_over
from supervisi.services.instruments import versions_on
from supervisi.services.periods import period_around
from supervisi.services.samples import draw_sample
from supervisi.services.superseding import supersede_documents
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, Unit, User
from wbbm.organisasi.services.audit import record

_KNOWN = "Satuan sudah diberi tahu; kunjungan ini tidak dapat dijadikan mendadak lagi."
_LATER = "Kunjungan ini sekarang berstatus {label}; langkah itu sudah tidak berlaku. Muat ulang halaman ini."


class VisitExists(DomainError):
    """The visit is planned already: the second click of a form."""

    status = 409

    def __init__(self, visit: Visit) -> None:
        super().__init__(f"Kunjungan {visit.unit} dengan Sprin dan hari itu sudah direncanakan.")
        self.visit = visit


@dataclass(frozen=True)
class Team:
    """Who goes: leader, members in the order of their numbers, and a deputy, who need not be named among them."""

    leader: User
    deputy: User | None
    members: tuple[User, ...]

    def everybody(self) -> list[User]:
        """Return all, each once, in the order of their numbers: the leader first."""
        ordered = [self.leader, *self.members, *([self.deputy] if self.deputy else [])]
        return list({person.pk: person for person in ordered}.values())


def _granted(posting: Posting | None, message: str) -> Posting:
    if posting is None:
        raise NotAllowed(message)
    return posting


def _check_team(team: Team, unit: Unit) -> None:
    """Everybody must be a supervisor posted above the unit."""
    for person in team.everybody():
        if person.scope.posting_above(unit, Role.SUPERVISOR) is None or person.scope.is_own_unit(unit):
            raise DomainError(f"{person.name} tidak bertugas sebagai supervisor di atas {unit}. Pilih orang lain.")


def instruments_for(unit: Unit) -> list[Instrument]:
    """Return the instruments that the unit owes, in the versions of today."""
    return [row for row in Instrument.objects.current().order_by("code") if unit.kind in row.unit_kinds]


def _owed(unit: Unit, period: Period, day: datetime.date) -> list[tuple[Instrument, Period]]:
    """Return the instruments that a visit fills in, each with its period, in the version that this period uses."""
    rows = [row for row in Instrument.objects.defer("definition").order_by("pk") if unit.kind in row.unit_kinds]
    found = []
    for code, row in sorted({row.code: row for row in rows}.items()):
        own = _period_of(row, unit, period, day)
        found += [(each, own) for each in versions_on(rows, own.first_day) if each.code == code]
    return found


def plan_visit(
    *,
    unit: Unit,
    period: Period,
    sprin_number: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None,
    team: Team,
    by: User,
    assigned: dict[int, Iterable[str]] | None = None,
    is_announced: bool = True,
    is_sample: bool = False,
) -> Visit:
    """Plan a visit with its team and its sheets, all rows made.

    Args:
        is_sample: only a drawn part of the items is looked at; the sheet has no predicate and is not ranked.
        is_announced: the unit is told; else it knows nothing of the visit until it begins.
        assigned: person id → node codes; orders the page, gives no right. Without it the instrument's own division
            over the members is proposed.

    Raises:
        NotAllowed: the unit is not below the person.
        VisitExists: one with this warrant on this day.
        DomainError: days outside the period, the team, a closed period, nothing to fill in.
    """
    posting = _granted(access.posting_to_plan(by, unit), "Kunjungan direncanakan supervisor dari satuan di atas.")
    _check_days(period, starts_on, ends_on, unit)
    _check_team(team, unit)
    instruments = _owed(unit, period, starts_on)
    if not instruments:
        raise DomainError(f"Belum ada instrumen untuk satuan jenis {unit.get_kind_display()}.")
    visit = Visit(
        unit=unit,
        period=period,
        sprin_number=_sprin(sprin_number),
        starts_on=starts_on,
        ends_on=ends_on,
        team_leader=team.leader,
        deputy=team.deputy,
        planned_by=by,
        is_announced=is_announced,
    )
    with _once(visit):
        # Held first: who ends the unit waits and cancels this visit too, or was first.
        Unit.objects.filter(pk=unit.pk).update(name=F("name"))
        if not Unit.objects.active_on(max(starts_on, local_day(unit))).filter(pk=unit.pk).exists():
            raise DomainError(f"{unit} sudah ditutup atau digabung. Pilih satuan lain.")
        visit.save()
        _write_members(visit, team)
        event = record("visit.planned", by=by, posting=posting, about=visit, unit=unit)
        for instrument, sheet_period in instruments:
            _write_assignments(visit, instrument, assigned or propose_division(instrument, team))
            sheet = create_checklist(
                unit=unit, period=sheet_period, instrument=instrument, layer=Layer.SUPERVISION, by=by, visit=visit
            )
            if is_sample:
                draw_sample(sheet, by=by, posting=posting)
        notices.tell_planned(visit, event)
    return visit


def _sprin(number: str) -> str:
    number = number.strip()
    if not number:
        raise DomainError("Nomor Sprin wajib diisi.")
    return number[:80]


@contextmanager
def _once(visit: Visit) -> Iterator[None]:
    """Run in one transaction, and name the visit that stands in the way of a second one."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        known = same_visit(visit.unit, visit.sprin_number, visit.starts_on, besides=visit.pk)
        if known is None:
            raise
        raise VisitExists(known) from None


def same_visit(unit: Unit, sprin_number: str, starts_on: datetime.date, besides: int | None = None) -> Visit | None:
    """Return the visit that is planned to the unit with this warrant on this day."""
    found = Visit.objects.not_cancelled().filter(unit=unit, sprin_number=sprin_number.strip()[:80], starts_on=starts_on)
    if besides is not None:
        found = found.exclude(pk=besides)
    return found.select_related("unit").first()


def _check_days(period: Period, starts_on: datetime.date, ends_on: datetime.date | None, unit: Unit) -> None:
    if period.kind != PeriodKind.QUARTER or not unit.is_within(period.unit.path):
        raise DomainError("Pilih triwulan yang berlaku untuk satuan ini.")
    if not period.is_open:
        raise DomainError(f"Periode {period} sudah ditutup. Pilih periode yang masih terbuka.")
    last = ends_on or starts_on
    if last < starts_on:
        raise DomainError("Hari terakhir tidak boleh sebelum hari kunjungan.")
    if not (period.first_day <= starts_on and last <= period.last_day):
        raise DomainError(f"Hari kunjungan harus berada dalam {period}.")
    if not unit.is_active_on(starts_on):
        raise DomainError(f"{unit} tidak aktif pada hari itu.")


def _period_of(instrument: Instrument, unit: Unit, period: Period, day: datetime.date) -> Period:
    """A visit is of a quarter; an instrument of years takes the year around it."""
    if instrument.period_kind == period.kind:
        return period
    around = period_around(unit, day, instrument.period_kind)
    if around is None:
        raise DomainError(f"Belum ada periode tahun yang memuat {day:%d-%m-%Y} untuk {unit}. Minta admin membuatnya.")
    return around


def propose_division(instrument: Instrument, team: Team) -> dict[int, Iterable[str]]:
    """Divide the instrument's own plan over the members in their order; fewer people take turns."""
    plan = engine_instrument(instrument).team_plan
    people = team.everybody()
    found: dict[int, list[str]] = {}
    for part in plan:
        found.setdefault(people[(part.number - 1) % len(people)].pk, []).extend(part.nodes)
    return dict(found)


def _write_members(visit: Visit, team: Team) -> None:
    now = timezone.now()
    wanted = team.everybody()
    known = {member.user_id: member for member in visit.members.all()}
    for number, person in enumerate(wanted, start=1):
        member = known.pop(person.pk, None)
        if member is None:
            VisitMember.objects.create(visit=visit, user=person, number=number)
        else:
            VisitMember.objects.filter(pk=member.pk).update(number=number, left_at=None)
    # Who leaves stays in the list of the past, so that the history stays readable.
    VisitMember.objects.filter(pk__in=[member.pk for member in known.values()], left_at__isnull=True).update(
        left_at=now
    )


def _write_assignments(visit: Visit, instrument: Instrument, assigned: dict[int, Iterable[str]]) -> None:
    nodes = {node.code: node for node in Node.objects.filter(instrument=instrument)}
    members = set(visit.members.filter(left_at__isnull=True).values_list("user_id", flat=True))
    Assignment.objects.filter(visit=visit, node__instrument=instrument).delete()
    Assignment.objects.bulk_create(
        Assignment(visit=visit, user_id=person, node=nodes[code])
        for person, codes in assigned.items()
        if person in members
        for code in dict.fromkeys(codes)
        if code in nodes
    )


def change_visit(
    *,
    visit: Visit,
    sprin_number: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None,
    team: Team,
    by: User,
    assigned: dict[int, Iterable[str]] | None = None,
    is_announced: bool | None = None,
) -> Visit:
    """Change days, Sprin and team of a visit that is planned or ongoing.

    Args:
        is_announced: True tells the unit of a visit that it didn't know of; None leaves that as it is.

    Raises:
        DomainError: a visit that the unit knows of can't be hidden again.
    """
    posting = _granted(access.posting_to_change_team(by, visit), "Tim diubah supervisor dari satuan di atas.")
    _check_days(visit.period, starts_on, ends_on, visit.unit)
    _check_team(team, visit.unit)
    changes: dict[str, Any] = {
        "sprin_number": _sprin(sprin_number),
        "starts_on": starts_on,
        "ends_on": ends_on,
        "team_leader": team.leader,
        "deputy": team.deputy,
    } | _revised()
    if is_announced:
        changes["is_announced"] = True
    wanted = Visit(pk=visit.pk, unit=visit.unit, sprin_number=changes["sprin_number"], starts_on=starts_on)
    with _once(wanted):
        before = Visit.objects.get(pk=visit.pk)
        was = (before.starts_on, before.ends_on)
        rows = Visit.objects.filter(pk=visit.pk, status__in=[VisitStatus.PLANNED, VisitStatus.ONGOING])
        if is_announced is False:
            rows = rows.filter(is_announced=False)
        if not rows.update(**changes):
            visit.refresh_from_db()
            if visit.is_open:
                raise DomainError(_KNOWN)
            raise InvalidTransition(_LATER.format(label=visit.get_status_display()))
        visit.refresh_from_db()
        is_revealed = before.is_hidden_from_unit and not visit.is_hidden_from_unit
        left = notices.people_of(visit)
        _write_members(visit, team)
        for sheet in visit.checklists.select_related("instrument"):
            division = assigned or propose_division(sheet.instrument, team)
            _write_assignments(visit, sheet.instrument, division)
        names = [person.name for person in team.everybody()]
        changed = {"team": [None, names]}
        event = record("visit.changed", by=by, posting=posting, about=visit, unit=visit.unit, changes=changed)
        notices.tell_changed(visit, event, was=was, left=left, is_revealed=is_revealed)
    return visit


def hand_over_lead(*, visit: Visit, new_leader: User, by: User) -> Visit:
    """Put another leader in the place of one who leaves (handover of an office)."""
    members = [member.user for member in visit.members.filter(left_at__isnull=True).select_related("user")]
    stay = tuple(person for person in members if person.pk != visit.team_leader_id)
    deputy = visit.deputy if visit.deputy_id not in {visit.team_leader_id, new_leader.pk} else None
    return change_visit(
        visit=visit,
        sprin_number=visit.sprin_number,
        starts_on=visit.starts_on,
        ends_on=visit.ends_on,
        team=Team(new_leader, deputy, stay),
        by=by,
    )


def _revised() -> dict[str, Any]:
    """Return what an UPDATE of a visit changes besides, for the calendars that show it."""
    return {"revision": F("revision") + 1, "changed_at": timezone.now()}


def _step(visit: Visit, old: Iterable[str], by: User, posting: Posting, action: str, **changes: Any) -> Visit:
    """Take a step by one conditional UPDATE and record it."""
    before = visit.status
    if not Visit.objects.filter(pk=visit.pk, status__in=list(old)).update(**changes, **_revised()):
        visit.refresh_from_db()
        raise InvalidTransition(_LATER.format(label=visit.get_status_display()))
    visit.refresh_from_db()
    event = record(
        action,
        by=by,
        posting=posting,
        about=visit,
        unit=visit.unit,
        changes={"status": [before, visit.status]},
        reason=str(changes.get("cancel_reason", "")),
    )
    notices.tell_step(visit, event)
    return visit


def start_visit(*, visit: Visit, by: User) -> Visit:
    """Begin a planned visit: answers may be written from now on.

    Raises:
        NotAllowed, InvalidTransition: neither leader nor deputy; not planned any more, or its unit is over.
    """
    posting = _granted(access.posting_to_lead(by, visit), "Kunjungan dimulai oleh ketua tim atau wakilnya.")
    with transaction.atomic():
        _step(
            visit, [VisitStatus.PLANNED], by, posting, "visit.started",
            status=VisitStatus.ONGOING, started_at=timezone.now(),
        )  # fmt: skip
        # Who ends the unit cancels its visits: he waits for this, or was first.
        if not Unit.objects.active_on(local_day(visit.unit)).filter(pk=visit.unit_id).exists():
            raise InvalidTransition(f"{visit.unit} sudah ditutup atau digabung. Batalkan kunjungan ini.")
    return visit


def finish_visit(*, visit: Visit, by: User) -> Visit:
    """End a visit at the closing meeting: its findings are handed over to the unit."""
    posting = _granted(access.posting_to_lead(by, visit), "Kunjungan diselesaikan oleh ketua tim atau wakilnya.")
    now = timezone.now()
    with transaction.atomic():
        _step(visit, [VisitStatus.ONGOING], by, posting, "visit.done", status=VisitStatus.DONE, done_at=now)
        hand_over(visit, by=by, posting=posting, now=now)
        sheets = list(visit.checklists.all())
        for sheet in sheets:
            # A report that was made before tells of findings that were not handed over yet.
            supersede_documents(sheet, sheet.status)
        jobs.request_many(KIND, [rollup_key(sheet) for sheet in sheets])
    return visit


def cancel_visit(*, visit: Visit, by: User, reason: str) -> Visit:
    """Cancel a visit with a reason; its answers stay readable, and what it found is handed over to the unit."""
    posting = _granted(access.posting_to_cancel(by, visit), "Kunjungan dibatalkan ketua tim atau perencananya.")
    if len(reason.strip()) < 5 or "\0" in reason:
        raise DomainError("Tulis alasan pembatalan, paling sedikit beberapa kata.")
    now = timezone.now()
    with transaction.atomic():
        # Held first: who hands a sheet of the visit in waits for this, or this sees the sheet that he handed in.
        Visit.objects.filter(pk=visit.pk).update(status=F("status"))
        sheets = list(visit.checklists.all())
        if any(sheet.status != ChecklistStatus.DRAFT for sheet in sheets):
            raise InvalidTransition(
                "Lembar kunjungan ini sudah diserahkan. Minta lembarnya dikembalikan dulu, lalu batalkan kunjungannya."
            )
        _step(
            visit,
            [VisitStatus.PLANNED, VisitStatus.ONGOING],
            by,
            posting,
            "visit.cancelled",
            status=VisitStatus.CANCELLED,
            cancelled_at=now,
            cancel_reason=reason.strip()[:2000],
        )
        # What the team saw stays found: else it would stay open for ever, and hidden from the unit.
        hand_over(visit, by=by, posting=posting, now=now)
        jobs.request_many(KIND, [rollup_key(sheet) for sheet in sheets])
    return visit


def delete_visit(*, visit: Visit, by: User) -> None:
    """Delete a visit without answers, by whoever planned it; one with answers is only cancelled.

    Raises:
        DomainError: there are answers.
    """
    posting = _granted(access.posting_to_delete(by, visit), "Kunjungan hanya dapat dihapus perencananya.")
    with transaction.atomic():
        # No save can begin any more once the visit is cancelled, so that none slips in between count and delete.
        open_states = [VisitStatus.PLANNED, VisitStatus.ONGOING, VisitStatus.CANCELLED]
        row = Visit.objects.filter(pk=visit.pk, status__in=open_states)
        if not row.update(status=VisitStatus.CANCELLED):
            raise InvalidTransition(_LATER.format(label=visit.get_status_display()))
        # On PostgreSQL savers hold the sheet's row (hold_draft): writing it waits for them, and what they saved counts.
        visit.checklists.update(scope=F("scope"))
        keys = [rollup_key(sheet) for sheet in visit.checklists.all()]
        has_work = (
            Answer.objects.filter(checklist__visit=visit, version__gt=0).exists()
            or AnswerRevision.objects.filter(checklist__visit=visit).exists()
            or Finding.objects.of_visit(visit).exists()
            or AnswerEvidence.objects.filter(answer__checklist__visit=visit).exists()
        )
        if has_work:
            raise DomainError(
                "Kunjungan ini sudah berisi jawaban atau bukti. Batalkan dengan alasan; isinya tetap terbaca."
            )
        record("visit.deleted", by=by, posting=posting, about=visit, unit=visit.unit)
        visit.delete()
        jobs.request_many(KIND, keys)
