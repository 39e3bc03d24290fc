"""Uploads are kept with both hashes, through Django's storage only, and never by halves."""

import datetime
import errno
import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import TemporaryUploadedFile

from tests.factories import make_user
from tests.files import samples
from wbbm.files.errors import FileRefused, FileTooLarge, StorageFailed
from wbbm.files.limits import MAX_BYTES, MAX_NAME
from wbbm.files.models import StoredFile
from wbbm.files.services import discard, receive, safe_name, store

pytestmark = pytest.mark.django_db


def kept(data, name="foto.jpg", **options):
    file = store(receive(samples.upload(data, name)), kind="uji", by=make_user(), **options)
    file.save()
    return file


def content(path):
    """Read a stored file."""
    with default_storage.open(path) as opened:
        return opened.read()


def everything(folder=""):
    """List every file of the storage."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    inner = [path for name in folders for path in everything(f"{folder}/{name}".lstrip("/"))]
    return [f"{folder}/{name}".lstrip("/") for name in files] + inner


def test_both_hashes_are_kept(storage):
    data = samples.photo()
    file = kept(data)
    stored = content(file.path)
    assert file.original_sha256 == hashlib.sha256(data).hexdigest()
    assert file.sha256 == hashlib.sha256(stored).hexdigest() != file.original_sha256
    assert file.size == len(stored) == storage.size(file.path)


def test_a_photo_is_stored_small_with_its_thumbnail(storage):
    file = kept(samples.encode(samples.scene(4000, 3000), exif=samples.exif()))
    assert (file.width, file.height, file.content_type) == (2048, 1536, "image/jpeg")
    assert content(file.thumbnail_path)[:3] == b"\xff\xd8\xff"
    assert sorted(everything()) == sorted([file.path, file.thumbnail_path])


@pytest.mark.parametrize("make", [lambda: samples.PDF, samples.docx, samples.xlsx])
def test_documents_are_stored_as_they_came(storage, make):
    data = make()
    file = kept(data, "laporan.bin")
    assert content(file.path) == data
    assert file.sha256 == file.original_sha256
    assert (file.thumbnail_path, file.width, file.taken_at) == ("", None, None)
    assert everything() == [file.path]


def test_the_cameras_clock_is_read_in_the_units_zone():
    data = samples.photo()
    assert kept(data, time_zone="Asia/Jayapura").taken_at == datetime.datetime(
        2026, 9, 17, 1, 32, 5, tzinfo=datetime.UTC
    )
    assert kept(data, time_zone="Asia/Jakarta").taken_at == datetime.datetime(
        2026, 9, 17, 3, 32, 5, tzinfo=datetime.UTC
    )


def test_a_shrunk_photo_brings_its_date_along_and_the_photo_itself_is_believed_first():
    bare = samples.encode(samples.scene())
    told = kept(bare, camera_time="2026:01:02 03:04:05", time_zone="Asia/Jakarta").taken_at
    assert told == datetime.datetime(2026, 1, 1, 20, 4, 5, tzinfo=datetime.UTC)
    assert kept(samples.photo(), camera_time="2020:01:01 00:00:00").taken_at.year == 2026
    assert kept(bare, camera_time="bukan waktu").taken_at is None
    assert kept(samples.PDF, camera_time="2026:01:02 03:04:05").taken_at is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("foto.jpg", "foto.jpg"),
        ("laporan apel.exe", "laporan apel.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("..\\..\\windows\\a.bat", "a.jpg"),
        ("a\0b.jpg", "ab.jpg"),
        ("foto\u202egpj.exe", "fotogpj.jpg"),
        ("baris\r\nSet-Cookie: a=b.jpg", "barisSet-Cookie: a=b.jpg"),
        ("  . ", "berkas.jpg"),
        (".htaccess", "berkas.jpg"),
        ("..", "berkas.jpg"),
        ("", "berkas.jpg"),
        ("foto.php.jpg", "foto.php.jpg"),
        ("tanpa akhiran", "tanpa akhiran.jpg"),
        ("a/b/", "b.jpg"),
        ("foto \u00e9 \u6587.jpg", "foto \u00e9 \u6587.jpg"),
    ],
)
def test_names_lose_paths_and_hidden_signs(name, expected):
    assert safe_name(name, "image/jpeg") == expected


def test_long_names_are_cut_and_keep_their_ending():
    name = safe_name("a" * 300 + ".jpeg", "image/jpeg")
    assert (len(name), name[-5:]) == (MAX_NAME, "a.jpg")


def test_the_limit_is_ten_megabytes_to_the_byte():
    whole = samples.PDF[:-6] + b" " * (MAX_BYTES - len(samples.PDF)) + samples.PDF[-6:]
    assert kept(whole).size == MAX_BYTES
    with pytest.raises(FileTooLarge) as caught:
        receive(samples.upload(whole + b" "))
    assert (caught.value.message, caught.value.status) == ("Berkas 11 MB terlalu besar. Batasnya 10 MB.", 413)
    with pytest.raises(FileTooLarge, match=r"^Berkas 14 MB terlalu besar\. Batasnya 10 MB\.$"):
        receive(samples.upload(b"\0" * (14 * 1024 * 1024)))


def test_uploads_on_disk_are_read_as_those_in_memory():
    with TemporaryUploadedFile("foto.jpg", "image/jpeg", len(samples.photo()), None) as upload:
        upload.write(samples.photo())
        upload.seek(0)
        assert receive(upload).data == samples.photo()


@pytest.mark.parametrize("data", [b"", samples.HTML, samples.photo()[:800], b"\xff\xd8\xff" + samples.HTML])
def test_of_a_refused_file_nothing_is_kept(storage, data):
    with pytest.raises(FileRefused):
        kept(data)
    assert everything() == []
    assert StoredFile.objects.count() == 0


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left"), OSError(errno.EIO, "gone"), TimeoutError()])
@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_full_storage_is_told_and_keeps_nothing_by_halves(storage, monkeypatch, fault, fails_at):
    real, calls = type(storage._wrapped)._save, []

    def fill_up(self, name, content):
        calls.append(name)
        if len(calls) < fails_at:
            return real(self, name, content)
        # As a disk does: the first half is there.
        real(self, name, ContentFile(content.read()[: content.size // 2]))
        raise fault

    monkeypatch.setattr(type(storage._wrapped), "_save", fill_up)
    with pytest.raises(StorageFailed) as caught:
        kept(samples.photo())
    assert caught.value.status == 507
    assert "belum tersimpan" in caught.value.message
    assert everything() == []
    assert StoredFile.objects.count() == 0


def test_each_upload_lies_at_a_place_of_its_own(storage):
    one, other = kept(samples.PDF), kept(samples.PDF)
    assert one.path != other.path
    discard(other)
    assert content(one.path) == samples.PDF
    assert everything() == [one.path]


def test_what_cannot_be_removed_is_no_fault(storage, monkeypatch):
    file = kept(samples.photo())

    def refuse(self, name):
        raise OSError(errno.EROFS, "read-only")

    monkeypatch.setattr(type(storage._wrapped), "delete", refuse)
    discard(file)
    assert len(everything()) == 2


def test_nothing_of_the_sender_is_part_of_a_path():
    file = kept(samples.PDF, "../../../../tmp/jahat.pdf")
    assert "jahat" not in file.path
    assert file.path.startswith(f"{file.sha256[:2]}/{file.sha256}.")
