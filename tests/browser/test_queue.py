"""Filling in on a bad line: what is entered is stored exactly once, in order, under the person who entered it."""

import datetime
import re

import pytest
from django.contrib.sessions.models import Session
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import expect

from supervisi.instrument_cache import engine_instrument
from supervisi.models import AnswerEvidence, AnswerRevision, Checklist, RevisionOutcome
from supervisi.services.answers import save_operation
from tests.browser.conftest import sign_in
from tests.supervisi.sheets import make_world, op

pytestmark = pytest.mark.django_db(transaction=True)
AREA = "7"
SAVED = re.compile(r"^Tersimpan \d\d\.\d\d$")
PHOTO_SCRIPT = """async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 3000; canvas.height = 2000;
  const context = canvas.getContext("2d");
  context.fillStyle = "#876"; context.fillRect(0, 0, 3000, 2000);
  context.fillStyle = "#fff"; context.fillText("Loket", 200, 200);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  return Array.from(new Uint8Array(await blob.arrayBuffer()));
}"""


@pytest.fixture
def world(server):
    return make_world("antre")


@pytest.fixture
def path(world):
    return f"/supervisi/lembar/{world.checklist.pk}/area/{AREA}/"


def letters(world, count=10):
    """The first items of the area that are answered by a letter."""
    items = engine_instrument(world.instrument).items_of_area(AREA)
    return [item for item in items if item.options][:count]


def open_area(page, path):
    page.goto(path)
    page.wait_for_selector("main[data-ready]")
    return page


def card(page, code):
    return page.locator(f'[data-wbbm-item="{code}"]')


def choose(page, code, letter):
    card(page, code).locator(f'input[type=radio][value="{letter}"]').first.check()


def state(page, code):
    return card(page, code).locator("[data-wbbm-state]")


def kept(page, name="operations"):
    """Return what waits on the device, whoever it belongs to."""
    return page.evaluate(
        """(name) => new Promise((resolve) => {
          const request = indexedDB.open("wbbm-antrean");
          request.onsuccess = () => {
            const all = request.result.transaction(name).objectStore(name).getAll();
            all.onsuccess = () => { resolve(all.result); request.result.close(); };
          };
        })""",
        name,
    )


def waiting(page, name="operations"):
    return len(kept(page, name))


def wait_until_kept(page, count, name="operations"):
    for _ in range(300):
        if waiting(page, name) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{waiting(page, name)} kept, {count} expected")


def history(world):
    rows = AnswerRevision.objects.filter(checklist=world.checklist).order_by("pk")
    return [(row.answer.item.code, row.value["answer"], row.outcome) for row in rows.select_related("answer__item")]


def expected(items):
    return [(item.code, item.options[place % 2].code, RevisionOutcome.ACCEPTED) for place, item in enumerate(items)]


def answer_all(page, items):
    for place, item in enumerate(items):
        choose(page, item.code, item.options[place % 2].code)
        expect(state(page, item.code)).to_contain_text(re.compile("Di perangkat|Menyimpan|Tersimpan"))
    return expected(items)


def evidence_exists():
    try:
        reverse("supervisi:evidence-add", args=[1])
    except NoReverseMatch:
        return False
    return True


def attach_photo(page, code):
    data = bytes(page.evaluate(PHOTO_SCRIPT))
    file = {"name": "loket.jpg", "mimeType": "image/jpeg", "buffer": data}
    card(page, code).locator('input[type="file"]').first.set_input_files(file)


def test_an_answer_saves_itself_and_moves_progress_and_score(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    first = letters(world)[0]
    choose(page, first.code, "A")
    expect(state(page, first.code)).to_have_text(SAVED)
    expect(page.locator('[data-wbbm-progress-text="area"]')).to_have_text(re.compile(r"^1 dari 17"))
    expect(page.locator("[data-wbbm-net]")).to_be_hidden()
    assert history(world) == [(first.code, "A", "accepted")]
    assert waiting(page) == 0
    page.reload()
    expect(card(page, first.code).locator(".zi-item__chosen .zi-letter")).to_have_text("A")


def test_saved_is_said_only_after_the_reply(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    first = letters(world)[0]
    held = []
    page.route("**/operasi/", lambda route: held.append(route))
    choose(page, first.code, "A")
    expect(state(page, first.code)).to_have_text("Menyimpan")
    page.wait_for_timeout(300)
    expect(state(page, first.code)).to_have_text("Menyimpan")
    assert waiting(page) == 1
    held[0].continue_()
    expect(state(page, first.code)).to_have_text(SAVED)


def test_ten_answers_and_a_photo_without_network_survive_a_killed_browser(device, world, path):
    page = open_area(device.start(world.leader), path)
    items = letters(world)
    device.context.set_offline(True)
    said = answer_all(page, items)
    attach_photo(page, items[0].code)
    wait_until_kept(page, 1, "photos")
    wait_until_kept(page, 10)
    expect(page.locator("[data-wbbm-net]")).to_contain_text("Sinyal lemah. Teruskan mengisi; 10 jawaban dan 1 berkas")
    expect(state(page, items[9].code)).to_have_text("Di perangkat")
    assert history(world) == []
    device.kill()

    page = open_area(device.start(world.leader), path)
    expect(state(page, items[9].code)).to_have_text(SAVED)
    wait_until_kept(page, 0)
    assert history(world) == said
    # They came in one go, and yet each keeps when it was given.
    waits = [row.saved_at - row.made_at for row in AnswerRevision.objects.all()]
    assert min(waits) >= datetime.timedelta(seconds=1)
    wait_until_kept(page, 0, "photos")
    assert AnswerEvidence.objects.filter(answer=world.answer(items[0].code)).count() == 1


def test_answers_survive_a_server_that_answers_500(device, world, path):
    page = open_area(device.start(world.leader), path)
    items = letters(world)
    page.route("**/operasi/", lambda route: route.fulfill(status=500, body="gangguan"))
    said = answer_all(page, items)
    attach_photo(page, items[0].code)
    wait_until_kept(page, 10)
    wait_until_kept(page, 1, "photos")
    expect(page.locator("[data-wbbm-net]")).to_contain_text("Isian Anda tetap di perangkat")
    device.kill()
    page = open_area(device.start(world.leader), path)
    wait_until_kept(page, 0)
    assert history(world) == said
    wait_until_kept(page, 0, "photos")
    assert AnswerEvidence.objects.count() == 1


def test_answers_survive_an_expired_session(device, world, path):
    page = open_area(device.start(world.leader), path)
    items = letters(world)
    Session.objects.all().delete()
    said = answer_all(page, items)
    attach_photo(page, items[0].code)
    wait_until_kept(page, 10)
    wait_until_kept(page, 1, "photos")
    net = page.locator("[data-wbbm-net]")
    expect(net).to_contain_text("Sesi Anda berakhir. Jawaban tetap ada di sini; masuk lagi untuk mengirimnya.")
    expect(net.get_by_role("link", name="Masuk lagi")).to_be_visible()
    device.kill()
    page = open_area(device.start(world.leader), path)
    wait_until_kept(page, 0)
    assert history(world) == said
    wait_until_kept(page, 0, "photos")


def test_after_signing_in_elsewhere_the_open_page_goes_on(signed_in_page, world, path, server):
    page = open_area(signed_in_page(world.leader), path)
    items = letters(world, 2)
    Session.objects.all().delete()
    choose(page, items[0].code, "A")
    expect(page.locator("[data-wbbm-net]")).to_contain_text("Sesi Anda berakhir.")
    sign_in(page.context, world.leader, server)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state(page, items[0].code)).to_have_text(SAVED)
    expect(page.locator("[data-wbbm-net]")).to_have_text("Tersambung lagi. Semua jawaban terkirim.")


def test_another_person_on_the_same_device_neither_sees_nor_sends(device, world, path):
    page = open_area(device.start(world.leader), path)
    items = letters(world, 3)
    device.context.set_offline(True)
    said = answer_all(page, items)
    wait_until_kept(page, 3)
    device.kill()

    other = world.members[0]
    page = open_area(device.start(other), path)
    page.wait_for_timeout(1000)
    for item in items:
        expect(state(page, item.code)).to_have_text("Belum diisi")
        expect(card(page, item.code).locator("input:checked")).to_have_count(0)
    assert history(world) == []
    assert waiting(page) == 3
    device.close()

    page = open_area(device.start(world.leader), path)
    wait_until_kept(page, 0)
    assert history(world) == said
    assert {row.author for row in AnswerRevision.objects.all()} == {world.leader}


def test_a_page_of_one_person_never_sends_as_the_next(signed_in_page, world, path, server):
    page = open_area(signed_in_page(world.leader), path)
    first = letters(world)[0]
    page.context.clear_cookies()
    sign_in(page.context, world.members[0], server)
    page.context.add_cookies([{"name": "csrftoken", "value": "x" * 32, "url": server}])
    page.route("**/operasi/", lambda route: route.continue_(headers=csrf(route.request.headers)))
    choose(page, first.code, "A")
    expect(page.locator("[data-wbbm-net]")).to_contain_text("Akun lain sedang masuk.")
    assert history(world) == []
    assert waiting(page) == 1


def csrf(headers):
    return headers | {"x-csrftoken": "x" * 32, "cookie": headers.get("cookie", "")}


def test_a_reply_that_is_lost_stores_the_answer_once(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    first = letters(world)[0]
    tries = []

    def lose_first_reply(route):
        tries.append(route.request.post_data_json["uuid"])
        if len(tries) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/operasi/", lose_first_reply)
    choose(page, first.code, "A")
    expect(state(page, first.code)).to_have_text(SAVED)
    assert len(tries) == 2
    assert len(set(tries)) == 1
    assert history(world) == [(first.code, "A", "accepted")]


def test_a_tried_operation_is_kept_and_the_newer_one_follows(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    first = letters(world)[0]
    page.route("**/operasi/", lambda route: route.abort())
    choose(page, first.code, "A")
    expect(page.locator("[data-wbbm-net]")).to_contain_text("Sinyal lemah.")
    choose(page, first.code, "B")
    choose(page, first.code, "C")
    wait_until_kept(page, 2)
    page.unroute("**/operasi/")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(state(page, first.code)).to_have_text(SAVED)
    wait_until_kept(page, 0)
    assert history(world) == [(first.code, "A", "accepted"), (first.code, "C", "accepted")]
    assert world.answer(first.code).version == 2


def test_what_is_typed_is_kept_at_once(device, world, path):
    page = open_area(device.start(world.leader), path)
    code = letters(world)[0].code
    device.context.set_offline(True)
    card(page, code).locator("textarea").first.press_sequentially("Petugas ramah")
    for _ in range(100):
        if [operation["value"]["note"] for operation in kept(page)] == ["Petugas ramah"]:
            break
        page.wait_for_timeout(50)
    device.kill()
    page = open_area(device.start(world.leader), path)
    wait_until_kept(page, 0)
    assert world.answer(code).value["note"] == "Petugas ramah"


def test_a_conflict_is_shown_with_both_values_and_settled(signed_in_page, world, path):
    first = letters(world)[0]
    page = open_area(signed_in_page(world.members[0]), path)
    save_operation(checklist=world.reload(), operation=op(first.code, "B", note="dari ketua"), by=world.leader)
    choose(page, first.code, "A")
    expect(state(page, first.code)).to_have_text("Perlu dipilih")
    conflict = card(page, first.code).locator("[data-wbbm-conflict]")
    expect(conflict).to_contain_text("Dua jawaban berbeda")
    expect(conflict).to_contain_text("Jabatan uji (ketua tim)")
    expect(conflict).to_contain_text("dari ketua")
    assert waiting(page) == 0
    conflict.get_by_role("button", name="Pakai jawaban saya").click()
    expect(state(page, first.code)).to_have_text(SAVED)
    assert world.answer(first.code).value["answer"] == "A"
    assert world.answer(first.code).version == 2


def test_a_conflict_is_still_there_after_a_reload_and_can_be_given_up(signed_in_page, world, path):
    first = letters(world)[0]
    page = open_area(signed_in_page(world.members[0]), path)
    save_operation(checklist=world.reload(), operation=op(first.code, "B"), by=world.leader)
    choose(page, first.code, "A")
    expect(state(page, first.code)).to_have_text("Perlu dipilih")
    page.reload()
    page.wait_for_selector("main[data-ready]")
    expect(state(page, first.code)).to_have_text("Perlu dipilih")
    card(page, first.code).get_by_role("button", name="Pakai yang tersimpan").click()
    expect(state(page, first.code)).to_have_text(SAVED)
    assert world.answer(first.code).value["answer"] == "B"
    page.reload()
    expect(page.locator("main [data-wbbm-conflict]")).to_have_count(0)


def test_on_a_locked_sheet_the_answer_stays_until_it_is_a_draft_again(signed_in_page, world, path):
    first = letters(world)[0]
    page = open_area(signed_in_page(world.leader), path)
    Checklist.objects.filter(pk=world.checklist.pk).update(status="submitted")
    choose(page, first.code, "A")
    message = card(page, first.code).locator("[data-wbbm-message]")
    expect(message).to_contain_text("Lembar sudah diserahkan. Jawaban ini tetap di perangkat.")
    page.reload()
    page.wait_for_selector("main[data-ready]")
    expect(card(page, first.code).locator("[data-wbbm-message]")).to_contain_text("tetap di perangkat")
    assert waiting(page) == 1
    Checklist.objects.filter(pk=world.checklist.pk).update(status="draft")
    page.reload()
    wait_until_kept(page, 0)
    assert history(world) == [(first.code, "A", "accepted")]


def test_what_is_invalid_can_be_discarded(signed_in_page, world, path):
    code = letters(world)[0].code
    page = open_area(signed_in_page(world.leader), path)
    page.evaluate(
        """([code]) => document.querySelector(`[data-wbbm-item="${code}"] textarea`).removeAttribute("maxlength")""",
        [code],
    )
    note = card(page, code).locator("textarea").first
    note.fill("x" * 4001)
    note.blur()
    expect(card(page, code).locator("[data-wbbm-message]")).to_contain_text("Catatan terlalu panjang: 4001 huruf")
    card(page, code).get_by_role("button", name="Buang perubahan ini").click()
    expect(state(page, code)).to_have_text("Belum diisi")
    expect(note).to_have_value("")
    assert waiting(page) == 0
    assert history(world) == []


def test_what_is_invalid_stays_on_the_card_until_it_is_corrected(signed_in_page, world, path):
    items = engine_instrument(world.instrument).items_of_area(AREA)
    item = next(each for each in items if each.inputs)
    code = item.code
    page = open_area(signed_in_page(world.leader), path)
    fields = card(page, code).locator("[data-key]")
    fields.nth(0).fill("lima")
    fields.nth(0).blur()
    expect(state(page, code)).to_have_text("Gagal tersimpan")
    expect(card(page, code).locator("[data-wbbm-message]")).to_contain_text("bilangan bulat")
    assert waiting(page) == 1
    for place in range(fields.count()):
        fields.nth(place).fill("5")
    fields.nth(0).blur()
    expect(state(page, code)).to_have_text(SAVED)
    expect(card(page, code).locator("output")).to_have_text("100,00%")
    wait_until_kept(page, 0)


@pytest.mark.parametrize("locks", ["with locks", "without locks"])
def test_two_tabs_send_every_answer_once(signed_in_page, world, path, locks):
    one = signed_in_page(world.leader)
    if locks == "without locks":
        # As on a plain http address in the office network.
        one.context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined });")
    open_area(one, path)
    two = one.context.new_page()
    open_area(two, path)
    items = letters(world, 6)
    one.context.set_offline(True)
    for item in items[:3]:
        choose(one, item.code, item.options[0].code)
    for item in items[3:]:
        choose(two, item.code, item.options[0].code)
    wait_until_kept(one, 6)
    one.context.set_offline(False)
    wait_until_kept(one, 0)
    assert sorted(code for code, _, _ in history(world)) == sorted(item.code for item in items)
    for page in (one, two):
        for item in items:
            expect(state(page, item.code)).to_have_text(SAVED)
            expect(card(page, item.code).locator(f'input[value="{item.options[0].code}"]').first).to_be_checked()


def test_a_queue_is_sent_from_any_page(device, world, path):
    page = open_area(device.start(world.leader), path)
    items = letters(world, 2)
    device.context.set_offline(True)
    said = answer_all(page, items)
    wait_until_kept(page, 2)
    device.kill()
    page = device.start(world.leader)
    page.goto(f"/supervisi/lembar/{world.checklist.pk}/riwayat/{items[0].code}/")
    wait_until_kept(page, 0)
    assert history(world) == said


def test_leaving_with_a_full_queue_warns(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    page.context.set_offline(True)
    choose(page, letters(world)[0].code, "A")
    wait_until_kept(page, 1)
    expect(page.locator("[data-wbbm-net]")).to_be_visible()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_leaving_on_a_good_line_asks_nothing_and_loses_nothing(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    code = letters(world)[0].code
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    card(page, code).locator("textarea").first.press_sequentially("Masih mengetik")
    page.goto(f"/supervisi/lembar/{world.checklist.pk}/area/1/")
    page.wait_for_selector("main[data-ready]")
    wait_until_kept(page, 0)
    assert asked == []
    assert world.answer(code).value["note"] == "Masih mengetik"


def test_without_a_store_on_the_device_the_page_is_the_plain_form(signed_in_page, world, path):
    page = signed_in_page(world.leader)
    page.add_init_script("IDBFactory.prototype.open = () => { throw new Error('no store'); };")
    page.goto(path)
    expect(page.locator("[data-wbbm-net]")).to_contain_text("tidak dapat menyimpan jawaban di perangkat")
    first = letters(world)[0]
    choose(page, first.code, "A")
    page.locator("[data-wbbm-plain] button", has_text="Simpan area ini").click()
    expect(page.get_by_text("1 jawaban tersimpan.")).to_be_visible()
    assert history(world) == [(first.code, "A", "accepted")]


def test_without_script_the_page_is_the_plain_form(signed_in_page, world, path):
    page = signed_in_page(world.leader, java_script_enabled=False)
    page.goto(path)
    first = letters(world)[0]
    choose(page, first.code, "A")
    page.locator("[data-wbbm-plain] button", has_text="Simpan area ini").click()
    expect(page.get_by_text("1 jawaban tersimpan.")).to_be_visible()
    assert history(world) == [(first.code, "A", "accepted")]


def test_without_script_enter_saves_and_settles_no_conflict(signed_in_page, world, path):
    first = letters(world)[0]
    item = next(each for each in engine_instrument(world.instrument).items_of_area(AREA) if each.inputs)
    person = world.members[0]
    save_operation(checklist=world.reload(), operation=op(first.code, "B"), by=world.leader)
    save_operation(checklist=world.reload(), operation=op(first.code, "A"), by=person)
    page = signed_in_page(person, java_script_enabled=False)
    page.goto(path)
    expect(card(page, first.code).get_by_role("button", name="Pakai jawaban saya")).to_be_visible()
    card(page, item.code).locator("[data-key]").first.fill("5")
    card(page, item.code).locator("[data-key]").first.press("Enter")
    expect(page.get_by_text("1 jawaban tersimpan.")).to_be_visible()
    assert world.answer(first.code).version == 1
    expect(card(page, first.code).get_by_role("button", name="Pakai jawaban saya")).to_be_visible()


def test_an_old_unsent_answer_is_warned_of(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    page.context.set_offline(True)
    choose(page, letters(world)[0].code, "A")
    wait_until_kept(page, 1)
    page.evaluate("Date.now = ((now) => () => now() + 4 * 24 * 3600 * 1000)(Date.now)")
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(page.locator("[data-wbbm-net]")).to_contain_text("Ada jawaban yang belum terkirim sejak 3 hari.")


def test_the_page_fits_the_phone_and_breaks_no_policy(signed_in_page, world, path):
    said = []
    page = signed_in_page(world.leader)
    page.on("console", lambda message: said.append(message.text) if "Content Security Policy" in message.text else None)
    page.on("pageerror", lambda fault: said.append(str(fault)))
    open_area(page, path)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert said == []
