"""Reading what a document shows: in a fixed number of queries, the same for whoever asks."""

from __future__ import annotations

import datetime

from django.conf import settings

from supervisi.documents import people, results
from supervisi.documents.content import Content, FindingRow, Proof, Signature
from supervisi.documents.words import day_in_words, days, long_day
from supervisi.instrument_cache import engine_instrument
from supervisi.models import (
    Checklist,
    DocumentKind,
    Finding,
    FindingAct,
    FindingEvent,
    Layer,
    VerificationCode,
    Visit,
    VisitStatus,
)
from supervisi.models.checklists import DISCLOSED_STATUSES
from supervisi.pages.finding_cards import points_text
from supervisi.scoring.engine import score_sheet
from supervisi.scoring.rounding import shown
from supervisi.services.content import stored_answers
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit

_TITLES = {
    DocumentKind.MINUTES: "Berita acara supervisi",
    DocumentKind.FINDINGS: "Daftar temuan supervisi",
    DocumentKind.REPORT: "Laporan hasil",
}
_REPORTS = {
    Layer.SELF: "Laporan hasil penilaian mandiri",
    Layer.SUPERVISION: "Laporan hasil supervisi",
    Layer.TPI: "Laporan hasil penilaian TPI",
}


def read_visit_content(kind: str, visit: Visit) -> Content:
    """Read minutes or list of findings of a visit that is done."""
    checklist = visit_sheet(visit)
    team, postings = people.read_team(visit, checklist)
    leader = postings.get(visit.team_leader_id)
    findings = _findings(visit)
    is_told = checklist is not None and checklist.status in DISCLOSED_STATUSES and kind == DocumentKind.FINDINGS
    answers = results.read_answers(checklist) if checklist is not None and kind == DocumentKind.MINUTES else []
    instrument = engine_instrument(checklist.instrument) if checklist is not None else None
    ended_on = local_day(visit.unit, visit.done_at) if visit.done_at else visit.last_day
    return Content(
        kind=kind,
        title=_TITLES[DocumentKind(kind)],
        unit=visit.unit.name,
        period=visit.period.name,
        instrument=instrument.name if instrument else "",
        instrument_label=instrument.label if instrument else "",
        layer=str(Layer.SUPERVISION.label),
        head=people.head_of(people.issuer_of(visit.unit, leader)),
        sprin=visit.sprin_number,
        visit_days=days(visit.starts_on, visit.ends_on),
        opening=day_in_words(visit.last_day),
        team=team,
        signatures=_visit_signatures(kind, visit, leader),
        signed_on=ended_on if kind == DocumentKind.MINUTES else None,
        findings=_finding_rows(visit, findings, checklist if is_told else None),
        areas=results.area_rows(instrument, answers, findings, None) if instrument and answers else (),
        shown_status=checklist.status if checklist is not None else "",
        shows_result=is_told,
        proof=_proof(checklist) if checklist is not None else None,
    )


def _proof(checklist: Checklist) -> Proof | None:
    """Return code and hash of a final sheet."""
    code = VerificationCode.objects.of(checklist).valid().first() if checklist.is_final else None
    if code is None:
        return None
    return Proof(code.grouped, settings.SITE_URL + code.get_absolute_url(), code.grouped_hash)


def visit_sheet(visit: Visit) -> Checklist | None:
    """Return the sheet of a visit."""
    return Checklist.objects.with_frame().filter(visit=visit).order_by("pk").first()


def _visit_signatures(kind: str, visit: Visit, leader: Posting | None) -> tuple[Signature, ...]:
    unit_side = people.commander_signature(
        "Yang disupervisi" if kind == DocumentKind.MINUTES else "Yang menerima", visit.unit, visit.last_day
    )
    return (unit_side, _leader_signature(visit, leader))


def _leader_signature(visit: Visit, leader: Posting | None) -> Signature:
    office = people.office_words(leader) if leader is not None else ""
    return people.signature("Ketua tim supervisi", office, visit.team_leader)


def _findings(visit: Visit) -> list[Finding]:
    """Return what was handed over; what a visit under way has seen waits for its closing meeting."""
    if visit.status != VisitStatus.DONE:
        return []
    rows = Finding.objects.of_visit(visit).filter(handed_over_at__isnull=False)
    return list(rows.select_related("item").order_by("number"))


def _finding_rows(visit: Visit, findings: list[Finding], told_of: Checklist | None) -> tuple[FindingRow, ...]:
    """Return the rows with the words of this visit: the finding itself has those of the visit that recorded it last."""
    events = FindingEvent.objects.written_on(visit)
    # The record counts before what was only seen again; of equals the last one.
    ordered = sorted(events, key=lambda event: event.kind != FindingAct.SEEN_AGAIN)
    words = {event.finding_id: event.text for event in ordered}
    return tuple(_finding_row(row, words.get(row.pk, row.observation), _is_of(row, told_of)) for row in findings)


def _is_of(finding: Finding, checklist: Checklist | None) -> bool:
    """Tell whether the stake is this sheet's: one seen again speaks of a later sheet, maybe not disclosed yet."""
    return checklist is not None and finding.checklist_id == checklist.pk


def _finding_row(finding: Finding, observation: str, is_told: bool) -> FindingRow:
    return FindingRow(
        number=finding.number,
        item=finding.item.code if finding.item is not None else "",
        severity=str(finding.get_severity_display()),
        observation=observation,
        recommendation=finding.recommendation,
        owner=finding.owner_title,
        due=long_day(finding.due_on) if finding.due_on else "",
        status=str(finding.get_status_display()),
        target=finding.target_option if is_told else "",
        points=points_text(finding.points or 0) if is_told else "",
    )


def read_sheet_content(checklist: Checklist) -> Content:
    """Read the report of a sheet that was handed in: result, gates, findings, and every item with its evidence."""
    instrument = engine_instrument(checklist.instrument)
    answers = results.read_answers(checklist)
    score = score_sheet(instrument, stored_answers(checklist))
    visit = checklist.visit
    team, postings = people.read_team(visit, checklist) if visit is not None else ((), {})
    posting = postings.get(visit.team_leader_id) if visit is not None else people.author_posting(checklist)
    is_own = checklist.layer == Layer.SELF
    issuer = checklist.unit if is_own else people.issuer_of(checklist.unit, posting)
    findings = _findings(visit) if visit is not None else []
    last_step = _last_step(checklist)
    return Content(
        kind=DocumentKind.REPORT,
        title=_REPORTS[Layer(checklist.layer)],
        unit=checklist.unit.name,
        period=checklist.period.name,
        instrument=instrument.name,
        instrument_label=instrument.label,
        layer=str(checklist.get_layer_display()),
        head=people.head_of(issuer),
        sprin=visit.sprin_number if visit is not None else "",
        visit_days=days(visit.starts_on, visit.ends_on) if visit is not None else "",
        team=team,
        signatures=_sheet_signatures(checklist, issuer, posting, last_step),
        signed_on=last_step,
        findings=_finding_rows(visit, findings, checklist) if visit is not None else (),
        areas=results.area_rows(instrument, answers, findings, score),
        score=shown(score.complete["total"]),
        weight=shown(instrument.weight),
        predicates=results.predicate_blocks(instrument, score),
        annex=results.read_annex(checklist, answers, score),
        shown_status=checklist.status,
        status_words=str(checklist.get_status_display()),
        shows_result=True,
        proof=_proof(checklist),
    )


def _last_step(checklist: Checklist) -> datetime.date | None:
    moments = (checklist.final_at, checklist.disclosed_at, checklist.reviewed_at, checklist.submitted_at)
    last = next((moment for moment in moments if moment is not None), None)
    return local_day(checklist.unit, last) if last is not None else None


def _sheet_signatures(
    checklist: Checklist, issuer: Unit, posting: Posting | None, day: datetime.date | None
) -> tuple[Signature, ...]:
    day = day or local_day(checklist.unit)
    head = people.commander_signature("Mengetahui", issuer, day)
    if checklist.layer == Layer.SELF:
        return (people.commander_signature("Pimpinan satuan", checklist.unit, day),)
    if checklist.visit is not None:
        return (head, _leader_signature(checklist.visit, posting))
    author = checklist.submitted_by or checklist.created_by
    office = people.office_words(posting) if posting is not None else ""
    return (head, people.signature("Tim penilai internal", office, author))
