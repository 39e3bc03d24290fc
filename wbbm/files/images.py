"""Photos as they are kept: shrunk, turned upright, encoded anew without EXIF, place or hidden data."""

from __future__ import annotations

import datetime
import io
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from .errors import FileRefused
from .limits import MAX_EDGE, MAX_PIXELS, MAX_SIDE, PHOTO_BYTES, THUMBNAIL_EDGE
from .recognise import HEIC, JPEG, PNG

# The limit is checked on the header here, with a message that a person understands.
Image.MAX_IMAGE_PIXELS = None
# A decoded photo takes hundreds of megabytes: one at a time in each process.
_one_decode = threading.Lock()

_BROKEN = "Foto ini tidak utuh atau rusak. Ambil ulang fotonya, atau pilih berkas lain."
_NO_HEIC = (
    "Foto HEIC belum dapat dibaca di sini; di iPhone buka Pengaturan, Kamera, Format, pilih Paling Kompatibel, "
    "lalu ambil dan kirim ulang fotonya sebagai JPEG."
)
# What Pillow's decoders raise on bytes that lie about themselves.
_FAULTS = (
    UnidentifiedImageError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    MemoryError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
_FORMATS = {JPEG: ["JPEG"], PNG: ["PNG"], HEIC: ["HEIF"]}
_QUALITIES = (82, 70, 58)
# Rows of the reduced picture that are made at a time; fewer of a long one, so that no strip holds more pixels.
_STRIP, _STRIP_PIXELS = 64, 4_000_000

_EXIF_IFD = 0x8769
_EXIF_DATE_ORIGINAL = 0x9003
_EXIF_DATE = 0x0132
_EXIF_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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


def reencode(file: BinaryIO, content_type: str) -> Picture:
    """Decode the photo once and encode it anew.

    Raises:
        FileRefused: more than 100 megapixels by its header, broken, or HEIC where it can't be read.
    """
    if content_type == HEIC:
        _prepare_heic()
    try:
        with _one_decode:
            # WeasyPrint lets the whole process read half a picture; what is kept as evidence is whole.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            with Image.open(file, formats=_FORMATS[content_type]) as image:
                return _kept(image, content_type)
    except _FAULTS as fault:
        raise FileRefused(_BROKEN) from fault


def _kept(image: Image.Image, content_type: str) -> Picture:
    if image.width * image.height > MAX_PIXELS:
        raise FileRefused(f"Foto {image.width} x {image.height} terlalu besar. Batasnya 100 megapiksel; perkecil dulu.")
    if max(image.size) > MAX_SIDE:
        raise FileRefused(f"Foto {image.width} x {image.height} terlalu panjang. Potong menjadi beberapa foto dulu.")
    taken_at, turn = _told_by_camera(image)
    small = _shrunk(image)
    return _encode(small.transpose(turn) if turn is not None else small, content_type, taken_at)


def small_picture(file: BinaryIO) -> bytes:
    """Make the thumbnail (JPEG) of a photo that is kept already."""
    with _one_decode, Image.open(file, formats=["JPEG", "PNG"]) as image:
        return _thumbnail(_flat(image))


def camera_moment(text: str) -> datetime.datetime | None:
    """Read what a camera wrote as `YYYY:MM:DD hh:mm:ss`; nonsense gives None."""
    try:
        moment = datetime.datetime.strptime(text.strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return moment if 1990 <= moment.year <= 2100 else None


def _told_by_camera(image: Image.Image) -> tuple[datetime.datetime | None, Image.Transpose | None]:
    """Return the camera's clock and how the picture must be turned; broken notes cost a good picture nothing."""
    try:
        exif = image.getexif()
        written = exif.get_ifd(_EXIF_IFD).get(_EXIF_DATE_ORIGINAL) or exif.get(_EXIF_DATE)
        turn = exif.get(_EXIF_ORIENTATION)
    except (SyntaxError, OSError, ValueError, EOFError, struct.error):
        return None, None
    return camera_moment(str(written)), _TURNS.get(turn) if isinstance(turn, int) else None


def _prepare_heic() -> None:
    try:
        import pillow_heif  # optional package: only where it is installed
    except ImportError as fault:
        raise FileRefused(_NO_HEIC) from fault
    pillow_heif.register_heif_opener()


def _shrunk(image: Image.Image) -> Image.Image:
    """Return the picture as RGB on white with no edge above the limit.

    A JPEG decoder halves the size while reading, so that 50 megapixels need a few megabytes only. What is left is
    reduced in strips: a second copy of the whole in another mode would double the memory.
    """
    scale = MAX_EDGE / max(image.size)
    if scale < 1:
        image.draft("RGB", (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    factor = max(1, max(image.size) // MAX_EDGE)
    reduced = Image.new("RGB", (-(-image.width // factor), -(-image.height // factor)))
    rows = max(1, min(_STRIP, _STRIP_PIXELS // (factor * image.width)))
    for row in range(0, reduced.height, rows):
        box = (0, row * factor, image.width, min(image.height, (row + rows) * factor))
        strip = _flat(image.crop(box))
        reduced.paste(strip.reduce(factor) if factor > 1 else strip, (0, row))
    reduced.thumbnail((MAX_EDGE, MAX_EDGE))
    return reduced


def _flat(image: Image.Image) -> Image.Image:
    """Return the picture as RGB; what is transparent becomes white."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        flat = Image.new("RGB", layer.size, "white")
        flat.paste(layer, mask=layer.getchannel("A"))
        return flat
    if image.mode.startswith("I"):
        # Greys of 16 bits: without this all but the darkest would be white.
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    return image.convert("RGB")


def _encode(image: Image.Image, content_type: str, taken_at: datetime.datetime | None) -> Picture:
    """Encode drawings as PNG and photos as JPEG of about the size that photos may take."""
    kept_type, data = JPEG, b""
    if content_type == PNG:
        kept_type, data = PNG, _bytes(image, "PNG")
    if not data or len(data) > PHOTO_BYTES:
        kept_type = JPEG
        for quality in _QUALITIES:
            data = _bytes(image, "JPEG", quality=quality, optimize=True, progressive=True)
            if len(data) <= PHOTO_BYTES:
                break
    return Picture(
        content_type=kept_type,
        data=data,
        thumbnail=_thumbnail(image),
        width=image.width,
        height=image.height,
        taken_at=taken_at,
    )


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE))
    return _bytes(small, "JPEG", quality=75)


def _bytes(image: Image.Image, form: str, **options: int) -> bytes:
    """Encode a picture that carries no metadata: it was made here, not read."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
