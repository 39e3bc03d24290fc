"""What a posting that ends leaves behind, and who takes each."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import QuerySet

from supervisi import access
from supervisi.models import Checklist, ChecklistStatus, Finding, Layer, Visit
from supervisi.services.left_behind import findings_of, visits_of
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Role, User

VACANT = "Jabatan kosong; admin menambah penugasan baru"


@dataclass(frozen=True)
class HandoverLine:
    """One thing that changes hands. `url` is empty where the reader may not open it."""

    pk: int
    label: str
    detail: str
    taker: str
    url: str = ""
    # A leader may be chosen here by this reader.
    can_choose: bool = False


@dataclass(frozen=True)
class Handover:
    """The handover of one posting."""

    posting: Posting
    has_ended: bool
    successors: tuple[Posting, ...]
    findings: tuple[HandoverLine, ...]
    sheets: tuple[HandoverLine, ...]
    visits: tuple[HandoverLine, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is left to hand over."""
        return not (self.findings or self.sheets or self.visits)


def read_handover(posting: Posting, user: User) -> Handover:
    """Read what the posting's holder owes by this office, in a fixed number of queries."""
    today = local_day(posting.unit)
    successors = tuple(_others(posting, today).filter(title__iexact=posting.title))
    return Handover(
        posting=posting,
        has_ended=posting.has_ended_by(today),
        successors=successors,
        findings=_findings(posting, user, _names(successors)),
        sheets=_sheets(posting, user, today),
        visits=_visits(posting, user),
    )


def _others(posting: Posting, today: datetime.date) -> QuerySet[Posting]:
    """Running postings of other people at the unit, and those that begin yet."""
    found = Posting.objects.lasting(today)
    found = found.filter(unit=posting.unit, approved_at__isnull=False, user__closed_at__isnull=True)
    return found.exclude(user=posting.user_id).select_related("user", "unit").order_by("starts_on", "pk")


def _names(postings: tuple[Posting, ...]) -> str:
    return ", ".join(dict.fromkeys(f"{found}, {found.user}" for found in postings)) or VACANT


def _findings(posting: Posting, user: User, taker: str) -> tuple[HandoverLine, ...]:
    """Findings belong to the office: whoever holds it next answers them."""
    owed = findings_of(posting)
    readable = set(Finding.objects.visible_to(user).filter(pk__in=owed.values("pk")).values_list("pk", flat=True))
    return tuple(
        HandoverLine(
            pk=finding.pk,
            label=f"{finding.number}, {finding.get_severity_display().lower()}",
            detail=_due(finding.due_on) + (f" {finding.observation}" if finding.pk in readable else ""),
            taker=taker,
        )
        for finding in owed.order_by("due_on", "pk")
    )


def _due(day: datetime.date | None) -> str:
    return f"Tenggat {day:%d-%m-%Y}." if day else "Tanpa tenggat."


def _sheets(posting: Posting, user: User, today: datetime.date) -> tuple[HandoverLine, ...]:
    """Draft sheets that the office carries: the unit's own, or those of the auditor."""
    drafts = Checklist.objects.with_frame().filter(status=ChecklistStatus.DRAFT)
    if posting.role in {Role.OPERATOR, Role.COMMANDER}:
        drafts = drafts.filter(layer=Layer.SELF, unit=posting.unit)
    elif posting.role == Role.AUDITOR:
        drafts = drafts.filter(layer=Layer.TPI, unit__path__startswith=posting.unit.path, created_by=posting.user_id)
    else:
        return ()
    sheets = list(drafts)
    takers = _names(tuple(_others(posting, today).filter(role=posting.role))) if sheets else ""
    readable = set(
        Checklist.objects.visible_to(user).filter(pk__in=[s.pk for s in sheets]).values_list("pk", flat=True)
    )
    return tuple(
        HandoverLine(
            pk=sheet.pk,
            label=f"{sheet.instrument.name}, {sheet.unit}",
            detail=f"{sheet.get_layer_display()}, {sheet.period}, {sheet.get_status_display().lower()}",
            taker=takers,
            url=sheet.get_absolute_url() if sheet.pk in readable else "",
        )
        for sheet in sheets
    )


def _visits(posting: Posting, user: User) -> tuple[HandoverLine, ...]:
    """Unfinished visits below the unit whose team the person leads or belongs to."""
    if posting.role != Role.SUPERVISOR:
        return ()
    found = visits_of(posting).without_surprises(user).select_related("unit", "deputy", "team_leader")
    visits = list(found.order_by("starts_on", "pk"))
    readable = set(Visit.objects.visible_to(user).filter(pk__in=[v.pk for v in visits]).values_list("pk", flat=True))
    return tuple(
        HandoverLine(
            pk=visit.pk,
            label=f"Kunjungan {visit.unit}, {visit.starts_on:%d-%m-%Y}",
            detail=f"{visit.get_status_display()}, {visit.sprin_number}",
            taker=_taker(visit, posting),
            url=visit.get_absolute_url() if visit.pk in readable else "",
            can_choose=visit.team_leader_id == posting.user_id
            and visit.is_open
            and access.posting_to_change_team(user, visit) is not None,
        )
        for visit in visits
    )


def _taker(visit: Visit, posting: Posting) -> str:
    if visit.team_leader_id != posting.user_id:
        return f"Anggota tim; tugasnya dibagi ulang oleh {visit.team_leader}"
    return f"Wakil ketua: {visit.deputy}" if visit.deputy else "Belum ada penggantinya"
