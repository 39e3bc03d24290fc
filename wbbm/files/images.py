"""Photos as they are kept: shrunk, turned upright, encoded anew without EXIF, place or hidden data."""

from __future__ import annotations

import datetime
import io
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import FileRefused
from .limits import MAX_EDGE, MAX_PIXELS, THUMBNAIL_EDGE
from .recognise import HEIC, JPEG, PNG

# The limit is checked on the header here, with a message that a person understands.
Image.MAX_IMAGE_PIXELS = None
# A decoded photo takes hundreds of megabytes: one at a time in each process.
_one_decode = threading.Lock()

_BROKEN = "Foto ini tidak utuh atau rusak. Ambil ulang fotonya, atau pilih berkas lain."
_NO_HEIC = (
    "Foto HEIC belum dapat dibaca di sini. Di iPhone buka Pengaturan, Kamera, Format, pilih Paling Kompatibel; "
    "atau kirim tangkapan layarnya sebagai JPEG."
)
_EXIF_DATE_ORIGINAL = 0x9003
_EXIF_IFD = 0x8769
_EXIF_DATE = 0x0132


@dataclass(frozen=True)
class Picture:
    """A photo ready to be kept: bytes of the picture and of its thumbnail (JPEG), size in pixels."""

    content_type: str
    data: bytes
    thumbnail: bytes
    width: int
    height: int
    # The camera's own clock, in no zone: a claim.
    taken_at: datetime.datetime | None


def can_read_heic() -> bool:
    """Tell whether pillow-heif is installed here."""
    return find_spec("pillow_heif") is not None


def reencode(file: BinaryIO, content_type: str) -> Picture:
    """Decode the photo once and encode it anew.

    Raises:
        FileRefused: more than 100 megapixels by its header, broken, or HEIC where it can't be read.
    """
    if content_type == HEIC:
        _prepare_heic()
    try:
        with _one_decode, Image.open(file, formats=_formats(content_type)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise FileRefused(
                    f"Foto {image.width} x {image.height} terlalu besar. Batasnya 100 megapiksel; perkecil dulu."
                )
            taken_at = _taken_at(image)
            # A JPEG decoder halves the size while reading: 50 megapixels then need a few megabytes only.
            image.draft("RGB", (MAX_EDGE, MAX_EDGE))
            # Shrunk before it is turned: the transposed copy of the whole would double the memory.
            image.thumbnail((MAX_EDGE, MAX_EDGE))
            upright = ImageOps.exif_transpose(image)
            return _encode(upright, PNG if content_type == PNG else JPEG, taken_at)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, MemoryError) as fault:
        raise FileRefused(_BROKEN) from fault


def _formats(content_type: str) -> list[str]:
    return {JPEG: ["JPEG", "MPO"], PNG: ["PNG"], HEIC: ["HEIF"]}[content_type]


def _prepare_heic() -> None:
    if not can_read_heic():
        raise FileRefused(_NO_HEIC)
    import pillow_heif  # optional package: only where it is installed

    pillow_heif.register_heif_opener()


def _encode(image: Image.Image, content_type: str, taken_at: datetime.datetime | None) -> Picture:
    plain = _flat(image)
    kept = image.convert("RGBA") if content_type == PNG and _has_alpha(image) else plain
    small = plain.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return Picture(
        content_type=content_type,
        data=_bytes(kept, content_type),
        thumbnail=_bytes(small, JPEG),
        width=kept.width,
        height=kept.height,
        taken_at=taken_at,
    )


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info


def _flat(image: Image.Image) -> Image.Image:
    """Return the picture as RGB on white, in a fresh image that carries no metadata."""
    if _has_alpha(image):
        layer = image.convert("RGBA")
        flat = Image.new("RGB", layer.size, "white")
        flat.paste(layer, mask=layer.getchannel("A"))
        return flat
    flat = Image.new("RGB", image.size)
    flat.paste(image.convert("RGB"))
    return flat


def _bytes(image: Image.Image, content_type: str) -> bytes:
    image.info.clear()
    buffer = io.BytesIO()
    if content_type == PNG:
        image.save(buffer, "PNG", optimize=True)
    else:
        image.save(buffer, "JPEG", quality=82, optimize=True, progressive=True)
    return buffer.getvalue()


def _taken_at(image: Image.Image) -> datetime.datetime | None:
    exif = image.getexif()
    written = exif.get_ifd(_EXIF_IFD).get(_EXIF_DATE_ORIGINAL) or exif.get(_EXIF_DATE)
    try:
        return datetime.datetime.strptime(str(written).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
