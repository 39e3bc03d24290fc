"""Evidence in the browser: shrunk on the phone, waiting on the device, refused in words, and without any script."""

import datetime
import errno
import io
import re
import sys

import pytest
from django.core.files.storage import FileSystemStorage
from PIL import Image
from playwright.sync_api import expect

from supervisi.models import AnswerEvidence, Checklist, Evidence
from supervisi.services import evidence as service
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_queue import card, choose, open_area, state, wait_until_kept
from tests.files import samples
from tests.supervisi.sheets import make_world
from tests.supervisi.test_vault import keep, revise
from wbbm.files.models import StoredFile

pytestmark = pytest.mark.django_db(transaction=True)
CODE = "P.1.1.i.a"


@pytest.fixture
def world(server):
    return make_world("bukti")


@pytest.fixture
def path(world):
    return f"/supervisi/lembar/{world.checklist.pk}/area/1/"


def as_file(name, data, kind="application/octet-stream"):
    return {"name": name, "mimeType": kind, "buffer": data}


def jpeg(name="loket.jpg", **options):
    return as_file(name, samples.photo(**options), "image/jpeg")


def choose_files(page, *files, camera=False):
    card(page, CODE).locator('input[type="file"]').nth(0 if camera else 1).set_input_files(list(files))


def lines(page):
    return card(page, CODE).locator("[data-wbbm-link]")


def refused(page):
    return card(page, CODE).locator(".zi-refused")


def test_the_phone_shrinks_a_photo_and_brings_the_cameras_date_along(signed_in_page, world, path, monkeypatch):
    real, came = service.receive, []

    def watched(upload):
        came.append(real(upload))
        return came[-1]

    monkeypatch.setattr(service, "receive", watched)
    page = open_area(signed_in_page(world.leader), path)
    photo = samples.encode(samples.scene(4000, 3000), quality=95, exif=samples.exif(orientation=6))
    choose_files(page, as_file("IMG_1.jpg", photo, "image/jpeg"), camera=True)
    expect(lines(page)).to_have_count(1)
    expect(lines(page)).to_contain_text("jam kamera")
    (received,) = came
    assert len(received.data) < 400 * 1024
    assert b"KameraUji" not in received.data
    assert Image.open(io.BytesIO(received.data)).size == (1536, 2048)
    file = StoredFile.objects.get()
    assert (file.width, file.height) == (1536, 2048)
    assert file.taken_at == datetime.datetime(2026, 9, 17, 3, 32, 5, tzinfo=datetime.UTC)
    assert file.original_sha256 != file.sha256


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_of_several_files_a_bad_one_costs_the_others_nothing(signed_in_page, world, path, width, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    page = open_area(signed_in_page(world.leader, width), path)
    choose_files(
        page,
        as_file("Surat perintah tugas tim supervisi triwulan ketiga bagian pertama.pdf", samples.PDF),
        as_file("video.mp4", b"x"),
        as_file("kosong.pdf", b""),
        as_file("palsu.pdf", samples.HTML),
        as_file("besar.pdf", b"%PDF-" + b"x" * (11 * 1024 * 1024)),
        as_file("IMG_0001.HEIC", samples.HEIC_HEAD, "image/heic"),
        jpeg(),
    )
    expect(lines(page)).to_have_count(2)
    expect(refused(page)).to_have_count(5)
    words = " ".join(refused(page).all_inner_texts())
    for expected in (
        "video.mp4\nDitolak: bukan PDF atau foto.",
        "kosong.pdf\nBerkas ini kosong.",
        "palsu.pdf\nDitolak: bukan PDF atau foto.",
        "besar.pdf\nBerkas 12 MB terlalu besar. Batasnya 10 MB.",
        "IMG_0001.HEIC\nFoto HEIC belum dapat dibaca di sini;",
    ):
        assert expected in words
    expect(card(page, CODE).locator("[data-wbbm-evidence-count]")).to_have_text("2")
    choose(page, CODE, "A")
    expect(state(page, CODE)).to_have_text(re.compile("Tersimpan"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for left in range(4, -1, -1):
        refused(page).get_by_role("button").first.click()
        expect(refused(page)).to_have_count(left)
    wait_until_kept(page, 0, "photos")
    assert AnswerEvidence.objects.count() == 2


def test_a_known_file_is_said_and_shown_once(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    choose_files(page, jpeg())
    expect(lines(page)).to_have_count(1)
    choose_files(page, jpeg("salinan.jpg"))
    expect(card(page, CODE).locator("[data-wbbm-evidence-note]")).to_have_text(
        "Berkas ini sudah ada sebagai bukti nomor 1."
    )
    expect(lines(page)).to_have_count(1)
    wait_until_kept(page, 0, "photos")
    assert Evidence.objects.count() == 1


def test_a_full_server_keeps_the_photo_on_the_device_until_it_can_be_stored(signed_in_page, world, path, monkeypatch):
    def full(self, name, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    page = open_area(signed_in_page(world.leader), path)
    with monkeypatch.context() as patched:
        patched.setattr(FileSystemStorage, "_save", full)
        with page.expect_response(lambda response: response.status == 507):
            choose_files(page, jpeg(), camera=True)
        expect(card(page, CODE).locator("[data-wbbm-evidence-list]")).to_contain_text("di perangkat")
        wait_until_kept(page, 1, "photos")
        assert AnswerEvidence.objects.count() == 0
    page.reload()
    expect(lines(page)).to_have_count(1)
    wait_until_kept(page, 0, "photos")
    assert AnswerEvidence.objects.count() == 1


def test_a_photo_for_a_sheet_that_was_handed_in_waits_until_it_is_a_draft_again(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    choose_files(page, jpeg())
    expect(card(page, CODE).locator("[data-wbbm-evidence-list]")).to_contain_text(
        "di perangkat; lembar sudah diserahkan"
    )
    assert AnswerEvidence.objects.count() == 0
    Checklist.objects.filter(pk=world.checklist.pk).update(status="draft")
    page.reload()
    expect(lines(page)).to_have_count(1)


def test_evidence_is_taken_away_by_one_press_right_after_it_was_stored(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    choose_files(page, jpeg())
    lines(page).get_by_role("button", name="Lepas bukti 1").click()
    expect(card(page, CODE)).to_contain_text("Bukti nomor 1 dilepas dari butir ini.")
    expect(lines(page)).to_have_count(0)
    assert AnswerEvidence.objects.attached().count() == 0


def test_a_stored_file_is_downloaded_and_never_opened_as_a_page(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    choose_files(page, as_file("surat.pdf", samples.PDF))
    expect(lines(page)).to_have_count(1)
    with page.expect_download() as caught:
        lines(page).get_by_role("link", name="bukti 1, 125 bita").click()
    assert caught.value.suggested_filename == "surat.pdf"
    assert page.url.endswith(path)


def test_files_are_sent_without_any_script(signed_in_page, world, path):
    page = signed_in_page(world.leader, java_script_enabled=False)
    page.goto(path)
    inputs = card(page, CODE).locator('input[type="file"]')
    # The browser's own fields are seen: they name what was chosen.
    for place in range(2):
        assert inputs.nth(place).evaluate("element => getComputedStyle(element).opacity") == "1"
    inputs.nth(0).set_input_files(jpeg())
    inputs.nth(1).set_input_files([as_file("surat.pdf", samples.PDF), as_file("palsu.pdf", samples.HTML)])
    card(page, CODE).get_by_role("button", name="Unggah").click()
    expect(card(page, CODE)).to_contain_text("palsu.pdf: Ditolak: bukan PDF atau foto.")
    expect(lines(page)).to_have_count(2)
    expect(card(page, CODE).get_by_role("alert")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert AnswerEvidence.objects.count() == 2
    lines(page).first.get_by_role("button", name="Lepas").click()
    expect(lines(page)).to_have_count(1)


def test_evidence_that_is_there_is_chosen_on_the_card_and_a_revision_takes_its_place(signed_in_page, world, path):
    first = keep(world, title="Standar pelayanan SPKT", document_number="SP/3")
    keep(world, samples.photo(), title="Denah alur")
    page = open_area(signed_in_page(world.leader, PHONE), path)

    def pick(search):
        card(page, CODE).get_by_role("searchbox").fill(search)
        card(page, CODE).get_by_role("button", name="Cari").click()
        expect(card(page, CODE).get_by_text("Denah alur")).to_have_count(0)
        attach = card(page, CODE).get_by_role("button", name=re.compile("^Pasang"))
        attach.click()
        expect(attach).to_have_count(0)

    card(page, CODE).get_by_role("link", name=re.compile("^Pilih dari bukti")).click()
    pick("sp/3")
    expect(lines(page)).to_have_count(1)
    expect(lines(page)).to_contain_text("Standar pelayanan SPKT")
    expect(card(page, CODE).get_by_text("Bukti nomor 1 dipasang pada butir ini.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    second = revise(first, samples.photo(2), world.operator)
    pick("sp/3")
    expect(lines(page)).to_have_count(1)
    expect(card(page, CODE).locator("[data-wbbm-evidence-count]")).to_have_text("1")
    assert [link.evidence for link in AnswerEvidence.objects.attached()] == [second]
    # Uploading the newest file does the same; an older one is refused in words and stays on the device.
    newest = samples.PDF + b"\n% revisi 3\n"
    third = revise(second, newest, world.operator)
    choose_files(page, as_file("baru.pdf", newest))
    expect(card(page, CODE).locator("[data-wbbm-evidence-note]")).to_contain_text("sudah ada sebagai bukti nomor 1")
    expect(lines(page)).to_have_count(1)
    assert [link.evidence for link in AnswerEvidence.objects.attached()] == [third]
    choose_files(page, as_file("lama.pdf", samples.PDF))
    expect(refused(page)).to_contain_text("revisi lama (1) dari bukti nomor 1")
    expect(refused(page)).to_contain_text("pasang revisi 3")
    # The card itself stays as it was: nothing of the search was taken for an answer.
    assert world.answer().version == 0
