"""Documents that no longer tell the state of their sheet."""

from __future__ import annotations

from django.utils import timezone

from supervisi.models import Checklist, ChecklistStatus, Document, DocumentKind, DocumentStatus


def supersede_documents(checklist: Checklist, status: str) -> int:
    """Mark what the sheet's step has made old, within the step's transaction; return how many.

    A report tells the state itself; minutes and findings last until the sheet is a draft again.
    """
    rows = Document.objects.of_sheet(checklist).current()
    if status != ChecklistStatus.DRAFT:
        rows = rows.filter(kind=DocumentKind.REPORT)
    return rows.update(status=DocumentStatus.SUPERSEDED, superseded_at=timezone.now())
