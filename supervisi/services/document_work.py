"""Making documents, in the worker: read, render, keep. What fails three times is told to people."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from supervisi.documents.content import Content
from supervisi.documents.render import Stamp, render_pdf, write_html
from supervisi.models import Checklist, Document, DocumentKind, DocumentStatus, Visit
from supervisi.models.documents import AT_WORK
from supervisi.pages.moments import long_moment
from supervisi.services import notices
from supervisi.services.documents import Subject
from wbbm.errors import DomainError
from wbbm.files.models import StoredFile
from wbbm.files.services import Received, discard, store
from wbbm.jobs import services as jobs
from wbbm.organisasi.access import local_day
from wbbm.organisasi.services.seals import latest_head

log = logging.getLogger(__name__)

FILE_KIND = "document"
MOST_ATTEMPTS = 3
_PROGRESS_SECONDS = 0.5


class Overtaken(Exception):
    """The sheet moved on while the document was being made; nothing of it is kept."""


def make_document(claim: jobs.Claim) -> None:
    """Do the job of a document: read, render, keep. What fails three times is told to people."""
    row = Document.objects.filter(pk=int(claim.key), status__in=AT_WORK)
    if not row.update(status=DocumentStatus.WORKING, attempts=F("attempts") + 1, progress=2):
        return
    document = Document.objects.select_related("unit", "requested_by").get(pk=int(claim.key))
    if document.attempts > MOST_ATTEMPTS:
        # Whatever it was, the worker itself included: nobody waits for ever.
        _fail(claim, document, f"Pembuatan gagal {MOST_ATTEMPTS} kali. Coba lagi; bila tetap gagal, hubungi admin.")
        return
    try:
        _make(claim, document)
    except DomainError as fault:
        _fail(claim, document, fault.message)
    except Overtaken:
        # What was set in a transaction that rolled back does not count.
        claim.is_complete = False
        log.info("document %s was overtaken", document.number)


def _make(claim: jobs.Claim, document: Document) -> None:
    progress = _reporter(document.pk)
    content = _subject_of(document).read(document.kind)
    progress(10)
    now = timezone.now()
    stamp = Stamp(document.number, local_day(document.unit, now), long_moment(now, document.unit), latest_head())
    html = write_html(content, stamp)
    progress(20)
    pdf = render_pdf(html, content, progress)
    progress(95)
    name = f"{document.get_kind_display()} {document.unit.name} {document.number.replace('/', '-')}.pdf"
    file = store(Received(pdf, "", name), kind=FILE_KIND, by=document.requested_by)
    file.original_sha256 = file.sha256
    try:
        _keep(claim, document, content, file)
    except (Overtaken, jobs.LeaseLost):
        discard(file)
        raise


def _keep(claim: jobs.Claim, document: Document, content: Content, file: StoredFile) -> None:
    with transaction.atomic():
        claim.complete()
        file.save(force_insert=True)
        row = Document.objects.filter(pk=document.pk, status=DocumentStatus.WORKING)
        if not row.update(
            status=DocumentStatus.READY,
            progress=100,
            file=file,
            content_hash=content.digest(),
            shown_status=content.shown_status,
            shows_result=content.shows_result,
            made_at=timezone.now(),
            fault="",
        ):
            raise Overtaken
        older = Document.objects.about(document.kind, document.subject).ready()
        older.exclude(pk=document.pk).update(status=DocumentStatus.SUPERSEDED, superseded_at=timezone.now())
        notices.tell_document(document, "siap diunduh")


def _subject_of(document: Document) -> Subject:
    """Read anew what the document tells of."""
    frame = Visit.objects.select_related("unit", "period", "team_leader", "deputy")
    if document.kind != DocumentKind.REPORT:
        visit = frame.get(documents=document)
        return Subject(visit.unit, visit=visit)
    sheets = Checklist.objects.with_frame().select_related("visit__team_leader", "submitted_by", "created_by")
    checklist = sheets.get(documents=document)
    if checklist.is_draft:
        raise Overtaken
    return Subject(checklist.unit, checklist=checklist)


def _reporter(pk: int) -> Callable[[int], None]:
    """Return what writes the progress down, twice a second at most.

    Raises:
        Overtaken: (the returned function) the document is no longer wanted.
    """
    last = 0.0

    def reach(percent: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _PROGRESS_SECONDS:
            return
        last = now
        if not Document.objects.filter(pk=pk, status=DocumentStatus.WORKING).update(progress=percent):
            raise Overtaken

    return reach


def _fail(claim: jobs.Claim, document: Document, message: str) -> None:
    with transaction.atomic():
        claim.complete()
        row = Document.objects.filter(pk=document.pk, status__in=AT_WORK)
        if row.update(status=DocumentStatus.FAILED, fault=message, progress=0):
            notices.tell_document(document, "gagal dibuat")
