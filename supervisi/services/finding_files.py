"""Photos and documents of findings: kept with the act that they came with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.files.uploadedfile import UploadedFile

from supervisi.models import FindingEvent, FindingFile
from wbbm.errors import DomainError
from wbbm.files.models import StoredFile
from wbbm.files.services import discard, receive, store
from wbbm.organisasi.models import Unit, User

FILE_KIND = "finding"
MOST_FILES = 10


@contextmanager
def kept_uploads(
    uploads: Sequence[UploadedFile], *, unit: Unit, by: User, kind: str = FILE_KIND
) -> Iterator[list[StoredFile]]:
    """Examine and write uploads before the transaction that refers to them; thrown away when that is refused.

    The same file twice in one act is kept once.

    Raises:
        DomainError: too many files.
        FileRefused: see wbbm.files.services.
    """
    if len(uploads) > MOST_FILES:
        raise DomainError(f"Paling banyak {MOST_FILES} berkas sekali kirim. Kirim sisanya sesudah ini.")
    files: list[StoredFile] = []
    try:
        for received in {got.sha256: got for got in map(receive, uploads)}.values():
            files.append(store(received, kind=kind, by=by, time_zone=unit.time_zone))
        yield files
    except DomainError:
        # Rolled back for certain; after any other fault the bytes stay, lest a row should be without them.
        for file in files:
            discard(file)
        raise


def attach_files(event: FindingEvent, files: list[StoredFile]) -> None:
    """Save the rows of files that came with an event, in the caller's transaction."""
    for file in files:
        file.save(force_insert=True)
        FindingFile.objects.create(event=event, file=file)
