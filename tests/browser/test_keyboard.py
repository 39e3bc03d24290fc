"""An area page without a mouse, for eyes that need large letters, and for ears that need to be told."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARGUMENTS, CHROMIUM, PHONE, sign_in
from tests.browser.test_queue import SAVED, card, open_area, state, wait_until_kept
from tests.supervisi.sheets import LETTER, PERCENT, make_world

pytestmark = pytest.mark.django_db(transaction=True)
# What has the focus: in view, not under the bars that stick, and told apart by a ring or a shadow, on itself or on its
# label.
LOOK = """() => {
  const element = document.activeElement;
  if (!element || element === document.body) return "nothing has the focus";
  const seen = element.closest("label") || (element.labels && element.labels[0]) || element;
  const box = seen.getBoundingClientRect();
  if (box.bottom <= 0 || box.top >= innerHeight || !box.width || !box.height) return "out of view";
  const x = box.left + Math.min(box.width / 2, 20);
  const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
  const above = document.elementFromPoint(x, y);
  if (!above || !(seen.contains(above) || above.contains(seen))) return `under ${above && above.className}`;
  const ring = (style) => `${style.outlineStyle} ${style.outlineWidth} ${style.boxShadow}`;
  const places = [element, seen, element.nextElementSibling].filter(Boolean);
  const focused = places.map((place) => ring(getComputedStyle(place)));
  element.blur();
  const plain = places.map((place) => ring(getComputedStyle(place)));
  element.focus({ preventScroll: true });
  return focused.join() === plain.join() ? "no ring" : "";
}"""
NAME = """() => {
  const { activeElement: element } = document;
  const item = element.closest("[data-wbbm-item]");
  return [item ? item.dataset.wbbmItem : "", element.name || element.textContent.trim(), element.value || ""];
}"""


@pytest.fixture
def world(server):
    return make_world("tombol")


@pytest.fixture
def path(world):
    return f"/supervisi/lembar/{world.checklist.pk}/area/1/"


def tab_until(page: Page, name: str, code: str = LETTER, most: int = 60) -> list[str]:
    """Press Tab until a field of the item has the focus; return where the focus could not be seen."""
    faults = []
    for _ in range(most):
        page.keyboard.press("Tab")
        item, found, _ = page.evaluate(NAME)
        wrong = page.evaluate(LOOK)
        if wrong:
            faults.append(f"{item} {found}: {wrong}")
        if item == code and name in found:
            return faults
    raise AssertionError(f"{name} of {code} is not reached by {most} tabs")


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_an_area_is_filled_in_by_keyboard_alone(signed_in_page, world, path, width):
    page = open_area(signed_in_page(world.leader, width, reduced_motion="reduce"), path)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Lompat ke isi")).to_be_focused()
    expect(page.get_by_role("link", name="Lompat ke isi")).to_be_in_viewport()
    page.keyboard.press("Enter")
    faults = tab_until(page, f"{LETTER}-answer")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(state(page, LETTER)).to_have_text(SAVED)
    faults += tab_until(page, f"{LETTER}-checked")
    page.keyboard.press("Space")
    faults += tab_until(page, f"{LETTER}-note")
    page.keyboard.type("Papan rencana aksi terpasang.")
    faults += tab_until(page, f"{PERCENT}-input", PERCENT)
    wait_until_kept(page, 0)
    kept = world.answer(LETTER).value
    assert (kept["answer"], kept["checked"], kept["note"]) == ("B", "site", "Papan rencana aksi terpasang.")
    assert "\n".join(faults) == ""


def test_the_skip_link_leads_past_all_navigation(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_save_states_are_told_through_one_live_region(signed_in_page, world, path):
    page = open_area(signed_in_page(world.leader), path)
    expect(page.locator("[aria-live]")).to_have_count(1)
    told = page.locator("[aria-live=polite]")
    expect(told).to_have_text("")
    card(page, LETTER).locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    expect(told).to_have_text(re.compile(rf"^Butir {re.escape(LETTER)}: tersimpan \d\d\.\d\d$"))
    # A chip of its own is silent: else every state would be said twice.
    expect(state(page, LETTER)).not_to_have_attribute("role", re.compile("status|alert"))


@pytest.fixture
def large_letters(playwright, server):
    """A phone whose owner has doubled the letters."""
    arguments = [*ARGUMENTS, "--blink-settings=defaultFontSize=32"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    context = browser.new_context(base_url=server, viewport={"width": PHONE, "height": 800}, locale="id-ID")
    context.set_default_timeout(10_000)
    yield context
    browser.close()


def test_the_sheet_is_usable_with_letters_twice_as_large(large_letters, server, world, path):
    sign_in(large_letters, world.leader, server)
    page = open_area(large_letters.new_page(), path)
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    item = card(page, LETTER)
    option = item.locator(".zi-opt").nth(1)
    option.scroll_into_view_if_needed()
    box = option.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 30)
    expect(state(page, LETTER)).to_have_text(SAVED)
    assert world.answer(LETTER).value["answer"] == "B"
    # The bars leave at least half of the window to the sheet.
    bars = page.evaluate(
        """() => [...document.querySelectorAll(".zi-sticky, .zi-actionbar")]
          .filter((bar) => getComputedStyle(bar).position === "sticky")
          .reduce((sum, bar) => sum + bar.offsetHeight, 0)"""
    )
    assert bars <= 400
    assert clipped(page) == []


@pytest.mark.parametrize(
    "address", ["{sheet}", "{sheet}riwayat/P.1.1.i.a/", "{sheet}cetak-kosong/", "{visit}", "/akun/"]
)
def test_pages_around_the_sheet_fit_with_letters_twice_as_large(large_letters, server, world, address):
    sign_in(large_letters, world.leader, server)
    page = large_letters.new_page()
    page.goto(
        address.format(
            sheet=f"/supervisi/lembar/{world.checklist.pk}/", visit=f"/supervisi/kunjungan/{world.visit.pk}/"
        )
    )
    assert clipped(page) == []


def clipped(page: Page) -> list[str]:
    """Name what sticks out of the window, or of a box that hides what sticks out."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.scrollWidth > innerWidth ? ["the page is wider than the window"] : [];
          const hidden = [...document.querySelectorAll("main *, header *, nav *")].filter((element) =>
            !element.closest(".visually-hidden, svg, details:not([open])") && element.clientWidth > 1
            && getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1);
          return [...wide, ...hidden.map((element) => `${element.tagName} ${element.className}`)];
        }"""
    )
