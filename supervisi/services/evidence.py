"""Evidence of answers: added and taken away while the sheet is a draft."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Case, When
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.models import Answer, AnswerEvidence, Checklist, Evidence, Layer
from supervisi.services.checklists import LockedChecklist, hold_draft
from supervisi.services.vault import FILE_KIND, Facts, create_numbered, tie
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.files.services import Received, discard, receive, store
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.services.audit import record


class UploadReused(DomainError):
    """The upload's UUID belongs to another upload."""

    status = 422
    code = "uuid-reused"


class OutdatedFile(DomainError):
    """The file is an older revision of a document: its newest one is what proves something."""

    code = "outdated"


@dataclass(frozen=True)
class Attached:
    """What became of an upload: the link at the answer, and whether the file was known already."""

    link: AnswerEvidence
    # Set when the same file is evidence already: its number is told to the person.
    duplicate_of: int | None


def attach_upload(
    *, answer: Answer, upload: UploadedFile, upload_uuid: uuid.UUID, by: User, camera_time: str = ""
) -> Attached:
    """Keep an upload as evidence of the answer; the same UUID again changes nothing.

    A file that the person sees at the unit already, or that a unit above shares, is not kept twice: the answer is tied
    to the evidence that is there, and another revision of it makes way.
    What he doesn't see is never told by that.

    Args:
        answer: what the file proves.
        upload: the file as it came.
        upload_uuid: made on the device, so that a repeat is recognised.
        by: who sends it.
        camera_time: see wbbm.files.services.store.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        UploadReused: the UUID belongs to another file, answer or person.
        OutdatedFile: there is a newer revision of it.
        FileRefused: see wbbm.files.services.
    """
    checklist = answer.checklist
    posting = posting_to_write(by, checklist)
    if posting is None:
        raise NotAllowed("Bukti hanya dapat ditambah oleh yang mengisi lembar ini.")
    received = receive(upload)
    known = _same_upload(upload_uuid, answer, by, received)
    if known is not None:
        return Attached(link=known, duplicate_of=None)
    if not checklist.is_draft:
        raise LockedChecklist(checklist)
    # Decoding and writing take seconds: both are done before the transaction that others wait for.
    source = _twin(checklist, received.sha256, by) or store(
        received, kind=FILE_KIND, by=by, time_zone=checklist.unit.time_zone, camera_time=camera_time
    )
    try:
        attached = _attach(answer, source, upload_uuid, by, posting)
    except (DomainError, IntegrityError) as fault:
        # Rolled back for certain; after any other fault the bytes stay, lest a row should be without them.
        _discard_unused(source)
        # The same upload came twice at once: the other one is the answer.
        known = _same_upload(upload_uuid, answer, by, received) if isinstance(fault, IntegrityError) else None
        if known is None:
            raise
        return Attached(link=known, duplicate_of=None)
    if attached.duplicate_of is not None:
        _discard_unused(source)
    return attached


def _discard_unused(source: Evidence | StoredFile) -> None:
    if isinstance(source, StoredFile):
        discard(source)


def _same_upload(upload_uuid: uuid.UUID, answer: Answer, by: User, received: Received) -> AnswerEvidence | None:
    """Return the link that this very upload made; it may have been taken away since."""
    link = AnswerEvidence.objects.filter(uuid=upload_uuid).select_related("evidence__file").first()
    if link is None:
        return None
    file = link.evidence.file
    is_same = received.sha256 in {file.original_sha256, file.sha256}
    if not is_same or link.answer_id != answer.pk or link.added_by_id != by.pk:
        raise UploadReused("Nomor unggahan ini sudah dipakai. Pilih berkasnya sekali lagi.")
    return link


def _twin(checklist: Checklist, sha256: str, by: User) -> Evidence | None:
    """Return the evidence that was the same file when it came, or is what came now: the unit's, or shared with it.

    A document whose newest revision it is comes first, then the unit's own.
    What a team brought doesn't become the unit's by that: the unit keeps its own.
    """
    seen = Evidence.objects.visible_to(by).usable_on(checklist).same_file(sha256)
    own_first = Case(When(unit=checklist.unit_id, then=0), default=1)
    return seen.select_related("file", "unit").order_by("-is_current", own_first, "pk").first()


@transaction.atomic
def _attach(
    answer: Answer, source: Evidence | StoredFile, upload_uuid: uuid.UUID, by: User, posting: Posting
) -> Attached:
    checklist = answer.checklist
    hold_draft(checklist)
    evidence = _create(checklist, source, by, posting) if isinstance(source, StoredFile) else source
    _require_newest(evidence, checklist)
    link = tie(answer, evidence, upload_uuid, by, posting)
    return Attached(link=link, duplicate_of=None if evidence.file is source else evidence.number)


def _require_newest(evidence: Evidence, checklist: Checklist) -> None:
    if evidence.is_current:
        return
    newest = Evidence.objects.same_document(evidence).current().values_list("revision", flat=True).first()
    number = evidence.number_at(checklist.unit_id)
    raise OutdatedFile(
        f"Berkas ini revisi lama ({evidence.revision}) dari bukti nomor {number}. "
        f"Ketuk Pilih dari bukti yang ada, lalu pasang revisi {newest}."
    )


def _create(checklist: Checklist, file: StoredFile, by: User, posting: Posting) -> Evidence:
    """Give the file the next number of its unit; the same file twice at once is one."""
    return create_numbered(
        unit=checklist.unit,
        file=file,
        facts=Facts(title=file.name.rsplit(".", 1)[0]),
        by=by,
        posting=posting,
        is_own=checklist.layer == Layer.SELF,
        twin=lambda: _twin(checklist, file.original_sha256, by),
    )


def detach(*, link: AnswerEvidence, by: User) -> None:
    """Take evidence away from an answer; the file and the record of both acts stay.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        InvalidTransition: it was taken away already.
    """
    checklist = link.answer.checklist
    posting = posting_to_write(by, checklist)
    if posting is None:
        raise NotAllowed("Bukti hanya dapat dilepas oleh yang mengisi lembar ini.")
    with transaction.atomic():
        hold_draft(checklist)
        row = AnswerEvidence.objects.attached().filter(pk=link.pk)
        if not row.update(detached_at=timezone.now(), detached_by=by, detached_posting=posting):
            raise InvalidTransition("Bukti ini sudah dilepas dari butirnya.")
        changes = {"answer": [link.answer_id, None], "sha256": [link.evidence.file.sha256, None]}
        record("evidence.detached", by=by, posting=posting, about=link.evidence, unit=checklist.unit, changes=changes)
