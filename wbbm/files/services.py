"""Keeping of uploads: examined, re-encoded, stored by the hash of what is kept."""

from __future__ import annotations

import datetime
import hashlib
import io
import re
import unicodedata
import zoneinfo
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from wbbm.organisasi.models import User

from .errors import FileTooLarge
from .images import Picture, reencode
from .limits import MAX_BYTES, MAX_NAME
from .models import StoredFile
from .recognise import EXTENSIONS, HEIC, JPEG, PNG, recognise


def keep_upload(*, upload: UploadedFile, kind: str, by: User, time_zone: str = "") -> StoredFile:
    """Examine an upload and keep it.

    Args:
        upload: the file as it came.
        kind: decides who may read it (access.register_reader).
        by: who sends it.
        time_zone: zone in which the camera's clock is read.

    Raises:
        FileRefused: wrong type, broken, too many pixels, a bomb; nothing is kept.
        FileTooLarge: more than 10 MB.
    """
    size = upload.size or 0
    if size > MAX_BYTES:
        megabytes = -(-size // (1024 * 1024))
        raise FileTooLarge(f"Berkas {megabytes} MB terlalu besar. Batasnya 10 MB.")
    received = upload.read(MAX_BYTES + 1)
    if len(received) > MAX_BYTES:
        raise FileTooLarge("Berkas ini terlalu besar. Batasnya 10 MB.")
    content_type = recognise(io.BytesIO(received))
    picture = reencode(io.BytesIO(received), content_type) if content_type in {JPEG, PNG, HEIC} else None
    data = picture.data if picture else received
    kept_type = picture.content_type if picture else content_type
    digest = hashlib.sha256(data).hexdigest()
    return StoredFile.objects.create(
        kind=kind,
        name=safe_name(upload.name or "", kept_type),
        content_type=kept_type,
        size=len(data),
        sha256=digest,
        original_sha256=hashlib.sha256(received).hexdigest(),
        path=_store(digest, EXTENSIONS[kept_type], data),
        thumbnail_path=_store(digest, "kecil.jpg", picture.thumbnail) if picture else "",
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        taken_at=_claimed_moment(picture, time_zone),
        created_by=by,
    )


def safe_name(name: str, content_type: str) -> str:
    """Return a name to show and to download by: no path, no control or direction marks, the true ending."""
    last = PurePosixPath(name.replace("\\", "/")).name
    visible = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    stem = re.sub(r"\s+", " ", visible.rsplit(".", 1)[0] if "." in visible else visible).strip(" .")
    ending = EXTENSIONS[content_type]
    return f"{stem[: MAX_NAME - len(ending) - 1] or 'berkas'}.{ending}"


def _store(digest: str, ending: str, data: bytes) -> str:
    """Write the bytes under their hash, once; return the path."""
    path = f"{digest[:2]}/{digest[2:4]}/{digest}.{ending}"
    return path if default_storage.exists(path) else default_storage.save(path, ContentFile(data))


def _claimed_moment(picture: Picture | None, time_zone: str) -> datetime.datetime | None:
    if picture is None or picture.taken_at is None:
        return None
    zone = zoneinfo.ZoneInfo(time_zone) if time_zone else timezone.get_default_timezone()
    return picture.taken_at.replace(tzinfo=zone)
