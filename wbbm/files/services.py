"""Keeping of uploads: examined, re-encoded, stored with the hash of what came and of what is kept."""

from __future__ import annotations

import datetime
import hashlib
import io
import logging
import re
import secrets
import unicodedata
import zoneinfo
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from wbbm.organisasi.models import User

from .errors import FileTooLarge, StorageFailed
from .images import camera_moment, reencode
from .limits import MAX_BYTES, MAX_NAME
from .models import StoredFile
from .recognise import EXTENSIONS, HEIC, JPEG, PNG, recognise
from .uploads import received_size

logger = logging.getLogger(__name__)
_IMAGES = {JPEG, PNG, HEIC}


@dataclass(frozen=True)
class Received:
    """An upload as it came: its bytes, their SHA-256 and the name that the sender gave it."""

    data: bytes
    sha256: str
    name: str


def receive(upload: UploadedFile) -> Received:
    """Read an upload; nothing is examined or kept yet.

    Raises:
        FileTooLarge: more than 10 MB.
    """
    size = received_size(upload)
    if size > MAX_BYTES:
        raise FileTooLarge(f"Berkas {-(-size // (1024 * 1024))} MB terlalu besar. Batasnya 10 MB.")
    data = upload.read()
    return Received(data=data, sha256=hashlib.sha256(data).hexdigest(), name=upload.name or "")


def store(received: Received, *, kind: str, by: User, time_zone: str = "", camera_time: str = "") -> StoredFile:
    """Examine what came, write what is kept, and return its row, not saved yet.

    The caller saves the row in the transaction of what refers to it, and calls `discard` when that is rolled back.

    Args:
        received: what came.
        kind: decides who may read it (access.register_reader).
        by: who sends it.
        time_zone: zone in which the camera's clock is read.
        camera_time: the camera's clock as the sender tells it, for a photo that lost it when it was shrunk.

    Raises:
        FileRefused: wrong type, broken, too many pixels, a bomb; nothing is kept.
        StorageFailed: the storage is full or gone; nothing is kept.
    """
    content_type = recognise(io.BytesIO(received.data))
    picture = reencode(io.BytesIO(received.data), content_type) if content_type in _IMAGES else None
    data = picture.data if picture else received.data
    file = StoredFile(
        kind=kind,
        name=safe_name(received.name, picture.content_type if picture else content_type),
        content_type=picture.content_type if picture else content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        original_sha256=received.sha256,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        taken_at=_in_zone(picture.taken_at or camera_moment(camera_time), time_zone) if picture else None,
        created_by=by,
    )
    # A path of its own for every upload: what is half written or thrown away is never what another row refers to.
    place = f"{file.sha256[:2]}/{file.sha256}.{secrets.token_hex(8)}"
    file.path = f"{place}.{EXTENSIONS[file.content_type]}"
    file.thumbnail_path = f"{place}.kecil.jpg" if picture else ""
    _write(file, data, picture.thumbnail if picture else b"")
    return file


def discard(file: StoredFile) -> None:
    """Remove the bytes of a row that was not saved; what can't be removed is left lying, reachable by nobody."""
    for path in filter(None, [file.path, file.thumbnail_path]):
        try:
            default_storage.delete(path)
        except OSError:
            logger.warning("Berkas tanpa pemilik tertinggal di penyimpanan: %s", path)


def safe_name(name: str, content_type: str) -> str:
    """Return a name to show and to download by: no path, no control or direction marks, the true ending."""
    last = plain_name(name)
    stem = (last.rsplit(".", 1)[0] if "." in last else last).strip(" .")
    ending = EXTENSIONS[content_type]
    return f"{stem[: MAX_NAME - len(ending) - 1].strip(' .') or 'berkas'}.{ending}"


def plain_name(name: str) -> str:
    """Return a sender's name of a file as it may be shown: one line, no path, no control or direction marks."""
    last = PurePosixPath(name.replace("\\", "/")).name
    visible = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C")
    return re.sub(r"\s+", " ", visible).strip()


def _write(file: StoredFile, data: bytes, thumbnail: bytes) -> None:
    try:
        file.path = default_storage.save(file.path, ContentFile(data))
        if thumbnail:
            file.thumbnail_path = default_storage.save(file.thumbnail_path, ContentFile(thumbnail))
    except OSError as fault:
        logger.error("Penyimpanan menolak berkas: %s", fault)
        discard(file)
        raise StorageFailed(
            "Penyimpanan server penuh atau terputus; berkas ini belum tersimpan. Coba lagi nanti."
        ) from fault


def _in_zone(moment: datetime.datetime | None, time_zone: str) -> datetime.datetime | None:
    if moment is None:
        return None
    zone = zoneinfo.ZoneInfo(time_zone) if time_zone else timezone.get_default_timezone()
    return moment.replace(tzinfo=zone)
