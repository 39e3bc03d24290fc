"""What exceeds the limit of a file is counted, but reaches neither memory nor disk."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from tests.files import samples
from wbbm.files.errors import FileTooLarge
from wbbm.files.limits import MAX_BYTES
from wbbm.files.services import receive
from wbbm.files.uploads import received_size


@pytest.fixture
def sent():
    """Send files by one form; return them as a view gets them."""
    requests = []

    def send(*files):
        requests.append(RequestFactory().post("/", {"file": list(files)}))
        return requests[-1].FILES.getlist("file")

    yield send
    for request in requests:
        request.close()


@pytest.mark.parametrize("size", [1, 200_000, 3_000_000, MAX_BYTES])
def test_files_within_the_limit_arrive_whole(sent, size):
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (file,) = sent(SimpleUploadedFile("a.bin", data))
    assert received_size(file) == file.size == size
    assert receive(file).data == data


def test_of_a_larger_file_only_the_beginning_is_kept(sent):
    (file,) = sent(SimpleUploadedFile("a.bin", b"x" * (30 * 1024 * 1024)))
    assert file.size < MAX_BYTES + 200_000
    assert received_size(file) == 30 * 1024 * 1024
    with pytest.raises(FileTooLarge, match="Berkas 30 MB terlalu besar"):
        receive(file)


def test_a_large_file_costs_the_one_behind_it_nothing(sent):
    large, small = sent(SimpleUploadedFile("a.bin", b"x" * (12 * 1024 * 1024)), samples.upload(samples.PDF))
    assert received_size(large) == 12 * 1024 * 1024
    assert receive(small).data == samples.PDF


def test_the_size_that_a_sender_claims_is_not_believed():
    request = RequestFactory().post(
        "/",
        b"--t\r\nContent-Disposition: form-data; name=file; filename=a\r\n"
        b"Content-Type: image/jpeg; wbbm-received=99999999\r\n\r\nabc\r\n--t--\r\n",
        content_type="multipart/form-data; boundary=t",
    )
    assert received_size(request.FILES["file"]) == 3
