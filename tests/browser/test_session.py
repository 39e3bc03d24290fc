"""How long a session lasts, as a person sees it: the warning, what counts as activity, and what doesn't."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from tests.factories import make_person, make_unit
from wbbm.organisasi import sessions
from wbbm.organisasi.models import Role, UnitKind

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = 60_000
PAGES = ["/akun/", "/admin/organisasi/unit/add/"]


@pytest.fixture
def admin(server):
    return make_person(make_unit(kind=UnitKind.POLRES, name="Polres Uji"), Role.ADMIN)


def store(page):
    """Return the page's session as the server keeps it."""
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"].endswith("sessionid"))
    return SessionStore(cookie["value"])


def idle_minutes(page):
    return (time.time() - store(page)[sessions.LAST_ACTIVE]) / 60


def age(page, minutes):
    """Move the last activity that the server knows into the past."""
    kept = store(page)
    kept[sessions.LAST_ACTIVE] = int(time.time()) - minutes * 60
    kept[sessions.STARTED] = int(time.time()) - minutes * 60
    kept.save()


def opened(signed_in_page, user, address="/akun/"):
    """Open a page whose clock the test moves; note the requests about the session."""
    page = signed_in_page(user, 1280)
    page.clock.install()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request) if request.url.endswith("/sesi/") else None)
    page.goto(address)
    return page


@pytest.mark.parametrize("address", PAGES)
def test_two_minutes_before_the_end_the_page_says_so_and_a_click_keeps_it(signed_in_page, admin, address):
    page = opened(signed_in_page, admin, address)
    bar = page.locator(".zi-session")
    page.clock.fast_forward(27 * MINUTE)
    page.clock.run_for(2000)
    expect(bar).to_have_count(0)
    age(page, 27)
    page.clock.fast_forward(MINUTE)
    page.clock.run_for(2000)
    expect(bar).to_contain_text("Sesi berakhir dalam dua menit")
    assert page.asked == []
    page.get_by_role("button", name="Tetap masuk").click()
    expect(bar).to_have_count(0)
    assert idle_minutes(page) < 1
    page.clock.fast_forward(20 * MINUTE)
    page.clock.run_for(2000)
    expect(bar).to_have_count(0)


@pytest.mark.parametrize("address", ["/akun/kata-sandi/", "/admin/organisasi/unit/add/"])
def test_typing_counts(signed_in_page, admin, address):
    page = opened(signed_in_page, admin, address)
    age(page, 20)
    page.clock.fast_forward(20 * MINUTE)
    with page.expect_response("**/sesi/") as answer:
        page.locator("form input:visible").last.press("a")
    assert answer.value.status == 200
    assert idle_minutes(page) < 1
    assert "x-wbbm-auto" not in page.asked[0].headers
    page.locator("form input:visible").last.press("b")
    page.wait_for_timeout(100)
    assert len(page.asked) == 1


def test_what_a_script_does_is_no_activity(signed_in_page, admin):
    page = opened(signed_in_page, admin, "/akun/kata-sandi/")
    age(page, 20)
    page.clock.fast_forward(20 * MINUTE)
    page.evaluate(
        """() => {
          const field = document.querySelector("input[type=password]");
          for (const type of ["input", "keydown", "pointerdown", "wheel"]) {
            field.dispatchEvent(new Event(type, { bubbles: true }));
          }
          const tall = document.createElement("div");
          tall.className = "zi-login zi-login zi-login";
          document.body.append(tall, tall.cloneNode(), tall.cloneNode());
          window.scrollTo(0, document.body.scrollHeight);
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.scrollY") > 0
    assert page.asked == []
    assert idle_minutes(page) > 19


def test_when_it_is_over_the_page_keeps_what_was_typed_and_offers_sign_in(signed_in_page, admin):
    page = opened(signed_in_page, admin, "/admin/organisasi/unit/add/")
    page.get_by_label("Nama").fill("Polsek Baru")
    age(page, 31)
    page.clock.fast_forward(31 * MINUTE)
    page.clock.run_for(2000)
    bar = page.locator(".zi-session")
    expect(bar).to_contain_text("Sesi Anda berakhir")
    link = bar.get_by_role("link", name="Masuk lagi")
    expect(link).to_have_attribute("href", "/masuk/?next=%2Fadmin%2Forganisasi%2Funit%2Fadd%2F")
    expect(page.get_by_label("Nama")).to_have_value("Polsek Baru")


def test_a_session_that_lives_elsewhere_is_not_called_over(signed_in_page, admin):
    page = opened(signed_in_page, admin)
    page.clock.fast_forward(31 * MINUTE)
    with page.expect_response("**/sesi/") as answer:
        page.clock.run_for(2000)
    assert answer.value.request.headers["x-wbbm-auto"] == "1"
    page.clock.run_for(2000)
    expect(page.locator(".zi-session")).to_have_count(0)


def test_asking_whether_it_lives_does_not_lengthen_it(signed_in_page, admin):
    page = opened(signed_in_page, admin)
    age(page, 20)
    page.clock.fast_forward(31 * MINUTE)
    with page.expect_response("**/sesi/"):
        page.clock.run_for(2000)
    assert idle_minutes(page) > 19


def test_a_second_tab_keeps_the_first(signed_in_page, admin):
    page = opened(signed_in_page, admin)
    page.clock.fast_forward(28 * MINUTE)
    page.clock.run_for(2000)
    expect(page.locator(".zi-session")).to_be_visible()
    other = page.context.new_page()
    other.clock.install(time=page.evaluate("Date.now()"))
    other.goto("/akun/")
    expect(page.locator(".zi-session")).to_have_count(0)


def test_twelve_hours_can_not_be_lengthened(signed_in_page, admin):
    page = opened(signed_in_page, admin)
    kept = store(page)
    kept[sessions.STARTED] = int(time.time()) - 12 * 3600 + 180
    kept.save()
    page.goto("/akun/")
    page.clock.run_for(70_000)
    bar = page.locator(".zi-session")
    expect(bar).to_contain_text("Masuk lagi sesudahnya")
    expect(bar.get_by_role("button", name="Tetap masuk")).to_have_count(0)


def test_the_back_button_shows_nothing_after_sign_out(signed_in_page, admin):
    page = signed_in_page(admin, 360)
    page.goto("/akun/")
    page.get_by_role("button", name="Keluar", exact=True).last.click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    page.go_back()
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()
    expect(page.get_by_text("Penugasan yang berjalan")).to_have_count(0)
