"""Findings of visits that were cancelled before cancelling handed them over: given to their units once."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from supervisi.models import Visit, VisitStatus
from supervisi.services.findings import hand_over
from wbbm.jobs.services import Claim
from wbbm.organisasi.models import AuditEvent

# Wanted by migration 0026 alone.
LATE = "hand-over-cancelled"
WORDS = "Disampaikan portal sesudah kunjungannya dibatalkan."


def hand_over_late(claim: Claim) -> None:
    """Hand over what a cancelled visit left, in the name of who cancelled it; due days run from now."""
    visit = Visit.objects.filter(pk=int(claim.key), status=VisitStatus.CANCELLED).select_related("unit").first()
    with transaction.atomic():
        claim.complete()
        if visit is None:
            return
        acts = AuditEvent.objects.about(visit).filter(action="visit.cancelled", actor__isnull=False)
        act = acts.select_related("actor", "posting").first()
        by = act.actor if act is not None and act.actor is not None else visit.planned_by
        posting = act.posting if act is not None else None
        hand_over(visit, by=by, posting=posting, now=timezone.now(), words=WORDS)
