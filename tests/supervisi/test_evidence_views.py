"""Routes of evidence: JSON for the device's queue, a plain form without script, downloads after a permission check."""

import errno
import re
import sys
import uuid
from urllib.parse import quote

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished
from django.db import close_old_connections
from django.urls import reverse

from supervisi.models import AnswerEvidence, AnswerRevision, Checklist, Evidence, VisitMember
from tests.files import samples
from tests.files.test_store import everything
from tests.supervisi.sheets import LETTER, make_world
from wbbm.files.limits import MAX_BYTES
from wbbm.organisasi.models import Posting

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def leader(client, world):
    client.force_login(world.leader)
    return client


def add_url(world):
    return reverse("supervisi:evidence-add", args=[world.answer().pk])


def send(client, world, data=samples.PDF, name="surat.pdf", headers=None, **fields):
    """Send a file as the queue does."""
    files = [samples.upload(data, name)] if isinstance(data, bytes) else data
    fields = {"uuid": str(uuid.uuid4()), "file": files} | fields
    return client.post(add_url(world), fields, headers=JSON | (headers or {}))


def submit(client, world, *files, number=None):
    """Send files as the plain form does; return the page that follows."""
    fields = {"uuid": str(number or uuid.uuid4()), "file": list(files)}
    response = client.post(add_url(world), fields)
    assert response.status_code == 302
    assert response["Location"].endswith(f"#b-{LETTER}")
    page = client.get(response["Location"].partition("#")[0])
    assert page.status_code == 200
    return page


def stored(client, world, data=samples.PDF, name="surat.pdf"):
    send(client, world, data, name)
    return Evidence.objects.latest("pk").file


# --- the queue of the device --------------------------------------------------------------------------


def test_a_stored_file_answers_200_with_its_line(leader, world):
    reply = send(leader, world).json()
    assert (reply["code"], reply["number"]) == ("saved", 1)
    assert reply["message"] == "Bukti nomor 1 tersimpan."
    link = AnswerEvidence.objects.get()
    assert f'data-wbbm-link="{link.pk}"' in reply["html"]
    assert reverse("files:download", args=[link.evidence.file_id]) in reply["html"]
    assert reverse("supervisi:evidence-detach", args=[link.pk]) in reply["html"]


def test_a_repeat_answers_the_same(leader, world):
    number = str(uuid.uuid4())
    first, again = (send(leader, world, uuid=number).json() for _ in range(2))
    assert (first["link"], first["message"]) == (again["link"], again["message"])
    assert AnswerEvidence.objects.count() == 1


def test_a_repeat_after_taking_away_brings_nothing_back(leader, world):
    number = str(uuid.uuid4())
    first = send(leader, world, uuid=number).json()
    leader.post(reverse("supervisi:evidence-detach", args=[first["link"]]))
    reply = send(leader, world, uuid=number).json()
    assert (reply["code"], reply["html"]) == ("saved", "")
    assert "dilepas" in reply["message"]


def test_a_known_file_is_told_with_its_number(leader, world):
    send(leader, world)
    assert send(leader, world).json()["message"] == "Berkas ini sudah ada sebagai bukti nomor 1."


def test_the_camera_time_of_a_shrunk_photo_is_shown_as_the_cameras(leader, world):
    photo = samples.encode(samples.scene())
    reply = send(leader, world, photo, "foto.jpg", camera_time="2020:09:17 10:32:00").json()
    assert "jam kamera 17 Sep 2020 10.32" in reply["html"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "file"),
        (samples.HTML, 422, "file"),
        (samples.photo()[:700], 422, "file"),
        (b"%PDF-" + b"x" * MAX_BYTES, 413, "file-too-large"),
    ],
)
def test_refusals_answer_with_code_and_message(leader, world, data, status, code):
    response = send(leader, world, data)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["message"]
    assert everything() == []


def test_a_heic_from_an_iphone_is_one_clear_sentence(leader, world, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    response = send(leader, world, samples.HEIC_HEAD, "IMG_0001.HEIC")
    assert response.status_code == 422
    assert response.json()["message"].startswith("Foto HEIC belum dapat dibaca di sini;")


@pytest.mark.parametrize("fields", [{"uuid": ""}, {"uuid": "x" * 36}, {"file": []}])
def test_an_upload_without_number_or_file_is_refused(leader, world, fields):
    response = send(leader, world, **fields)
    assert (response.status_code, response.json()["code"]) == (422, "file")


def test_two_files_in_one_sending_are_refused_rather_than_one_dropped(leader, world):
    response = send(leader, world, [samples.upload(samples.PDF), samples.upload(samples.photo())])
    assert response.status_code == 422
    assert everything() == []


def test_a_reused_number_answers_422(leader, world):
    number = str(uuid.uuid4())
    send(leader, world, uuid=number)
    response = send(leader, world, samples.photo(), uuid=number)
    assert (response.status_code, response.json()["code"]) == (422, "uuid-reused")


@pytest.mark.parametrize("status", ["submitted", "reviewed", "disclosed", "final"])
def test_a_sheet_past_draft_answers_409_locked(leader, world, status):
    Checklist.objects.filter(pk=world.checklist.pk).update(status=status)
    response = send(leader, world)
    assert (response.status_code, response.json()["code"]) == (409, "locked")
    assert everything() == []


def test_a_full_storage_answers_507_so_that_the_photo_waits_on_the_device(leader, world, monkeypatch):
    def full(self, name, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    response = send(leader, world)
    assert (response.status_code, response.json()["code"]) == (507, "storage")
    assert "belum tersimpan" in response.json()["message"]
    assert AnswerEvidence.objects.count() == 0


def test_another_persons_queue_is_refused(leader, world):
    response = send(leader, world, headers={"x-wbbm-user": str(world.members[0].pk)})
    assert (response.status_code, response.json()["code"]) == (403, "user")
    assert everything() == []


def test_without_a_session_the_queue_gets_401(client, world):
    assert send(client, world).status_code == 401
    assert everything() == []


# --- the plain form -----------------------------------------------------------------------------------


def test_the_form_states_the_limits_and_offers_the_camera(leader, world):
    page = leader.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()
    form = re.search(rf'<form[^>]*action="{add_url(world)}".*?</form>', page, re.S).group()
    limits = form.index("PDF, JPEG, PNG, DOCX, XLSX; paling besar 10 MB per berkas.")
    assert limits < form.index('type="file"')
    assert 'accept="image/*" capture="environment"' in form
    assert 'enctype="multipart/form-data"' in form
    assert form.count("capture=") == 1
    assert "multiple" in form


def test_several_files_arrive_by_one_form_and_a_bad_one_costs_the_others_nothing(leader, world):
    page = submit(
        leader,
        world,
        samples.upload(samples.PDF, "surat.pdf"),
        samples.upload(samples.HTML, "palsu.pdf"),
        samples.upload(b"x" * (MAX_BYTES + 1), "besar.pdf"),
        samples.upload(samples.photo(), "foto.jpg"),
    )
    card = page.content.decode().partition(f'id="b-{LETTER}"')[2].partition("</article>")[0]
    assert "Bukti nomor 1 tersimpan." in card
    assert "palsu.pdf: Ditolak: bukan PDF atau foto." in card
    assert "besar.pdf: Berkas 11 MB terlalu besar. Batasnya 10 MB." in card
    assert "Bukti nomor 2 tersimpan." in card
    assert AnswerEvidence.objects.count() == 2
    # The messages stand at the item, not a second time at the head of the page.
    assert page.content.decode().count("Bukti nomor 1 tersimpan.") == 1


def test_the_form_sent_twice_stores_each_file_once_and_other_files_anew(leader, world):
    number = uuid.uuid4()
    files = [samples.PDF, samples.photo()]
    for _ in range(2):
        submit(leader, world, *[samples.upload(data) for data in files], number=number)
    assert AnswerEvidence.objects.count() == 2
    # A browser that kept the form's number brings other files all the same.
    submit(leader, world, samples.upload(samples.photo(seed=2)), number=number)
    assert AnswerEvidence.objects.count() == 3


def test_more_than_ten_files_are_told(leader, world):
    files = [samples.upload(samples.PDF.replace(b"1.4", b"1.%d" % number)) for number in range(12)]
    page = submit(leader, world, *files)
    assert AnswerEvidence.objects.count() == 10
    assert "2 berkas lagi belum diunggah: paling banyak 10 sekali kirim." in page.content.decode()


def test_a_form_without_a_file_says_so(leader, world):
    assert "Belum ada berkas yang dipilih." in submit(leader, world).content.decode()


def test_names_in_messages_carry_no_hidden_signs_or_markup(leader, world):
    page = submit(leader, world, samples.upload(samples.HTML, "<b>a\u202egpj.pdf")).content.decode()
    assert "\u202e" not in page
    assert "<b>a" not in page


def test_uploads_leave_the_answers_alone(leader, world):
    submit(leader, world, samples.upload(samples.PDF), samples.upload(samples.HTML))
    assert AnswerRevision.objects.count() == 0
    assert world.answer().version == 0


# --- taking away and history --------------------------------------------------------------------------


def test_taken_away_evidence_stays_readable_through_the_history(leader, world):
    file = stored(leader, world)
    link = AnswerEvidence.objects.get()
    leader.post(reverse("supervisi:evidence-detach", args=[link.pk]))
    area = leader.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()
    assert "Bukti nomor 1 dilepas dari butir ini." in area
    assert f'data-wbbm-link="{link.pk}"' not in area
    history = leader.get(reverse("supervisi:answer-history", args=[world.checklist.pk, LETTER])).content.decode()
    assert re.search(r"bukti 1\s+dilepas", history)
    assert re.search(r"bukti 1\s+dilampirkan", history)
    assert reverse("files:download", args=[file.pk]) in history
    response = leader.get(reverse("files:download", args=[file.pk]))
    assert (response.status_code, body(response)) == (200, samples.PDF)


def test_no_evidence_is_taken_away_from_a_sheet_past_draft(leader, world):
    stored(leader, world)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="final")
    url = reverse("supervisi:evidence-detach", args=[AnswerEvidence.objects.get().pk])
    response = leader.post(url, headers=JSON)
    assert (response.status_code, response.json()["code"]) == (409, "locked")
    assert leader.post(url).status_code == 302
    assert AnswerEvidence.objects.attached().count() == 1


def test_a_read_only_card_offers_no_upload_and_says_when_there_is_nothing(client, world):
    client.force_login(world.commander)
    page = client.get(reverse("supervisi:checklist-area", args=[world.checklist.pk, "1"])).content.decode()
    assert "Belum ada bukti pada butir ini." in page
    assert 'type="file"' not in page


# --- downloads ----------------------------------------------------------------------------------------


def body(response):
    return b"".join(response.streaming_content)


def shut(response):
    """Close a response that was not read, as the test client does with others: the connection stays open."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


@pytest.mark.parametrize("storage", ["FileSystemStorage", "InMemoryStorage"], indirect=True)
def test_files_are_served_as_attachments_that_no_browser_guesses_at(storage, leader, world):
    file = stored(leader, world, samples.photo(), "papan tarif.jpeg")
    response = leader.get(reverse("files:download", args=[file.pk]))
    assert response["Content-Disposition"] == 'attachment; filename="papan tarif.jpg"'
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    assert int(response["Content-Length"]) == file.size
    assert len(body(response)) == file.size


def test_thumbnails_are_small_pictures(leader, world):
    file = stored(leader, world, samples.encode(samples.scene(4000, 3000)), "foto.jpg")
    response = leader.get(reverse("files:thumbnail", args=[file.pk]))
    data = body(response)
    assert (response["Content-Type"], data[:3]) == ("image/jpeg", b"\xff\xd8\xff")
    assert len(data) < 30_000
    assert response["X-Content-Type-Options"] == "nosniff"
    document = stored(leader, world, samples.PDF)
    assert leader.get(reverse("files:thumbnail", args=[document.pk])).status_code == 404


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ('a"b.pdf', 'attachment; filename="a\\"b.pdf"'),
        ("tarif \u00e9.pdf", f"attachment; filename*=utf-8''{quote('tarif é.pdf')}"),
        ("../../x.html", 'attachment; filename="x.pdf"'),
    ],
)
def test_the_name_in_the_header_is_safe(leader, world, name, disposition):
    file = stored(leader, world, name=name)
    response = leader.get(reverse("files:download", args=[file.pk]))
    assert response["Content-Disposition"] == disposition
    shut(response)


def test_head_and_range_requests_are_answered(leader, world):
    file = stored(leader, world)
    url = reverse("files:download", args=[file.pk])
    head = leader.head(url)
    assert (head.status_code, int(head["Content-Length"])) == (200, file.size)
    assert head["Content-Disposition"].startswith("attachment")
    shut(head)
    # Ranges are not offered: the whole comes, as HTTP allows.
    part = leader.get(url, headers={"range": "bytes=0-9"})
    assert (part.status_code, len(body(part))) == (200, file.size)
    for method in (leader.post, leader.put, leader.delete, leader.patch):
        assert method(url).status_code == 405


def test_a_file_that_is_gone_from_the_storage_is_404(leader, world):
    file = stored(leader, world)
    default_storage.delete(file.path)
    assert leader.get(reverse("files:download", args=[file.pk])).status_code == 404


@pytest.mark.parametrize(
    ("who", "expected"),
    [("leader", 200), ("members", 200), ("reviewer", 200), ("commander", 200), ("auditor", 200), ("operator", 404),
     ("stranger", 404)],
)  # fmt: skip
def test_only_those_who_see_the_sheet_read_its_evidence(leader, client, world, who, expected):
    file = stored(leader, world, samples.photo(), "foto.jpg")
    person = getattr(world, who)
    client.force_login(person[0] if isinstance(person, list) else person)
    for name in ("files:download", "files:thumbnail"):
        response = client.get(reverse(name, args=[file.pk]))
        assert response.status_code == expected
        shut(response)


def test_the_unit_reads_evidence_of_its_supervision_from_the_disclosure_on(leader, client, world):
    file = stored(leader, world)
    url = reverse("files:download", args=[file.pk])
    client.force_login(world.operator)
    for status, expected in (("submitted", 404), ("reviewed", 404), ("disclosed", 200), ("final", 200)):
        Checklist.objects.filter(pk=world.checklist.pk).update(status=status)
        response = client.get(url)
        assert response.status_code == expected
        shut(response)


def test_an_ended_posting_ends_reading_and_sending_on_the_next_request(leader, world):
    file = stored(leader, world)
    link = AnswerEvidence.objects.get()
    Posting.objects.filter(user=world.leader).update(ends_on="2021-01-01")
    assert leader.get(reverse("files:download", args=[file.pk])).status_code == 404
    assert send(leader, world, samples.photo()).status_code == 404
    assert leader.post(reverse("supervisi:evidence-detach", args=[link.pk])).status_code == 404
    assert AnswerEvidence.objects.attached().count() == 1


def test_who_left_the_team_still_reads_but_adds_nothing(leader, client, world):
    file = stored(leader, world)
    member = world.members[0]
    client.force_login(member)
    VisitMember.objects.filter(user=member).update(left_at="2026-01-01T00:00:00Z")
    response = client.get(reverse("files:download", args=[file.pk]))
    assert response.status_code == 200
    shut(response)
    assert send(client, world, samples.photo()).status_code == 403


def test_a_file_that_proves_nothing_is_read_by_nobody(leader, world):
    file = stored(leader, world)
    AnswerEvidence.objects.all().delete()
    assert leader.get(reverse("files:download", args=[file.pk])).status_code == 404


def test_files_lie_outside_the_static_tree_and_have_no_address(leader, world):
    file = stored(leader, world)
    for path in (f"/static/{file.path}", f"/media/{file.path}", f"/files/{file.path}", f"/{file.path}"):
        assert leader.get(path).status_code == 404


HOSTILE = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": samples.HTML,
    "png+html": samples.encode(samples.scene(), "PNG") + samples.HTML,
    "jpeg+html": samples.photo() + samples.HTML,
    "jpeg comment": samples.encode(samples.scene(), comment=samples.HTML),
    "png head": b"\x89PNG\r\n\x1a\n" + samples.HTML,
    "pdf+html": samples.HTML.join([b"%PDF-1.4\n1 0 obj\n", b"endobj\n%%EOF"]),
    "zip+html": samples.docx() + samples.HTML,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_hostile_is_served_as_something_that_runs(leader, world, kind):
    response = send(leader, world, HOSTILE[kind], "halaman.html")
    assert response.status_code in {200, 422}
    for file in (evidence.file for evidence in Evidence.objects.select_related("file")):
        served = leader.get(reverse("files:download", args=[file.pk]))
        assert served["Content-Disposition"].startswith("attachment")
        assert served["X-Content-Type-Options"] == "nosniff"
        assert served["Content-Type"] in {"application/pdf", "image/jpeg", "image/png"} | {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
        assert not file.name.endswith(("html", "svg"))
        if file.is_image:
            assert b"<script" not in body(served)
        shut(served)


def test_no_place_is_left_in_a_served_photo(leader, world):
    file = stored(leader, world, samples.photo(), "foto.jpg")
    for name in ("files:download", "files:thumbnail"):
        data = body(leader.get(reverse(name, args=[file.pk])))
        assert b"Exif" not in data
        assert b"http://ns.adobe.com" not in data


def test_a_declared_type_and_a_name_are_not_believed(leader, world):
    lie = SimpleUploadedFile("foto.jpg", samples.PDF, content_type="text/html")
    leader.post(add_url(world), {"uuid": str(uuid.uuid4()), "file": lie}, headers=JSON)
    file = Evidence.objects.get().file
    assert (file.content_type, file.name) == ("application/pdf", "foto.pdf")
