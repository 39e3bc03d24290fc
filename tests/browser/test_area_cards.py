"""What a card does in the browser beside saving: findings, files, moving on."""

import re

import pytest
from playwright.sync_api import expect

from supervisi.instrument_cache import engine_instrument
from supervisi.models import AnswerEvidence, AnswerRevision, Finding
from supervisi.services.copying import copy_last_sheet
from tests.browser.test_queue import SAVED, card, choose, open_area, state, wait_until_kept
from tests.supervisi.sheets import SEVERE_PERCENT, make_world
from tests.supervisi.test_copying import before_visit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(server):
    return make_world("kartu")


def area(world, key):
    return f"/supervisi/lembar/{world.checklist.pk}/area/{key}/"


def severe_letter(world):
    instrument = engine_instrument(world.instrument)
    return next((item, option) for item in instrument.items for option in item.options if option.is_severe)


def test_a_severe_option_asks_for_its_finding_at_once(signed_in_page, world):
    item, option = severe_letter(world)
    page = open_area(signed_in_page(world.leader), area(world, item.area_key))
    section = card(page, item.code).locator("[data-wbbm-severe]")
    expect(section).to_be_hidden()
    choose(page, item.code, option.code)
    expect(section).to_be_visible()
    expect(state(page, item.code)).to_have_text(SAVED)
    section.get_by_label("Yang ditemukan").fill("Ada pungutan di loket.")
    section.get_by_label("Rekomendasi").fill("Hentikan dan kembalikan uangnya.")
    page.context.set_offline(True)
    section.get_by_role("button", name="Catat temuan berat").click()
    expect(section).to_contain_text("Gagal terkirim. Coba lagi; tulisan Anda tetap di sini.")
    page.context.set_offline(False)
    section.get_by_role("button", name="Catat temuan berat").click()
    expect(section).to_be_hidden()
    finding = Finding.objects.get()
    assert (finding.item.code, finding.severity, finding.option_code) == (item.code, "severe", option.code)
    assert finding.owner_title == "Kapolsek"
    page.reload()
    page.wait_for_selector("main[data-ready]")
    expect(card(page, item.code).locator("[data-wbbm-severe]")).to_be_hidden()
    # What is typed into the finding is no answer.
    assert AnswerRevision.objects.count() == 1


def test_a_percentage_below_full_asks_for_a_finding(signed_in_page, world):
    page = open_area(signed_in_page(world.leader), area(world, "4"))
    fields = card(page, SEVERE_PERCENT).locator("[data-key]")
    section = card(page, SEVERE_PERCENT).locator("[data-wbbm-severe]")
    fields.nth(0).fill("5")
    fields.nth(1).fill("5")
    expect(section).to_be_hidden()
    fields.nth(1).fill("4")
    expect(section).to_be_visible()
    expect(card(page, SEVERE_PERCENT).locator("output")).to_have_text("80,00%")
    fields.nth(1).blur()
    expect(state(page, SEVERE_PERCENT)).to_have_text(SAVED)
    page.reload()
    page.wait_for_selector("main[data-ready]")
    expect(section).to_be_visible()


def test_a_wrong_file_gets_its_message_and_costs_nothing_else(signed_in_page, world):
    page = open_area(signed_in_page(world.leader), area(world, "1"))
    code = "P.1.1.i.a"
    files = card(page, code).locator('input[type="file"]').nth(1)
    files.set_input_files({"name": "apel.mp4", "mimeType": "video/mp4", "buffer": b"x" * 10})
    expect(card(page, code).locator(".zi-thumb--bad")).to_contain_text("Ditolak: bukan PDF atau foto.")
    files.set_input_files({"name": "palsu.pdf", "mimeType": "application/pdf", "buffer": b"<html>bukan</html>"})
    expect(card(page, code).locator(".zi-thumb--bad")).to_have_count(2)
    choose(page, code, "A")
    expect(state(page, code)).to_have_text(SAVED)
    for _ in range(2):
        card(page, code).get_by_role("button", name="Buang").first.click()
    expect(card(page, code).locator(".zi-thumb--bad")).to_have_count(0)
    wait_until_kept(page, 0, "photos")
    assert AnswerEvidence.objects.count() == 0


def test_a_file_appears_with_its_number_once_it_is_stored(signed_in_page, world):
    page = open_area(signed_in_page(world.leader), area(world, "1"))
    code = "P.1.1.i.a"
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    pdf += b"trailer<</Root 1 0 R>>\n%%EOF\n"
    card(page, code).locator('input[type="file"]').nth(1).set_input_files(
        {"name": "sprin.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    expect(card(page, code).locator("[data-wbbm-evidence-list] a.zi-thumb")).to_contain_text("bukti 1")
    expect(card(page, code).locator("[data-wbbm-evidence-note]")).to_have_text("Bukti nomor 1 tersimpan.")
    expect(card(page, code).locator("[data-wbbm-evidence-count]")).to_have_text("1")
    page.reload()
    expect(card(page, code).locator("[data-wbbm-evidence-list]")).to_contain_text("bukti 1")


def test_the_next_empty_item_is_one_press_away(signed_in_page, world):
    page = open_area(signed_in_page(world.leader), area(world, "1"))
    choose(page, "P.1.1.i.a", "A")
    expect(state(page, "P.1.1.i.a")).to_have_text(SAVED)
    page.get_by_role("link", name="Kosong berikutnya").click()
    focused = page.evaluate("document.activeElement.closest('[data-wbbm-item]').dataset.wbbmItem")
    assert focused != "P.1.1.i.a"
    top = page.evaluate("document.activeElement.closest('[data-wbbm-item]').getBoundingClientRect().top")
    head = page.evaluate("document.querySelector('.zi-sticky').offsetHeight")
    assert top >= head


def test_only_the_keyboard_is_needed_to_answer(signed_in_page, world):
    page = open_area(signed_in_page(world.leader), area(world, "1"))
    card(page, "P.1.1.i.a").locator('input[type=radio][value="A"]').focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(state(page, "P.1.1.i.a")).to_have_text(re.compile("Tersimpan"))
    wait_until_kept(page, 0)
    assert world.answer("P.1.1.i.a").value["answer"] == "B"


def test_an_option_chosen_by_mistake_can_be_taken_back(signed_in_page, world):
    page = open_area(signed_in_page(world.leader), area(world, "1"))
    clear = card(page, "P.1.1.i.a").get_by_role("button", name="Kosongkan jawaban")
    expect(clear).to_be_hidden()
    choose(page, "P.1.1.i.a", "A")
    expect(state(page, "P.1.1.i.a")).to_have_text(SAVED)
    clear.click()
    expect(page.locator('[data-wbbm-progress-text="area"]')).to_have_text(re.compile("^0 dari 5"))
    wait_until_kept(page, 0)
    assert world.answer("P.1.1.i.a").value["answer"] is None
    expect(clear).to_be_hidden()


def test_a_copied_answer_is_confirmed_by_one_press_also_without_a_line(signed_in_page, world):
    copy_last_sheet(checklist=before_visit(world), by=world.leader)
    page = open_area(signed_in_page(world.leader), area(world, "1"))
    code, progress = "P.1.1.i.a", page.locator('[data-wbbm-progress-text="area"]')
    expect(state(page, code)).to_have_text("Perlu ditinjau")
    expect(progress).to_have_text("0 dari 5 butir terisi, 1 perlu ditinjau")
    # What is tapped anyway is no confirmation; only the button is.
    choose(page, code, "B")
    expect(state(page, code)).to_have_text("Perlu ditinjau")
    page.context.set_offline(True)
    card(page, code).get_by_role("button", name="Masih sama").click()
    expect(state(page, code)).to_have_text("Di perangkat")
    page.context.set_offline(False)
    expect(state(page, code)).to_have_text(SAVED)
    expect(progress).to_have_text("1 dari 5 butir terisi")
    expect(card(page, code).get_by_role("button", name="Masih sama")).to_have_count(0)
    answer = world.answer(code)
    assert (answer.version, answer.value["answer"], answer.needs_review) == (2, "B", False)
