"""Uploads that come with an act: written before the transaction that refers to them, thrown away when it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.files.uploadedfile import UploadedFile

from wbbm.errors import DomainError
from wbbm.organisasi.models import Unit, User

from .models import StoredFile
from .services import discard, receive, store

MOST_FILES = 10


@contextmanager
def kept_uploads(uploads: Sequence[UploadedFile], *, unit: Unit, by: User, kind: str) -> Iterator[list[StoredFile]]:
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
