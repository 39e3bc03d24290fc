"""Findings at the items of a sheet: those of this sheet, and what is known of the unit from before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef
from django.urls import reverse

from supervisi.models import Checklist, Finding, FindingAct, FindingEvent, FindingStatus, Layer, Severity
from wbbm.organisasi.models import User


@dataclass(frozen=True)
class KnownFinding:
    """A finding at the item of a card."""

    pk: int
    number: str
    observation: str
    state: str
    is_closed: bool
    is_severe: bool
    is_of_sheet: bool
    # Tested again on this visit, and still mended.
    is_still_good: bool

    @property
    def url(self) -> str:
        """Address of its page with the whole history."""
        return reverse("supervisi:finding-detail", args=[self.pk])

    @property
    def asks_retest(self) -> bool:
        """Tell whether it was closed and is to be tested again on this visit."""
        return self.is_closed and not self.is_still_good


def read_item_findings(checklist: Checklist, codes: Iterable[str], viewer: User) -> dict[str, list[KnownFinding]]:
    """Read the findings in sight at the items of the unit, by item code (one query); none on the unit's own sheet."""
    if checklist.layer == Layer.SELF:
        return {}
    tested = FindingEvent.objects.filter(
        finding=OuterRef("pk"), kind=FindingAct.STILL_GOOD, visit__isnull=False, visit=checklist.visit_id
    )
    rows = (
        Finding.objects.visible_to(viewer)
        .filter(unit=checklist.unit_id, item__instrument=checklist.instrument_id, item__code__in=list(codes))
        .annotate(is_still_good=Exists(tested))
        .order_by("-pk")
        .values_list("item__code", "pk", "number", "observation", "status", "severity", "checklist_id", "is_still_good")
    )
    found: dict[str, list[KnownFinding]] = {}
    for code, pk, number, observation, status, severity, sheet, is_still_good in rows:
        known = KnownFinding(
            pk=pk,
            number=number,
            observation=observation,
            state=str(FindingStatus(status).label),
            is_closed=status == FindingStatus.CLOSED,
            is_severe=severity == Severity.SEVERE,
            is_of_sheet=sheet == checklist.pk,
            is_still_good=is_still_good,
        )
        found.setdefault(code, []).append(known)
    return found
