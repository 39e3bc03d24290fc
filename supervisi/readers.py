"""Who may read files of evidence, of findings and of replies, and documents."""

from __future__ import annotations

from supervisi.models import Document, Evidence, FindingFile, ReplyFile
from supervisi.services import document_work, evidence, finding_files, reply_steps
from wbbm.files.access import register_reader
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import User


def may_read_evidence(user: User, file: StoredFile) -> bool:
    """Tell whether the file proves an answer of a sheet in the person's sight."""
    return Evidence.objects.visible_to(user).filter(file=file).exists()


def may_read_finding_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file came with an act on a finding that the person sees."""
    return FindingFile.objects.visible_to(user).filter(file=file).exists()


def may_read_document(user: User, file: StoredFile) -> bool:
    """Tell whether the file is a document that the person sees."""
    return Document.objects.visible_to(user).filter(file=file).exists()


def may_read_reply_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file came with a reply on a sheet in the person's sight."""
    return ReplyFile.objects.visible_to(user).filter(file=file).exists()


def register() -> None:
    """Register with the file store."""
    register_reader(evidence.FILE_KIND, may_read_evidence)
    register_reader(finding_files.FILE_KIND, may_read_finding_file)
    register_reader(document_work.FILE_KIND, may_read_document)
    register_reader(reply_steps.FILE_KIND, may_read_reply_file)
