"""Photos and documents of findings: kept with the act that they came with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from django.core.files.uploadedfile import UploadedFile

from supervisi.models import FindingEvent, FindingFile
from wbbm.files import keeping
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import Unit, User

FILE_KIND = "finding"


def kept_uploads(
    uploads: Sequence[UploadedFile], *, unit: Unit, by: User, kind: str = FILE_KIND
) -> AbstractContextManager[list[StoredFile]]:
    """Keep uploads as wbbm.files.keeping does; those of findings unless said otherwise."""
    return keeping.kept_uploads(uploads, unit=unit, by=by, kind=kind)


def attach_files(event: FindingEvent, files: list[StoredFile]) -> None:
    """Save the rows of files that came with an event, in the caller's transaction."""
    for file in files:
        file.save(force_insert=True)
        FindingFile.objects.create(event=event, file=file)
