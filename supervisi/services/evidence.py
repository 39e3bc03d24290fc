"""Evidence of answers: added and taken away while the sheet is a draft."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from supervisi.access import posting_to_write
from supervisi.models import Answer, AnswerEvidence, Evidence
from supervisi.services.checklists import LockedChecklist, hold_draft
from wbbm.errors import DomainError, NotAllowed
from wbbm.files.models import StoredFile
from wbbm.files.services import keep_upload
from wbbm.organisasi.models import User
from wbbm.organisasi.services.audit import record

FILE_KIND = "evidence"
_NUMBER_TRIES = 20


class UploadReused(DomainError):
    """The upload's UUID belongs to another upload."""

    status = 422
    code = "uuid-reused"


@dataclass(frozen=True)
class Attached:
    """What became of an upload: the link at the answer, and whether the file was known at the unit."""

    link: AnswerEvidence
    # Set when the same file is evidence already: its number is told to the person.
    duplicate_of: int | None


def attach_upload(
    *, answer: Answer, upload: UploadedFile, upload_uuid: uuid.UUID, by: User, title: str = ""
) -> Attached:
    """Keep an upload as evidence of the answer; the same UUID again changes nothing.

    A file that the unit has already is not kept twice: the answer is tied to the evidence that is there.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
        UploadReused: the UUID belongs to an upload at another answer or by another person.
        FileRefused: see wbbm.files.services.keep_upload.
    """
    checklist = answer.checklist
    if posting_to_write(by, checklist) is None:
        raise NotAllowed("Bukti hanya dapat ditambah oleh yang mengisi lembar ini.")
    known = _same_upload(upload_uuid, answer, by)
    if known is not None:
        return Attached(link=known, duplicate_of=None)
    if not checklist.is_draft:
        raise LockedChecklist(checklist)
    # Decoding takes seconds: it is done before the transaction that others wait for.
    file = keep_upload(upload=upload, kind=FILE_KIND, by=by, time_zone=checklist.unit.time_zone)
    try:
        with transaction.atomic():
            hold_draft(checklist)
            return _attach(answer, file, upload_uuid, by, title)
    except LockedChecklist:
        file.delete()
        raise
    except IntegrityError:
        file.delete()
        # The same upload came twice at once: the other one is the answer.
        known = _same_upload(upload_uuid, answer, by)
        if known is None:
            raise
        return Attached(link=known, duplicate_of=None)


def _same_upload(upload_uuid: uuid.UUID, answer: Answer, by: User) -> AnswerEvidence | None:
    link = AnswerEvidence.objects.filter(uuid=upload_uuid).select_related("evidence__file").first()
    if link is not None and (link.answer_id != answer.pk or link.added_by_id != by.pk):
        raise UploadReused("Nomor unggahan ini sudah dipakai. Pilih berkasnya sekali lagi.")
    return link


def _attach(answer: Answer, file: StoredFile, upload_uuid: uuid.UUID, by: User, title: str) -> Attached:
    unit = answer.checklist.unit
    twin = (
        Evidence.objects.filter(unit=unit, file__original_sha256=file.original_sha256)
        .select_related("file")
        .order_by("pk")
        .first()
    )
    if twin is not None:
        file.delete()
    evidence = twin or _create(unit_id=unit.pk, file=file, by=by, title=title)
    link, is_new = AnswerEvidence.objects.get_or_create(
        answer=answer, evidence=evidence, defaults={"uuid": upload_uuid, "added_by": by}
    )
    if is_new:
        record("evidence.attached", by=by, about=evidence, unit=unit, changes={"answer": [None, answer.pk]})
    return Attached(link=link, duplicate_of=twin.number if twin else None)


def _create(*, unit_id: int, file: StoredFile, by: User, title: str) -> Evidence:
    """Give the evidence the next number of its unit; two at once try again."""
    for attempt in range(_NUMBER_TRIES):
        last = Evidence.objects.filter(unit_id=unit_id).aggregate(last=Max("number"))["last"] or 0
        try:
            with transaction.atomic():
                return Evidence.objects.create(
                    unit_id=unit_id,
                    number=last + 1 + attempt,
                    file=file,
                    title=(title.strip() or file.name.rsplit(".", 1)[0])[:200],
                    added_by=by,
                )
        except IntegrityError:
            continue
    raise DomainError("Banyak bukti masuk bersamaan. Coba kirim lagi.")


def detach(*, link: AnswerEvidence, by: User) -> None:
    """Take evidence away from an answer; the file and the record of both acts stay.

    Raises:
        NotAllowed: the person may not write on the sheet.
        LockedChecklist: the sheet is no draft.
    """
    checklist = link.answer.checklist
    if posting_to_write(by, checklist) is None:
        raise NotAllowed("Bukti hanya dapat dilepas oleh yang mengisi lembar ini.")
    with transaction.atomic():
        hold_draft(checklist)
        record(
            "evidence.detached",
            by=by,
            about=link.evidence,
            unit=checklist.unit,
            changes={"answer": [link.answer_id, None]},
        )
        AnswerEvidence.objects.filter(pk=link.pk).delete()


def is_valid_on(evidence: Evidence, day: datetime.date | None = None) -> bool:
    """Tell whether the evidence holds on the day (today by default)."""
    day = day or timezone.localdate()
    starts, ends = evidence.valid_from, evidence.valid_until
    return (starts is None or starts <= day) and (ends is None or day <= ends)
