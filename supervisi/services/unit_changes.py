"""Units renamed, moved, merged, closed: what hangs on them goes along, or ends, in the same transaction.

History stays with the old unit. Open findings follow the office that answers them; visits that are only planned are
cancelled where the unit ends; operators and supervisors may go over to the unit that takes it in.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q
from django.utils import dateformat, timezone

from supervisi.models import (
    Checklist,
    ChecklistStatus,
    Finding,
    FindingAct,
    FindingEvent,
    Layer,
    ReplyRound,
    Visit,
    VisitStatus,
)
from supervisi.models.checklists import ChecklistQuerySet
from supervisi.models.visits import VisitQuerySet
from supervisi.rollup_key import KIND, rollup_key
from supervisi.services.notices import people_of_unit, tell_step
from wbbm.errors import DomainError
from wbbm.jobs import services as jobs
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import tell
from wbbm.organisasi.access import local_day, people_at
from wbbm.organisasi.models import AuditEvent, Posting, Role, Unit, User
from wbbm.organisasi.models.people import ROLES_NEEDING_SECOND_ADMIN
from wbbm.organisasi.services import units
from wbbm.organisasi.services.audit import record
from wbbm.organisasi.services.postings import add_posting

_HEAD = "Pimpinan"


class UnitInUse(DomainError):
    """Something is under way at the unit that its people must end first."""

    status = 409


def rename_unit(*, unit: Unit, name: str, by: User) -> Unit:
    """Give a unit another name; its code stays.

    Raises:
        DomainError: no name, or the one that it has.
    """
    text = name.strip()
    if not text or "\0" in text or len(text) > 120:
        raise DomainError("Isi nama baru, paling panjang 120 huruf.")
    if text == unit.name:
        raise DomainError("Nama baru sama dengan nama sekarang.")
    return units.update_unit(unit=unit, by=by, name=text)


def relocate_unit(*, unit: Unit, new_parent: Unit, by: User, reason: str) -> Unit:
    """Put a unit below another one (see `require_idle_below` and `take_along`, which hold for imports as well).

    Raises:
        UnitInUse: a team is at work there, or a sheet of it is not handed in.
    """
    text = _reason(reason)
    if new_parent.path == unit.parent_path:
        raise DomainError("Satuan ini sudah di bawah satuan itu. Pilih satuan lain.")
    return units.move_unit(unit=unit, new_parent=new_parent, by=by, reason=text)


def require_idle_below(unit: Unit, new_parent: Unit) -> None:
    """Refuse to move a unit while a team is at work there or below; called before every move."""
    _require_idle(Unit.objects.under(unit))


def take_along(unit: Unit, old: Unit, new_parent: Unit, by: User) -> None:
    """Give findings that the old unit above should answer to the new one; called after every move."""
    said = f"{unit} pindah ke {new_parent}."
    owed = Finding.objects.open().filter(unit__in=Unit.objects.under(unit), owner_unit=old)
    _tell_above(unit, new_parent, said, _pass_on(owed, said, by, owner_unit=new_parent))


def merge_unit(*, unit: Unit, into: Unit, by: User, reason: str, moves_people: bool = True) -> Unit:
    """Let a unit be part of another one from today on: open findings and, if wanted, people go over; the rest ends.

    Raises:
        UnitInUse: a team is at work there, a sheet of it is not handed in, its result is not told, or the unit may
            still reply.
    """
    text = _reason(reason)
    with transaction.atomic():
        _require_idle([unit])
        going = movable_postings(unit) if moves_people else []
        ended = units.end_unit(unit=unit, by=by, reason=text, into=into)
        for held in going:
            _move_posting(held, into, by)
        said = f"{unit} digabung ke {into}."
        _cancel_visits(unit, said, by)
        _require_settled(unit)
        own = Q(unit=unit) | Q(owner_unit=unit)
        count = _pass_on(Finding.objects.open().filter(own), said, by, old=unit, owner_unit=into, place=into)
        _tell_above(ended, into, said, count)
    return ended


def close_unit(*, unit: Unit, by: User, reason: str) -> Unit:
    """Let a unit be over from today on: the commander above answers its open findings; its postings end.

    Raises:
        UnitInUse: a team is at work there, a sheet of it is not handed in, its result is not told, or the unit may
            still reply.
    """
    text = _reason(reason)
    with transaction.atomic():
        _require_idle([unit])
        above = Unit.objects.get_parent(unit)
        ended = units.end_unit(unit=unit, by=by, reason=text)
        assert above is not None  # only a unit above closes one
        said = f"{unit} ditutup."
        _cancel_visits(unit, said, by)
        _require_settled(unit)
        title = head_title(above)
        owed = Finding.objects.open().filter(owner_unit=unit)
        count = _pass_on(owed, said, by, owner_unit=above, owner_title=title)
        _tell_above(ended, above, said, count)
    return ended


# --- what stands in the way, and what goes along (asked by the preview as well) -------------------------


def visits_under_way(there: Iterable[Unit]) -> list[Visit]:
    """Return the visits whose team is at work: begun, or done with a sheet that is not handed in."""
    at_work = Q(status=VisitStatus.ONGOING) | Q(
        status=VisitStatus.DONE, checklists__status=ChecklistStatus.DRAFT, period__closed_at__isnull=True
    )
    rows = Visit.objects.filter(at_work, unit__in=there).select_related("unit")
    return list(rows.order_by("starts_on", "pk").distinct())


def untold_sheets(unit: Unit) -> ChecklistQuerySet:
    """Return the sheets of others that are handed in and not disclosed: the unit has still to hear of them."""
    waiting = [ChecklistStatus.SUBMITTED, ChecklistStatus.REVIEWED]
    rows: ChecklistQuerySet = Checklist.objects.with_frame().filter(unit=unit, status__in=waiting)
    return rows.exclude(layer=Layer.SELF).order_by("pk")


def rounds_taking_replies(unit: Unit) -> list[ReplyRound]:
    """Return the rounds in which the unit may still reply: only its own people can."""
    today = local_day(unit)
    rows = ReplyRound.objects.running().with_frame().filter(checklist__unit=unit).order_by("due_on", "pk")
    return [each for each in rows if each.takes_replies(today)]


def planned_visits(unit: Unit) -> VisitQuerySet:
    """Return the visits to the unit that have not begun."""
    rows: VisitQuerySet = Visit.objects.filter(unit=unit, status=VisitStatus.PLANNED).select_related("unit")
    return rows.order_by("starts_on", "pk")


def running_postings(unit: Unit) -> list[Posting]:
    """Return the postings at the unit that run or come, those that wait included."""
    rows = Posting.objects.lasting(local_day(unit)).filter(unit=unit).select_related("user", "unit")
    return list(rows.order_by("role", "pk"))


def movable_postings(unit: Unit) -> list[Posting]:
    """Return those that may go over as they are; commanders and integrity officers are given anew by two admins."""
    return [
        held
        for held in running_postings(unit)
        if held.role not in ROLES_NEEDING_SECOND_ADMIN and held.approved_at is not None and held.user.closed_at is None
    ]


def head_title(unit: Unit) -> str:
    """Return the title of who commands the unit today."""
    rows = Posting.objects.running().filter(unit=unit, role=Role.COMMANDER).order_by("pk")
    return rows.values_list("title", flat=True).first() or _HEAD


def _require_idle(there: Iterable[Unit]) -> None:
    busy = visits_under_way(there)
    if busy:
        names = ", ".join(dict.fromkeys(str(visit.unit) for visit in busy))
        raise UnitInUse(f"Kunjungan ke {names} masih berjalan atau lembarnya belum diserahkan. Selesaikan dulu.")


def _require_settled(unit: Unit) -> None:
    """Refuse to end a unit in the middle of something; called once its visits and postings have ended.

    What is read here stays so: a visit begins or is planned by writing its row, or the unit's, which are written
    already; the sheets are written now, and whoever hands one in or discloses it meanwhile waits.
    """
    Checklist.objects.filter(unit=unit).exclude(status=ChecklistStatus.FINAL).update(status=F("status"))
    _require_idle([unit])
    sheet = untold_sheets(unit).first()
    if sheet is not None:
        raise UnitInUse(f"Hasil lembar {sheet.period} belum disampaikan kepada {unit}. Sampaikan dulu.")
    for running in rounds_taking_replies(unit):
        raise UnitInUse(
            f"Hak jawab {unit} atas {running.checklist.period} masih berjalan sampai "
            f"{dateformat.format(running.due_on, 'j F Y')}. Tunggu, atau minta pimpinannya mengakhiri lebih awal."
        )


def _reason(text: str) -> str:
    reason = text.strip()
    if len(reason) < 5 or "\0" in reason:
        raise DomainError("Tulis alasannya, misalnya nomor keputusannya.")
    return reason[:2000]


def _move_posting(held: Posting, into: Unit, by: User) -> None:
    """Give the person the same office at the other unit, unless he holds it there already."""
    today = local_day(into)
    there = Posting.objects.lasting(today).filter(unit=into, user=held.user, role=held.role, title=held.title)
    if there.exists():
        return
    last_day = held.ends_on if held.ends_on is not None and held.ends_on >= today else None
    starts_on = max(held.starts_on, today)
    add_posting(
        by=by, user=held.user, unit=into, role=held.role, title=held.title, kind=held.kind, starts_on=starts_on,
        ends_on=last_day,
    )  # fmt: skip


def _cancel_visits(unit: Unit, reason: str, by: User) -> None:
    posting = by.scope.posting_over(unit, Role.ADMIN)
    for visit in list(planned_visits(unit)):
        row = Visit.objects.filter(pk=visit.pk, status=VisitStatus.PLANNED)
        if row.update(status=VisitStatus.CANCELLED, cancelled_at=timezone.now(), cancel_reason=reason):
            visit.refresh_from_db()
            event = record("visit.cancelled", by=by, posting=posting, about=visit, unit=unit, reason=reason)
            tell_step(visit, event)
            jobs.request_many(KIND, [rollup_key(sheet) for sheet in Checklist.objects.filter(visit=visit)])


def _pass_on(
    findings: Iterable[Finding],
    said: str,
    by: User,
    *,
    owner_unit: Unit,
    old: Unit | None = None,
    owner_title: str = "",
    place: Unit | None = None,
) -> int:
    """Give open findings to another office, and to another unit; each keeps its number and tells it in its history.

    Args:
        old: only where this unit is owner or place is it replaced; otherwise wherever the findings are.
    """  # fmt: skip
    count = 0
    for finding in findings:
        changes: dict[str, object] = {}
        if old is None or finding.owner_unit_id == old.pk:
            changes |= {"owner_unit": owner_unit} | ({"owner_title": owner_title} if owner_title else {})
        if place is not None and old is not None and finding.unit_id == old.pk:
            changes |= {"unit": place}
        Finding.objects.filter(pk=finding.pk).update(**changes)
        posting = by.scope.posting_over(owner_unit, Role.ADMIN)
        FindingEvent.objects.create(finding=finding, kind=FindingAct.PASSED_ON, text=said, by=by, posting=posting)
        facts = {name: [str(getattr(finding, name)), str(value)] for name, value in changes.items()}
        record("finding.passed-on", by=by, posting=posting, about=finding, unit=owner_unit, changes=facts, reason=said)
        count += 1
    return count


def _tell_above(unit: Unit, receiver: Unit, said: str, findings: int) -> None:
    """Tell the unit that takes it in, and what came along."""
    people = people_of_unit(receiver) if receiver.kind == unit.kind else people_at(receiver, Role.COMMANDER)
    event = AuditEvent.objects.filter(object_type="organisasi.unit", object_id=str(unit.pk)).order_by("-pk").first()
    text = f"{said} {findings} temuan terbuka ikut berpindah." if findings else said
    key = f"event-{event.pk if event is not None else unit.pk}"
    tell(people, kind=NoticeKind.PERIOD, text=text, url=receiver.get_absolute_url(), unit=receiver, key=key)
