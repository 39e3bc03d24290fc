"""Asking for documents: by whoever may see what they tell; the same content asked for twice is the same document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from supervisi.documents.content import Content
from supervisi.documents.reading import read_sheet_content, read_visit_content, visit_sheet
from supervisi.documents.words import roman_month
from supervisi.models import Checklist, Document, DocumentKind, DocumentStatus, Visit, VisitStatus
from wbbm.errors import DomainError, NotAllowed
from wbbm.jobs import services as jobs
from wbbm.organisasi.access import local_day
from wbbm.organisasi.models import Posting, Unit, User
from wbbm.organisasi.services.audit import record

JOB_KIND = "document"
_TRIES = 20
_LETTERS = {DocumentKind.MINUTES: "BA", DocumentKind.FINDINGS: "DT", DocumentKind.REPORT: "LH"}


@dataclass(frozen=True)
class Subject:
    """What a document tells of: a visit, or a sheet."""

    unit: Unit
    visit: Visit | None = None
    checklist: Checklist | None = None

    @property
    def key(self) -> str:
        """Return the stored name."""
        if self.checklist is not None:
            return f"sheet:{self.checklist.pk}"
        return f"visit:{self.visit.pk if self.visit else 0}"

    def read(self, kind: str) -> Content:
        """Read what the document shows at this moment."""
        if self.checklist is not None:
            return read_sheet_content(self.checklist)
        assert self.visit is not None  # one of the two is given
        return read_visit_content(kind, self.visit)


def why_not(kind: str, *, visit: Visit | None, checklist: Checklist | None) -> str:
    """Say why a document can't be made yet; empty when it can."""
    if kind == DocumentKind.REPORT:
        if checklist is None:
            return "Tersedia setelah hasilnya disampaikan."
        if checklist.is_sample:
            return "Lembar sampel tidak mempunyai nilai dan predikat, jadi tidak ada laporan hasilnya."
        return "Tersedia setelah lembar diserahkan." if checklist.is_draft else ""
    if visit is None or visit.status != VisitStatus.DONE:
        return "Tersedia setelah kunjungan selesai dan temuan disampaikan."
    return ""


# --- asking ------------------------------------------------------------------------------------------------


def request_document(
    *, kind: str, by: User, visit: Visit | None = None, checklist: Checklist | None = None
) -> Document:
    """Ask for a document about a visit (minutes, findings) or a sheet (report).

    What is at work, or ready with the same content, is returned as it is; a failed one is tried again.

    Raises:
        NotAllowed: the person does not see the visit or sheet.
        DomainError: unknown kind, visit not done, sheet not handed in.
    """
    subject = _subject(kind, by, visit, checklist)
    known = Document.objects.about(kind, subject.key)
    open_one = known.at_work().first()
    if open_one is not None:
        return open_one
    content = subject.read(kind)
    same = known.ready().filter(content_hash=content.digest()).first()
    if same is not None:
        return same
    posting = by.scope.posting_over(subject.unit, *by.scope.roles)
    with transaction.atomic():
        document = _retried(known.failed().first()) or _created(kind, subject, content, by, posting)
        record("document.requested", by=by, posting=posting, about=document, unit=subject.unit)
        jobs.request(JOB_KIND, str(document.pk))
    return document


def _subject(kind: str, by: User, visit: Visit | None, checklist: Checklist | None) -> Subject:
    if kind not in DocumentKind.values:
        raise DomainError("Pilih dokumen yang akan dibuat.")
    if kind == DocumentKind.REPORT:
        seen = checklist is not None and Checklist.objects.visible_to(by).filter(pk=checklist.pk).exists()
    else:
        seen = visit is not None and Visit.objects.visible_to(by).filter(pk=visit.pk).exists()
    if not seen:
        raise NotAllowed("Dokumen ini tidak dapat Anda minta.")
    reason = why_not(kind, visit=visit, checklist=checklist)
    if reason:
        raise DomainError(f"Dokumen belum dapat dibuat. {reason}")
    if kind == DocumentKind.REPORT:
        assert checklist is not None  # seen above
        return Subject(checklist.unit, checklist=checklist)
    assert visit is not None  # seen above
    return Subject(visit.unit, visit=visit)


def _retried(document: Document | None) -> Document | None:
    """Put a failed document back in line; None when there is none, or somebody else did."""
    if document is None:
        return None
    row = Document.objects.filter(pk=document.pk, status=DocumentStatus.FAILED)
    if not row.update(status=DocumentStatus.REQUESTED, progress=0, attempts=0, fault="", requested_at=timezone.now()):
        return None
    document.refresh_from_db()
    return document


def _created(kind: str, subject: Subject, content: Content, by: User, posting: Posting | None) -> Document:
    """Write the row under the next free number; whoever asks at the same moment gets the same row."""
    visit = subject.visit or (subject.checklist.visit if subject.checklist else None)
    checklist = subject.checklist or (visit_sheet(visit) if visit is not None else None)
    fields: dict[str, Any] = {
        "kind": kind,
        "unit": subject.unit,
        "visit": visit,
        "checklist": checklist,
        "subject": subject.key,
        "shown_status": content.shown_status,
        "shows_result": content.shows_result,
        "requested_by": by,
        "posting": posting,
    }
    day = local_day(subject.unit)
    letters, ending = _LETTERS[DocumentKind(kind)], f"/{day.year}/{subject.unit.code.removeprefix('polsek-').upper()}"
    count = Document.objects.filter(number__startswith=f"{letters}/", number__endswith=ending).count()
    for place in range(count + 1, count + 1 + _TRIES):
        number = f"{letters}/{place:03d}/{roman_month(day)}{ending}"
        try:
            with transaction.atomic():
                return Document.objects.create(number=number, **fields)
        except IntegrityError:
            twin = Document.objects.about(kind, subject.key).at_work().first()
            if twin is not None:
                return twin
    raise DomainError("Nomor dokumen sedang dipakai banyak orang. Coba lagi sebentar.")
