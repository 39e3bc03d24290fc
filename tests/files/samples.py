"""Files as people and attackers send them, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

GPS = 0x8825
HTML = b"<html><script>alert(1)</script></html>"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def upload(data: bytes, name: str = "berkas") -> SimpleUploadedFile:
    """Make an upload whose name and declared type tell nothing."""
    return SimpleUploadedFile(name, data, content_type="application/octet-stream")


def scene(width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
    """Make a picture with some detail; the same seed gives the same picture."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    image.paste((200, 30 * seed % 255, 40), (0, 0, width // 4, height // 4))
    return image


def encode(image: Image.Image, form: str = "JPEG", **options) -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def exif(when: str = "2026:09:17 10:32:05", orientation: int = 1) -> Image.Exif:
    """Make what a phone writes beside the picture: camera, clock, orientation and place."""
    data = Image.Exif()
    data[0x010F] = "KameraUji"
    data[0x0112] = orientation
    data.get_ifd(0x8769)[0x9003] = when
    data.get_ifd(GPS).update({1: "S", 2: (6.0, 53.0, 49.0), 3: "E", 4: (112.0, 2.0, 11.0)})
    return data


def photo(seed: int = 1, **options) -> bytes:
    """Make a JPEG as a phone sends it."""
    return encode(scene(seed=seed), exif=exif(), **options)


def jpeg_of_50_megapixels(**options) -> bytes:
    """Make a JPEG of 8660 x 5774 pixels, below 10 MB."""
    image = Image.effect_noise((866, 578), 30).convert("RGB").resize((8660, 5774), Image.Resampling.NEAREST)
    return encode(image, quality=80, **options)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb(edge: int = 20_000) -> bytes:
    """Make a PNG of 400 megapixels in about 49 kB."""
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + edge // 8)
    body = b"".join(packer.compress(row) for _ in range(edge)) + packer.flush()
    head = struct.pack(">IIBBBBB", edge, edge, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def xlsx() -> bytes:
    """Make a workbook."""
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"] = "Register"
    book.save(buffer)
    return buffer.getvalue()


def docx(extra: dict[str, bytes] | None = None, declared: str = "", main: str = "word/document.xml") -> bytes:
    """Make a text document, with further parts and declarations."""
    types = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{main}" ContentType="{WORD}"/>{declared}</Types>'
    )
    parts = {"[Content_Types].xml": types.encode(), main: b"<w:document/>"} | (extra or {})
    return archive(parts)


def archive(parts: dict[str, bytes]) -> bytes:
    """Make a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, body in parts.items():
            packed.writestr(name, body)
    return buffer.getvalue()


def docx_bomb() -> bytes:
    """Make a text document of 200 kB that opens to 200 MB."""
    return docx({"word/media/kosong.bin": b"\0" * (200 * 1024 * 1024)})


# The head of an iPhone's photo; what follows is not needed to refuse it.
HEIC_HEAD = b"\0\0\0\x24ftypheic\0\0\0\0mif1MiHEmiafMiHBheic" + b"\0" * 400
