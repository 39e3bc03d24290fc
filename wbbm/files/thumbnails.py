"""Small pictures of photos: made with the upload, let go after some time, made anew when somebody looks."""

from __future__ import annotations

import datetime
import io
import logging
from collections.abc import Iterator
from contextlib import suppress

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from .images import small_picture
from .models import StoredFile

log = logging.getLogger(__name__)

KEEP = datetime.timedelta(days=90)
_BATCH = 200


def open_thumbnail(path: str) -> File:
    """Open a small picture by its path; one that was let go is made anew from the photo.

    Raises:
        FileNotFoundError: the photo itself is gone, or nothing has this path.
    """
    try:
        return default_storage.open(path)
    except FileNotFoundError:
        file = StoredFile.objects.filter(thumbnail_path=path).exclude(path="").first()
        if file is None:
            raise
    with default_storage.open(file.path) as photo:
        data = small_picture(io.BytesIO(photo.read()))
    try:
        written = default_storage.save(path, ContentFile(data))
        if written != path:
            # Somebody else was faster.
            default_storage.delete(written)
    except OSError as fault:
        # A full storage: it is shown all the same, and made again the next time.
        log.warning("small picture not kept: %s", fault)
    return ContentFile(data)


def due(now: datetime.datetime) -> int:
    """Count the small pictures that are older than they are kept."""
    return sum(1 for _ in _old(now))


def purge(now: datetime.datetime) -> int:
    """Delete some of them; return how many."""
    gone = 0
    for path in _old(now):
        with suppress(FileNotFoundError):
            default_storage.delete(path)
            gone += 1
        if gone == _BATCH:
            break
    return gone


def _old(now: datetime.datetime) -> Iterator[str]:
    """Yield paths of small pictures of old photos that lie in the storage since before they are kept."""
    photos = StoredFile.objects.filter(created_at__lt=now - KEEP).exclude(thumbnail_path="").order_by("pk")
    for path in photos.values_list("thumbnail_path", flat=True).iterator(chunk_size=_BATCH):
        try:
            is_old = default_storage.get_modified_time(path) < now - KEEP
        except FileNotFoundError:
            continue
        if is_old:
            yield path
