"""The main job from the first answer to the final sheet, as the whole team, on the portal's real processes."""

from __future__ import annotations

import io
import json
import re
import time
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urljoin

import pytest
from django.core.management import call_command
from PIL import Image
from playwright.sync_api import Page, expect

from supervisi.instrument_cache import engine_instrument
from supervisi.models import AnswerRevision, Checklist, ChecklistStatus, Finding, Visit
from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.test_queue import SAVED, card, choose, open_area, state, wait_until_kept
from tests.demo_stack import PASSWORD

ON_PHONES = tuple(f"tim{number}" for number in range(1, 8))
AT_DESKS = ("kabagren", "wakapolres", "kapolres", "kapolsek.senori")
ALL = 59
BEGUN = 38
OBSERVED = "Pintu ruang tahanan tidak terkunci saat diperiksa."


class Senori:
    """The visit under way, and the people with a browser each."""

    def __init__(self, browser, address: str) -> None:
        self.visit = Visit.objects.get(unit__code="polsek-senori", status="ongoing")
        self.sheet = Checklist.objects.get(visit=self.visit)
        self.instrument = engine_instrument(self.sheet.instrument)
        self.pages: dict[str, Page] = {}
        for account in ON_PHONES + AT_DESKS:
            width = PHONE if account in ON_PHONES else DESKTOP
            context = browser.new_context(
                base_url=address, viewport={"width": width, "height": 800}, locale="id-ID", bypass_csp=True
            )
            context.set_default_timeout(15_000)
            self.pages[account] = context.new_page()
            self.sign_in(account)

    def sign_in(self, account: str) -> None:
        """Sign in through the form, as a person does."""
        page = self.pages[account]
        page.goto("/masuk/")
        page.get_by_label("NRP atau nama pengguna").fill(account)
        page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        page.wait_for_url(lambda url: "/masuk/" not in url)

    def area(self, account: str, key: str) -> Page:
        """Open an area of the sheet."""
        return open_area(self.pages[account], f"/supervisi/lembar/{self.sheet.pk}/area/{key}/")

    def sheet_of(self, account: str) -> Page:
        """Open the page of the sheet."""
        page = self.pages[account]
        page.goto(f"/supervisi/lembar/{self.sheet.pk}/")
        return page

    def press(self, account: str, label: str, said: str) -> None:
        """Take a step on the sheet's page."""
        page = self.sheet_of(account)
        page.get_by_role("button", name=label).click()
        expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()

    def row(self) -> str:
        """What the Kapolres's page says of Senori, loaded two seconds after whatever came before."""
        page = self.pages["kapolres"]
        page.wait_for_timeout(2000)
        page.goto("/dasbor/")
        return page.locator(".zi-heat tr", has=page.get_by_role("link", name=re.compile("Senori$"))).inner_text()

    def row_with(self, text: str) -> str:
        """What the Kapolres's page says of Senori once it says this; how soon that is, bench/ measures."""
        deadline = time.monotonic() + 20
        row = self.row()
        while text not in row and time.monotonic() < deadline:
            row = self.row()
        assert text in row
        return row

    def empty_codes(self, key: str) -> list[str]:
        """Items of an area without an answer, as the database knows them."""
        rows = self.sheet.answers.filter(is_answered=False).values_list("item__code", flat=True)
        empty = set(rows)
        return [item.code for item in self.instrument.items_of_area(key) if item.code in empty]


@pytest.fixture
def senori(browser, demo):
    stage = Senori(browser, demo)
    yield stage
    for page in stage.pages.values():
        page.context.close()


def photo() -> bytes:
    """A photo as a phone takes it."""
    taken = io.BytesIO()
    Image.effect_noise((3000, 2000), 40).convert("RGB").save(taken, "JPEG", quality=85)
    return taken.getvalue()


def answer(page: Page, senori: Senori, code: str) -> None:
    """Answer an item as well as it can be answered."""
    item = next(item for item in senori.instrument.items if item.code == code)
    if item.options:
        choose(page, code, item.options[0].code)
    else:
        formula = json.loads(card(page, code).locator("[data-wbbm-calc]").get_attribute("data-wbbm-calc"))
        below = formula.get("denominators") or [formula["before"]]
        for key in below:
            card(page, code).locator(f'[data-key="{key}"]').fill("4")
        above = formula.get("numerator") or formula["now"]
        card(page, code).locator(f'[data-key="{above}"]').fill(str(4 * len(below)) if "numerator" in formula else "0")
        card(page, code).locator(f'[data-key="{above}"]').blur()


def saved(page: Page, code: str) -> None:
    expect(state(page, code)).to_have_text(SAVED)


def two_people_fill_one_area_at_once(senori: Senori) -> None:
    """Both see the same empty area; each answer of each is stored, and each sees the other's after a reload."""
    key = max((area.key for area in senori.instrument.areas), key=lambda area: len(senori.empty_codes(area)))
    codes = senori.empty_codes(key)
    one, two = senori.area("tim1", key), senori.area("tim2", key)
    for place, code in enumerate(codes[:-1]):
        answer(one if place % 2 else two, senori, code)
    for place, code in enumerate(codes[:-1]):
        saved(one if place % 2 else two, code)
    authors = AnswerRevision.objects.filter(checklist=senori.sheet, answer__item__code__in=codes)
    assert set(authors.values_list("author__username", flat=True)) == {"tim1", "tim2"}
    one.reload()
    for code in codes[:-1]:
        saved(one, code)


def two_people_disagree(senori: Senori) -> None:
    """The second of two answers to one item is shown both values and settles it."""
    key, item = next(
        (area.key, item)
        for area in senori.instrument.areas
        for item in senori.instrument.items_of_area(area.key)
        if item.code in senori.empty_codes(area.key) and len(item.options) > 2
    )
    first, second = senori.area("tim3", key), senori.area("tim4", key)
    choose(first, item.code, item.options[1].code)
    saved(first, item.code)
    choose(second, item.code, item.options[0].code)
    expect(state(second, item.code)).to_have_text("Perlu dipilih")
    conflict = card(second, item.code).locator("[data-wbbm-conflict]")
    for side in (item.options[0], item.options[1]):
        expect(conflict).to_contain_text(re.compile(re.escape(side.criterion), re.IGNORECASE))
    assert violations(second) == []
    conflict.get_by_role("button", name="Pakai jawaban saya").click()
    saved(second, item.code)
    assert senori.sheet.answers.get(item__code=item.code).value["answer"] == item.options[0].code


def a_photo_is_attached(senori: Senori) -> None:
    """The photo is made smaller on the phone, stored, and seen by the team leader."""
    key = "1"
    code = senori.instrument.items_of_area(key)[0].code
    page = senori.area("tim5", key)
    unfold(page, code)
    shot = {"name": "loket.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    card(page, code).locator('input[type="file"]').first.set_input_files(shot)
    stored = re.compile(r"loket.*bukti \d+", re.IGNORECASE)
    expect(card(page, code).get_by_role("link", name=stored)).to_be_visible(timeout=20_000)
    wait_until_kept(page, 0, "photos")
    leader = senori.area("kabagren", key)
    unfold(leader, code)
    shown = card(leader, code).get_by_role("link", name=stored).locator("img")
    shown.scroll_into_view_if_needed()
    expect(shown).to_be_visible()
    # The pages' policy forbids the eval by which Playwright would wait for a function.
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => image.naturalWidth") > 0


def unfold(page: Page, code: str) -> None:
    """Open a card that is folded because its item has been answered."""
    fold = card(page, code).locator("details.zi-item__fold")
    if fold.count() and fold.get_attribute("open") is None:
        fold.locator("summary").first.click()


def what_is_missing_is_listed(senori: Senori) -> None:
    """The leader's first attempt to hand in lists every empty item; its link leads to the item."""
    page = senori.sheet_of("kabagren")
    missing = [code for area in senori.instrument.areas for code in senori.empty_codes(area.key)]
    page.get_by_role("button", name="Serahkan lembar").click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text(f"{len(missing)} butir belum diisi")
    expect(refusal.get_by_role("link", name=re.compile("^Butir"))).to_have_text([f"Butir {code}" for code in missing])
    assert violations(page) == []
    refusal.get_by_role("link", name=f"Butir {missing[0]}").click()
    expect(card(page, missing[0])).to_be_in_viewport()
    assert Checklist.objects.get(pk=senori.sheet.pk).status == ChecklistStatus.DRAFT


def the_team_fills_in_the_rest(senori: Senori) -> None:
    """Each member answers what is left of an area, all at the same time."""
    areas = list(zip((*ON_PHONES, "kabagren"), senori.instrument.areas, strict=True))
    left = {account: senori.empty_codes(area.key) for account, area in areas}
    opened = {account: senori.area(account, area.key) for account, area in areas}
    for turn in range(max(map(len, left.values()))):
        for account, codes in left.items():
            if turn < len(codes):
                answer(opened[account], senori, codes[turn])
    for account, codes in left.items():
        for code in codes:
            saved(opened[account], code)
    assert senori.sheet.answers.filter(is_due=True, is_answered=False).count() == 0


def severe_answers_need_their_findings(senori: Senori) -> None:
    """A severe answer keeps the sheet from being handed in until its finding is recorded on the card itself."""
    triggers = [item for item in senori.instrument.items if any(option.is_severe for option in item.options)]
    recorded = set(Finding.objects.filter(visit=senori.visit, severity="severe").values_list("item__code", flat=True))
    item = next(item for item in triggers if item.code not in recorded)
    page = senori.area("tim6", item.area_key)
    unfold(page, item.code)
    choose(page, item.code, next(option.code for option in item.options if option.is_severe))
    saved(page, item.code)
    leader = senori.sheet_of("kabagren")
    leader.get_by_role("button", name="Serahkan lembar").click()
    expect(leader.get_by_role("alert")).to_contain_text(f"butir {item.code}")
    leader.wait_for_load_state()
    said = leader.get_by_role("alert").get_by_role("link").all_inner_texts()
    assert f"Temuan berat pada butir {item.code}" in said
    codes = [text.removeprefix("Temuan berat pada butir ") for text in said]
    for code in codes:
        record_severe_finding(senori, code)
    assert Finding.objects.filter(visit=senori.visit, item__code__in=codes, severity="severe").count() == len(codes)


def record_severe_finding(senori: Senori, code: str) -> None:
    """Write down what was found, on the item's card."""
    key = next(item.area_key for item in senori.instrument.items if item.code == code)
    page = senori.area("tim6", key)
    unfold(page, code)
    form = card(page, code).locator("[data-wbbm-severe]")
    form.get_by_label("Yang ditemukan").fill(OBSERVED)
    form.get_by_label("Rekomendasi").fill("Perbaiki hari ini, lalu kirim fotonya.")
    form.get_by_role("button", name="Catat temuan berat").click()
    expect(form).to_be_hidden()


def engine_score(sheet: Checklist, folder) -> Decimal:
    """Compute the sheet's complete score from its answers, by the command that needs no database."""
    answers = {row.item.code: row.value["answer"] for row in sheet.answers.select_related("item") if row.is_answered}
    document = folder / "senori.json"
    document.write_text(json.dumps({"instrument": sheet.instrument.code, "answers": answers}))
    said = io.StringIO()
    call_command("score_lke", str(document), instrument=sheet.instrument.code, stdout=said)
    return Decimal(json.loads(said.getvalue())["complete"]["total"])


def in_words(score: Decimal) -> str:
    """Write a score as the pages do."""
    return str(score.quantize(Decimal("0.01"), ROUND_HALF_UP)).replace(".", ",")


def the_station_sees_no_verdict(senori: Senori, score: Decimal) -> None:
    """The Kapolsek gets neither sheet nor score of this visit; his page shows the quarter before."""
    page = senori.pages["kapolsek.senori"]
    assert page.goto(f"/supervisi/lembar/{senori.sheet.pk}/").status == 404
    assert page.goto(f"/supervisi/lembar/{senori.sheet.pk}/area/1/").status == 404
    page.goto(senori.visit.get_absolute_url())
    expect(page.get_by_role("link", name="Buka lembar")).to_have_count(0)
    page.goto(senori.visit.unit.get_absolute_url())
    expect(page.locator(".zi-figure").first).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(in_words(score))


def the_station_sees_everything(senori: Senori, score: Decimal) -> None:
    """The Kapolsek sees verdict, score and answers."""
    page = senori.sheet_of("kapolsek.senori")
    expect(page.locator("main")).to_contain_text(in_words(score))
    page.goto(f"/supervisi/lembar/{senori.sheet.pk}/area/1/")
    expect(page.locator(".zi-item").first).to_be_visible()
    page.goto(senori.visit.unit.get_absolute_url())
    expect(page.locator(".zi-figure").first).to_contain_text(in_words(score))


def the_station_uses_its_right_of_reply(senori: Senori) -> None:
    """The Kapolsek replies, the Wakapolres upholds the value, the Kapolsek ends the round; only then is it final."""
    link = re.compile("^Hak jawab")
    station, reviewer = senori.sheet_of("kapolsek.senori"), senori.pages["wakapolres"]
    expect(senori.sheet_of("kapolres").get_by_role("button", name="Finalkan")).to_have_count(0)
    station.get_by_role("link", name=link).click()
    station.locator("tbody a").first.click()
    station.get_by_label("Jawaban satuan").fill("Buktinya ada di loket sejak pagi.")
    station.get_by_role("button", name="Kirim jawaban").click()
    expect(station.get_by_role("status").filter(has_text="Jawaban dikirim.")).to_be_visible()
    reviewer.goto(station.url)
    decision = reviewer.get_by_role("region", name="Nilai tetap")
    decision.get_by_label("Alasan").fill("Bukti itu dibuat setelah kunjungan.")
    decision.get_by_role("button", name="Putuskan: nilai tetap").click()
    expect(reviewer.get_by_role("status").filter(has_text="nilainya tetap")).to_be_visible()
    station.reload()
    expect(station.locator("main")).to_contain_text("Bukti itu dibuat setelah kunjungan.")
    senori.sheet_of("kapolsek.senori").get_by_role("link", name=link).click()
    station.get_by_text("Akhiri hak jawab lebih awal").click()
    station.get_by_role("button", name="Tidak ada jawaban lagi").click()
    expect(station.get_by_role("status").filter(has_text="Hak jawab diakhiri.")).to_be_visible()


def a_final_sheet_takes_nothing(senori: Senori) -> None:
    """Neither the page nor the operation's route writes."""
    page = senori.pages["tim1"]
    page.goto(f"/supervisi/lembar/{senori.sheet.pk}/area/1/")
    expect(page.locator(".zi-item").first).to_be_visible()
    expect(page.locator("main input[type=radio]:enabled")).to_have_count(0)
    answers = page.evaluate(
        """async ([url]) => {
          const body = JSON.stringify({ uuid: "00000000-0000-4000-8000-000000000001", item: "P.1.1.i.a", base: 1,
            value: { answer: "A", note: "", checked: "", on_behalf_of: null } });
          const headers = { "Content-Type": "application/json", "X-CSRFToken": wbbm.csrf() };
          const reply = await fetch(url, { method: "POST", body, headers });
          return [reply.status, (await reply.json()).code];
        }""",
        [urljoin(page.url, f"/supervisi/lembar/{senori.sheet.pk}/operasi/")],
    )
    assert answers == [409, "locked"]


def test_a_team_fills_in_senoris_sheet_and_the_kapolres_sees_it_move(senori, tmp_path):
    senori.row_with(f"{BEGUN} dari {ALL} butir")
    two_people_fill_one_area_at_once(senori)
    two_people_disagree(senori)
    a_photo_is_attached(senori)
    what_is_missing_is_listed(senori)
    answered = senori.sheet.answers.filter(is_answered=True).count()
    assert BEGUN < answered < ALL
    senori.row_with(f"{answered} dari {ALL} butir")
    the_team_fills_in_the_rest(senori)
    severe_answers_need_their_findings(senori)
    row = senori.row_with(f"{ALL} dari {ALL} butir")
    score = engine_score(senori.sheet, tmp_path)
    assert in_words(score) not in row
    the_station_sees_no_verdict(senori, score)

    senori.press("kabagren", "Serahkan lembar", "Lembar diserahkan.")
    row = senori.row_with(in_words(score))
    assert "butir" not in row
    leader = senori.pages["kabagren"]
    leader.goto(senori.visit.get_absolute_url())
    leader.get_by_role("button", name="Selesaikan dan sampaikan temuan").click()
    expect(leader.locator("[aria-current=step]").first).to_contain_text("Selesai")
    the_station_sees_no_verdict(senori, score)
    station = senori.pages["kapolsek.senori"]
    station.goto(senori.visit.get_absolute_url())
    expect(station.locator("main")).to_contain_text(OBSERVED)

    senori.press("wakapolres", "Nyatakan sudah ditinjau", "Lembar dinyatakan sudah ditinjau.")
    the_station_sees_no_verdict(senori, score)
    senori.press("kapolres", "Sampaikan kepada satuan", "Hasil disampaikan kepada satuan.")
    the_station_sees_everything(senori, score)
    the_station_uses_its_right_of_reply(senori)
    senori.press("kapolres", "Finalkan", "Lembar difinalkan.")
    assert Checklist.objects.get(pk=senori.sheet.pk).status == ChecklistStatus.FINAL
    senori.row_with(in_words(score))
    a_final_sheet_takes_nothing(senori)
