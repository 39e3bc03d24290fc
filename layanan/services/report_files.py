"""Photos of reports: known by their content, encoded anew so that nothing but the picture is left."""

from __future__ import annotations

import io
from collections.abc import Iterable

from django.core.files.uploadedfile import UploadedFile

from wbbm.files.errors import FileRefused, FileTooLarge
from wbbm.files.images import reencode
from wbbm.files.limits import MAX_BYTES
from wbbm.files.recognise import HEIC, JPEG, PNG, recognise
from wbbm.files.uploads import received_size

MOST_FILES = 3
_PICTURES = {JPEG, PNG, HEIC}
_NO_PDF = (
    "PDF tidak diterima di sini: nama pembuat dan perangkat yang tersembunyi di dalamnya tidak dapat kami hapus dengan "
    "pasti. Foto layarnya atau ambil tangkapan layar, lalu kirim sebagai foto."
)
_NO_OTHER = "Yang diterima hanya foto (JPEG, PNG, HEIC). Foto layarnya atau ambil tangkapan layar, lalu kirim."


def cleaned_photos(uploads: Iterable[UploadedFile]) -> list[bytes]:
    """Return the photos as they are kept; nothing is stored yet.

    Raises:
        FileRefused: no photo, too many, too large or broken; says what to do.
    """
    chosen = list(uploads)
    if len(chosen) > MOST_FILES:
        raise FileRefused(f"Paling banyak {MOST_FILES} foto sekali kirim. Yang lain dapat ditambahkan dengan kode.")
    return [_cleaned(upload) for upload in chosen]


def _cleaned(upload: UploadedFile) -> bytes:
    if received_size(upload) > MAX_BYTES:
        raise FileTooLarge("Foto ini lebih besar dari 10 MB. Perkecil dulu, atau kirim tangkapan layarnya.")
    data = upload.read()
    if data.startswith(b"%PDF"):
        raise FileRefused(_NO_PDF)
    content_type = _type_of(data)
    if content_type not in _PICTURES:
        raise FileRefused(_NO_OTHER)
    return reencode(io.BytesIO(data), content_type).data


def _type_of(data: bytes) -> str:
    try:
        return recognise(io.BytesIO(data))
    except FileRefused:
        # Its words would offer the types of evidence.
        return ""
