"""Photos are kept small, upright and without what the camera wrote beside them; bombs never get decoded."""

import datetime
import io
import struct
import subprocess
import sys
import threading
import time
import warnings
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from tests.files import samples
from wbbm.files import images
from wbbm.files.errors import FileRefused
from wbbm.files.images import camera_moment, reencode
from wbbm.files.limits import MAX_EDGE, PHOTO_BYTES
from wbbm.files.recognise import HEIC, JPEG, PNG

BROKEN = "Foto ini tidak utuh atau rusak. Ambil ulang fotonya, atau pilih berkas lain."


def picture(data, content_type=JPEG):
    return reencode(io.BytesIO(data), content_type)


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def refusal(data, content_type=JPEG):
    begun = time.process_time()
    with pytest.raises(FileRefused) as caught:
        picture(data, content_type)
    assert time.process_time() - begun < 2
    return caught.value.message


def test_a_photo_keeps_nothing_of_what_the_camera_wrote():
    kept = picture(samples.photo(comment=b"rahasia", icc_profile=b"x" * 200, dpi=(300, 300)))
    for data in (kept.data, kept.thumbnail):
        image = opened(data)
        assert not image.getexif()
        assert not {"exif", "comment", "icc_profile", "xmp"} & set(image.info)
        assert b"KameraUji" not in data
        assert b"rahasia" not in data
        assert b"Exif" not in data


def test_what_a_png_carries_beside_the_picture_is_gone():
    notes = PngInfo()
    notes.add_text("Comment", "rumah: Jalan Uji 1")
    kept = picture(samples.encode(samples.scene(), "PNG", pnginfo=notes, exif=samples.exif()), PNG)
    assert b"Jalan Uji" not in kept.data
    assert not opened(kept.data).getexif()
    assert kept.taken_at == datetime.datetime(2026, 9, 17, 10, 32, 5)


def test_the_cameras_date_is_kept_as_a_claim():
    assert picture(samples.photo()).taken_at == datetime.datetime(2026, 9, 17, 10, 32, 5)
    assert picture(samples.encode(samples.scene())).taken_at is None


@pytest.mark.parametrize(
    "text", ["", "0000:00:00 00:00:00", "0001:01:01 00:00:00", "2026-09-17", "9999:12:31 23:59:59", "\0" * 19, "None"]
)
def test_a_camera_without_a_sensible_clock_claims_nothing(text):
    assert camera_moment(text) is None
    assert picture(samples.encode(samples.scene(), exif=samples.exif(when=text))).taken_at is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_upright(orientation):
    # A red corner that belongs at the top left; `undo` is how a camera held otherwise stores it.
    upright = Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 20, 20))
    undo = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    stored = upright if undo is None else upright.transpose(Image.Transpose(undo))
    kept = picture(samples.encode(stored, quality=95, exif=samples.exif(orientation=orientation)))
    assert (kept.width, kept.height) == (80, 40)
    red, green, blue = opened(kept.data).getpixel((5, 5))
    assert red > 200 > 90 > max(green, blue)


def test_a_broken_exif_costs_nothing():
    data = bytearray(samples.photo())
    place = data.find(b"Exif\0\0")
    for offset in range(6, 200):
        data[place + offset] = 0xFF
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = picture(bytes(data))
    assert (kept.width, kept.taken_at) == (640, None)


@pytest.mark.parametrize(("form", "content_type"), [("JPEG", JPEG), ("PNG", PNG)])
@pytest.mark.parametrize("size", [(4000, 3000), (1500, 5000), (2048, 2048), (2049, 10), (30, 20), (1, 1)])
def test_the_server_shrinks_what_is_larger_and_leaves_what_is_smaller(form, content_type, size):
    kept = picture(samples.encode(samples.scene(*size), form), content_type)
    scale = min(1, MAX_EDGE / max(size))
    assert abs(kept.width - size[0] * scale) <= 1
    assert abs(kept.height - size[1] * scale) <= 1
    assert opened(kept.data).size == (kept.width, kept.height)
    assert max(opened(kept.thumbnail).size) <= 320


def test_a_photo_of_a_phone_takes_about_400_kb():
    detailed = Image.effect_noise((500, 375), 30).resize((4000, 3000), Image.Resampling.BICUBIC).convert("RGB")
    assert len(picture(samples.encode(detailed, quality=92)).data) <= PHOTO_BYTES
    # A photo as PNG is no drawing.
    as_png = picture(samples.encode(detailed.resize((1600, 1200)), "PNG"), PNG)
    assert as_png.content_type == JPEG
    assert len(as_png.data) <= PHOTO_BYTES


def test_drawings_stay_png():
    kept = picture(samples.encode(Image.new("RGB", (500, 400), "navy"), "PNG"), PNG)
    assert (kept.content_type, opened(kept.data).format) == (PNG, "PNG")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("edge", [100, 5000])
def test_pictures_of_every_mode_keep_their_light_and_dark(mode, edge):
    grey = Image.new("L", (edge, edge), 255)
    grey.paste(20, (0, 0, edge // 2, edge))
    if mode == "I;16":
        image = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    else:
        image = grey.convert("RGB").convert(mode)
    kept = opened(picture(samples.encode(image, "PNG"), PNG).data).convert("L")
    assert kept.getpixel((kept.width // 4, 10)) < 60
    assert kept.getpixel((kept.width * 3 // 4, 10)) > 200


def test_what_is_transparent_becomes_white():
    kept = picture(samples.encode(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"), PNG)
    assert opened(kept.data).convert("RGB").getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize(("form", "content_type"), [("JPEG", JPEG), ("PNG", PNG)])
def test_html_behind_or_inside_a_picture_does_not_survive(form, content_type):
    data = samples.encode(samples.scene(), form)
    kept = picture(data + samples.HTML, content_type)
    assert b"<script" not in kept.data + kept.thumbnail
    if form == "JPEG":
        hidden = picture(samples.encode(samples.scene(), comment=samples.HTML))
        assert b"<script" not in hidden.data + hidden.thumbnail


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + samples.HTML, PNG),
        (b"\xff\xd8\xff" + samples.HTML, JPEG),
        (b"\xff\xd8\xff\xe0" + b"\0" * 300, JPEG),
        (samples.photo()[:-3000], JPEG),
        (samples.photo()[:700], JPEG),
        (samples.encode(samples.scene(), "PNG")[:-900], PNG),
        (samples.encode(samples.scene(), "PNG")[:40], PNG),
        (b"\x89PNG\r\n\x1a\n", PNG),
        (b"\xff\xd8\xff", JPEG),
        # A picture of another type than its first bytes say is not read by the other's decoder.
        (samples.encode(samples.scene(), "GIF"), PNG),
    ],
)
def test_broken_pictures_are_refused(data, content_type, monkeypatch):
    # As WeasyPrint leaves it behind in the process.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert refusal(data, content_type) == BROKEN


def test_a_png_of_400_megapixels_is_refused_by_its_header():
    bomb = samples.png_bomb()
    assert len(bomb) < 60_000
    message = refusal(bomb, PNG)
    assert message == "Foto 20000 x 20000 terlalu besar. Batasnya 100 megapiksel; perkecil dulu."


def test_a_png_of_endless_rows_is_refused_by_its_header():
    head = struct.pack(">IIBBBBB", 2, 49_999_999, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + samples.chunk(b"IHDR", head) + samples.chunk(b"IDAT", zlib.compress(bytes(1000)))
    assert refusal(bomb, PNG) == "Foto 2 x 49999999 terlalu panjang. Potong menjadi beberapa foto dulu."


def test_an_interlaced_png_that_is_cut_is_refused():
    # Pillow reads it twice, for its notes and for its pixels, and stumbles over itself the second time.
    head = struct.pack(">IIBBBBB", 80, 60, 1, 0, 0, 0, 1)
    cut = b"\x89PNG\r\n\x1a\n" + samples.chunk(b"IHDR", head) + samples.chunk(b"IDAT", zlib.compress(bytes(9))[:6])
    assert refusal(cut, PNG) == BROKEN


def test_text_bombs_in_a_png_are_refused(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    body = b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    good = samples.encode(samples.scene(), "PNG")
    assert refusal(good[:33] + chunk + good[33:], PNG) == BROKEN


_MEASURE = """
import io, resource, sys
from tests.files import samples
from wbbm.files.images import reencode
data = open(sys.argv[1], "rb").read()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = peak()
kept = reencode(io.BytesIO(data), sys.argv[2])
print(peak() - before, kept.width, kept.height, len(kept.data))
"""


def measured(path, content_type):
    """Re-encode in a process of its own; return the peak of memory above its start in MB, and what is kept."""
    root = Path(__file__).parent.parent.parent
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(path), content_type], cwd=root, capture_output=True, text=True, check=True
    )
    return [int(word) for word in run.stdout.split()]


def test_a_jpeg_of_50_megapixels_is_decoded_in_little_memory(tmp_path):
    path = tmp_path / "besar.jpg"
    path.write_bytes(samples.jpeg_of_50_megapixels())
    assert path.stat().st_size < 10 * 1024 * 1024
    peak, width, height, size = measured(path, JPEG)
    assert width == 2048
    assert height in {1365, 1366}
    # The decoded whole alone would be 150 MB or more.
    assert peak < 100
    assert size < PHOTO_BYTES * 2


def test_a_png_of_100_megapixels_is_decoded_only_once(tmp_path):
    path = tmp_path / "besar.png"
    path.write_bytes(samples.encode(Image.new("RGBA", (10_000, 10_000), (10, 20, 30, 200)), "PNG"))
    peak, width, height, _ = measured(path, PNG)
    assert (width, height) == (2048, 2048)
    # 400 MB are the pixels; a second copy would be as much again.
    assert peak < 600


def test_one_picture_is_decoded_at_a_time(monkeypatch):
    inside, most = [], []
    real = images._shrunk

    def watched(image):
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.05)
        small = real(image)
        inside.pop()
        return small

    monkeypatch.setattr(images, "_shrunk", watched)
    data = samples.photo()
    threads = [threading.Thread(target=picture, args=(data,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_heic_without_its_package_is_one_clear_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    message = refusal(samples.HEIC_HEAD, HEIC)
    assert "HEIC" in message
    assert "sebagai JPEG" in message
    assert message.count(".") == 1


def test_heic_with_its_package_becomes_a_jpeg():
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif is optional")
    pillow_heif.register_heif_opener()
    data = samples.encode(samples.scene(4000, 3000), "HEIF", exif=samples.exif().tobytes())
    kept = picture(data, HEIC)
    assert (kept.content_type, kept.width, kept.height) == (JPEG, 2048, 1536)
    assert kept.taken_at == datetime.datetime(2026, 9, 17, 10, 32, 5)
    assert not opened(kept.data).getexif()
    assert refusal(data[: len(data) // 2], HEIC) == BROKEN
