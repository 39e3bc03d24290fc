"""Whom the steps of visits, sheets and findings are told to, and in which words.

No text names a person, and none says more than its reader may open: a unit hears of findings once they are handed
over, of its result once it is disclosed. Whoever took the step is not told of it. Of those above a unit who may take
the next step, the nearest are told.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

from django.urls import reverse
from django.utils import dateformat

from supervisi.models import Checklist, ChecklistStatus, Document, Finding, Layer, Visit
from supervisi.services.owners import responsible_people
from wbbm.notices.models import NoticeKind
from wbbm.notices.services import settle, tell
from wbbm.organisasi.access import STANDING_ROLES, nearest_people, people_at
from wbbm.organisasi.models import AuditEvent, Role, Unit, User

Days = tuple[datetime.date, datetime.date | None]


# --- documents ----------------------------------------------------------------------------------------


def tell_document(document: Document, state: str) -> None:
    """Tell whoever asked for a document that it is ready, or failed: it is made while he does other things."""
    name = "visit-documents" if document.checklist is None or not document.is_report else "checklist-documents"
    about = document.checklist_id if name == "checklist-documents" else document.visit_id
    tell(
        [document.requested_by],
        kind=NoticeKind.DOCUMENT,
        text=f"{document.get_kind_display()} {document.unit} {state}.",
        url=reverse(f"supervisi:{name}", args=[about]),
        unit=document.unit,
        key=f"document-{document.pk}-{document.requested_at.timestamp()}",
    )


# --- visits -------------------------------------------------------------------------------------------


def people_of(visit: Visit) -> list[User]:
    """Return the members of a visit's team of this moment."""
    return [member.user for member in visit.members.filter(left_at__isnull=True).select_related("user")]


def people_of_unit(unit: Unit) -> list[User]:
    """Return commander and operators of a unit."""
    return people_at(unit, Role.COMMANDER, Role.OPERATOR)


def tell_planned(visit: Visit, event: AuditEvent) -> None:
    """Tell team and unit of a visit that was planned."""
    _tell_team(visit, event, people_of(visit), f"Anda masuk tim kunjungan {visit.unit}, {_days(visit)}.")
    _tell_unit(visit, event, f"Tim supervisi akan berkunjung ke {visit.unit}, {_days(visit)}.")


def tell_changed(visit: Visit, event: AuditEvent, *, was: Days, left: Iterable[User], is_revealed: bool) -> None:
    """Tell who came into the team and who left it; new days all of them and the unit.

    Args:
        was: the days before the change.
        left: the team before the change.
        is_revealed: the unit may know of the visit only from now on.
    """
    before = {person.pk: person for person in left}
    now = {person.pk: person for person in people_of(visit)}
    fresh = [person for pk, person in now.items() if pk not in before]
    gone = [person for pk, person in before.items() if pk not in now]
    _tell_team(visit, event, fresh, f"Anda masuk tim kunjungan {visit.unit}, {_days(visit)}.")
    _tell_team(visit, event, gone, f"Anda tidak lagi masuk tim kunjungan {visit.unit}, {_days(visit)}.")
    if was != (visit.starts_on, visit.ends_on):
        stayed = [person for pk, person in now.items() if pk in before]
        _tell_team(visit, event, stayed, f"Hari kunjungan {visit.unit} berubah menjadi {_days(visit)}.")
    if is_revealed:
        _tell_unit(visit, event, f"Tim supervisi akan berkunjung ke {visit.unit}, {_days(visit)}.")
    elif was != (visit.starts_on, visit.ends_on):
        _tell_unit(visit, event, f"Hari kunjungan supervisi ke {visit.unit} berubah menjadi {_days(visit)}.")


def tell_step(visit: Visit, event: AuditEvent) -> None:
    """Tell team and unit of a cancelled visit, and of a done one those above whose step waited for its end."""
    if visit.is_done:
        _tell_reviewed(visit, event)
    if not visit.is_cancelled:
        return
    _tell_team(visit, event, people_of(visit), f"Kunjungan {visit.unit}, {_days(visit)}, dibatalkan.")
    _tell_unit(visit, event, f"Kunjungan supervisi ke {visit.unit}, {_days(visit)}, dibatalkan.")


def _tell_reviewed(visit: Visit, event: AuditEvent) -> None:
    """Tell the commanders above of sheets that were reviewed while the visit still ran."""
    kind, whom, text = _STEPS["review"]
    for sheet in visit.checklists.filter(status=ChecklistStatus.REVIEWED).select_related("unit", "period"):
        url = sheet.get_absolute_url()
        settle(kind=kind, url=url)
        said = text.format(sheet=f"{sheet.unit}, {sheet.period}")
        tell(whom(sheet, event), kind=kind, text=said, url=url, unit=sheet.unit, key=f"event-{event.pk}-{sheet.pk}")


def _tell_team(visit: Visit, event: AuditEvent, people: Iterable[User], text: str) -> None:
    _tell(people, event, NoticeKind.VISIT, text, visit.get_absolute_url(), visit.unit)


def _tell_unit(visit: Visit, event: AuditEvent, text: str) -> None:
    """Tell the unit, unless the visit is one that it must not know of yet."""
    if visit.is_hidden_from_unit:
        return
    _tell(people_of_unit(visit.unit), event, NoticeKind.VISIT, text, visit.get_absolute_url(), visit.unit)


def _days(visit: Visit) -> str:
    first = dateformat.format(visit.starts_on, "l, j F Y")
    if visit.ends_on is None or visit.ends_on == visit.starts_on:
        return first
    return f"{first} sampai {dateformat.format(visit.ends_on, 'j F Y')}"


# --- findings -----------------------------------------------------------------------------------------


def tell_handed_over(findings: Iterable[Finding], event: AuditEvent) -> None:
    """Tell whose they are of findings that their unit now sees; each person once for all of his."""
    sheaves: dict[int, tuple[User, list[Finding]]] = {}
    for finding in findings:
        for person in responsible_people(finding):
            sheaves.setdefault(person.pk, (person, []))[1].append(finding)
    for person, sheaf in sheaves.values():
        one = sheaf[0]
        words = f"Temuan {one.number}" if len(sheaf) == 1 else f"{len(sheaf)} temuan"
        url = one.get_absolute_url() if len(sheaf) == 1 or one.visit is None else one.visit.get_absolute_url()
        text = f"{words} di {one.unit} disampaikan dan menunggu tindak lanjut Anda."
        _tell([person], event, NoticeKind.FINDING, text, url, one.unit)


def tell_finding_step(finding: Finding, name: str, event: AuditEvent) -> None:
    """Tell whose turn it is after a step of a finding; what asked for the step is settled."""
    if name != "extend":
        settle(kind=NoticeKind.FINDING, url=finding.get_absolute_url())
    told = _FINDING_STEPS.get(name)
    if told is None:
        return
    whom, words = told
    text = f"Temuan {finding.number} di {finding.unit} {words}"
    _tell(whom(finding), event, NoticeKind.FINDING, text, finding.get_absolute_url(), finding.unit)


def judges(finding: Finding) -> list[User]:
    """Return who judges an answer: of the nearest supervisors above who recorded it or led the visit, else all."""
    own = {person.pk for person in people_at(finding.unit, *STANDING_ROLES)}
    nearest = nearest_people(finding.unit, Role.SUPERVISOR, besides=own)
    know = {finding.created_by_id, finding.visit.team_leader_id if finding.visit is not None else None}
    return [person for person in nearest if person.pk in know] or nearest


_FINDING_STEPS: dict[str, tuple[Callable[[Finding], list[User]], str]] = {
    "answer": (judges, "dijawab dan menunggu diperiksa."),
    "return": (responsible_people, "dikembalikan: jawabannya perlu dilengkapi."),
    "close": (responsible_people, "ditutup."),
    "extend": (responsible_people, "mendapat tenggat baru."),
}


# --- sheets -------------------------------------------------------------------------------------------


def tell_sheet_step(checklist: Checklist, name: str, event: AuditEvent) -> None:
    """Tell who must go on after a step of a sheet, or who hears of its result; what asked for the step is settled."""
    settle(kind=NoticeKind.SHEET, url=checklist.get_absolute_url())
    told = _STEPS.get(name)
    if told is None:
        return
    kind, whom, text = told
    if name == "review" and checklist.visit is not None and not checklist.visit.is_done:
        text = _REVIEWED_EARLY
    said = text.format(sheet=f"{checklist.unit}, {checklist.period}")
    _tell(whom(checklist, event), event, kind, said, checklist.get_absolute_url(), checklist.unit)


def reviewers(checklist: Checklist, event: AuditEvent) -> list[User]:
    """Return the nearest who may review a submitted sheet; nobody reviews a self sheet."""
    return reviewers_of(checklist, besides={event.actor_id or 0} if checklist.layer == Layer.TPI else set())


def reviewers_of(checklist: Checklist, besides: Iterable[int] = ()) -> list[User]:
    """Return the nearest who may review a sheet, whoever took the last step."""
    if checklist.layer == Layer.SELF:
        return []
    own = {person.pk for person in people_at(checklist.unit, *STANDING_ROLES)}
    if checklist.layer == Layer.TPI:
        return nearest_people(checklist.unit, Role.AUDITOR, besides={*own, *besides})
    visit = checklist.visit
    team = {person.pk for person in people_of(visit)} if visit is not None else set()
    return nearest_people(checklist.unit, Role.SUPERVISOR, besides=own | team)


def fillers(checklist: Checklist, event: AuditEvent) -> list[User]:
    """Return who fills in the sheet: the visit's team, the unit itself, or the auditor who handed it in."""
    if checklist.visit is not None:
        return people_of(checklist.visit)
    if checklist.layer == Layer.SELF:
        return people_of_unit(checklist.unit)
    return [checklist.submitted_by] if checklist.submitted_by is not None else []


def commanders(checklist: Checklist, event: AuditEvent) -> list[User]:
    """Return the nearest commanders above the unit; never its own people, nor whoever took the step."""
    return commanders_above(checklist, besides={event.actor_id or 0})


def commanders_above(checklist: Checklist, besides: Iterable[int] = ()) -> list[User]:
    """Return the nearest commanders above the unit; never its own people."""
    own = {person.pk for person in people_at(checklist.unit, *STANDING_ROLES)}
    return nearest_people(checklist.unit, Role.COMMANDER, besides={*own, *besides})


def assessed(checklist: Checklist, event: AuditEvent) -> list[User]:
    """Return commander and operators of the unit that the sheet is about."""
    return people_of_unit(checklist.unit)


_STEPS: dict[str, tuple[str, Callable[[Checklist, AuditEvent], list[User]], str]] = {
    "submit": (NoticeKind.SHEET, reviewers, "Lembar {sheet}, diserahkan dan menunggu ditinjau."),
    "return": (NoticeKind.SHEET, fillers, "Lembar {sheet}, dikembalikan untuk diperbaiki; alasannya ada di lembar."),
    "review": (NoticeKind.SHEET, commanders, "Lembar {sheet}, sudah ditinjau dan menunggu disampaikan."),
    "disclose": (NoticeKind.RESULT, assessed, "Hasil penilaian {sheet}, sudah disampaikan."),
    "ask-reopening": (NoticeKind.SHEET, commanders, "Pembukaan kembali lembar {sheet}, diminta; setujui bila tepat."),
    "reopen": (NoticeKind.SHEET, fillers, "Lembar {sheet}, dibuka kembali dan dapat diisi lagi."),
}


_REVIEWED_EARLY = "Lembar {sheet}, sudah ditinjau; hasilnya disampaikan setelah kunjungannya selesai."


def _tell(people: Iterable[User], event: AuditEvent, kind: str, text: str, url: str, unit: Unit) -> None:
    """Tell all but the one who acted; once for the act."""
    others = [person for person in people if person.pk != event.actor_id]
    tell(others, kind=kind, text=text, url=url, unit=unit, key=f"event-{event.pk}")
