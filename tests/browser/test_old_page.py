"""A page of an older release, and one that is open while the portal is updated: nothing is lost, nothing sent twice."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_queue import choose, history, letters, open_area, wait_until_kept, waiting
from tests.supervisi.sheets import make_world
from wbbm import maintenance

pytestmark = pytest.mark.django_db(transaction=True)
AREA = "7"


def test_an_update_and_an_old_page_lose_nothing(server, signed_in_page, settings, tmp_path):
    world = make_world("lama")
    page = open_area(signed_in_page(world.leader), f"/supervisi/lembar/{world.checklist.pk}/area/{AREA}/")
    first, second = letters(world, 2)
    settings.DATA_DIR = tmp_path
    line = page.locator("[data-wbbm-net]")
    maintenance.turn_on()
    choose(page, first.code, "A")
    expect(line).to_contain_text("Portal sedang diperbarui.")
    expect(line).to_contain_text("Isian Anda tersimpan di perangkat")
    wait_until_kept(page, 1)
    assert history(world) == []
    # The update is over, and this page is now one of before.
    page.evaluate("document.documentElement.dataset.portalVersion = '0'")
    maintenance.turn_off()
    page.evaluate("window.wbbmQueue.resume()")
    expect(line).to_contain_text("versi portal yang lama")
    choose(page, second.code, "B")
    wait_until_kept(page, 2)
    assert history(world) == []
    with page.expect_navigation():
        line.get_by_role("button", name="Muat ulang").click()
    page.wait_for_selector("main[data-ready]")
    wait_until_kept(page, 0)
    assert history(world) == [(first.code, "A", "accepted"), (second.code, "B", "accepted")]
    assert waiting(page) == 0
