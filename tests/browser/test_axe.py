"""Every page of the demo district as each role, at 360 and 1280 px: axe finds nothing, and no page is too wide.

The Kapolres opens many addresses of each route, each other account a few, in turn. A page is opened once for each
address, and once more for each account that gets another structure of it. axe reads each structure of a route once;
whether the page fits is measured every time.
"""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

import pytest
from django.test import RequestFactory, override_settings
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, session_cookies
from tests.pages_of_demo import ACCOUNTS, make_import_drafts, some_of, targets
from wbbm.errors_views import server_error
from wbbm.organisasi.models import Unit, User
from wbbm.organisasi.services.links import make_access_link

VISITOR = ""
# Areas times sheets would be some hundred addresses of one route.
MANY = 4
# What an account sees differs by its right more than by the row; each account opens others.
FEW = 1
WIDTHS = {DESKTOP: 900, PHONE: 800}


@dataclass(frozen=True)
class Opened:
    """A page as an account gets it."""

    account: str
    route: str
    path: str
    status: int
    structure: str
    # No page of this route looked like this one before.
    is_new: bool = True


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)
_OF_THE_ROW = re.compile(
    r" (href|action|value|content|id|for|d|title|alt|placeholder|data-[a-z-]+|aria-(?:label|labelledby|describedby))"
    r'="[^"]+"'
)
_ELEMENT = re.compile(r"<[a-z][^>]*>")


def structure_of(said: str) -> str:
    """Return which elements a page has, by class and role, without words, ids and how many of each."""
    elements = {re.sub(r'"[^"]*\d[^"]*"', '""', _OF_THE_ROW.sub(r" \1", tag)) for tag in _ELEMENT.findall(said)}
    return hashlib.sha256("".join(sorted(elements)).encode()).hexdigest()


def fetch(demo: str, cookie: str, account: str, target: tuple[str, str]) -> Opened | None:
    """Fetch a page as an account; None where it gets no page of HTML."""
    route, path = target
    request = urllib.request.Request(demo + path, headers={"Cookie": cookie, "Accept": "text/html"})
    try:
        answer = _OPENER.open(request, timeout=20)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        if answer.status in {301, 302} or "text/html" not in answer.headers["Content-Type"]:
            return None
        return Opened(account, route, path, answer.status, structure_of(answer.read().decode()))


@pytest.fixture(scope="module")
def cookies(demo):
    """The session of every account, as the browser's cookies."""
    make_import_drafts()
    accounts = (*ACCOUNTS, "tim6")
    known = {account: session_cookies(User.objects.get(username=account), demo) for account in accounts}
    return known | {VISITOR: []}


@pytest.fixture(scope="module")
def pages(demo, cookies):
    """Many addresses of each route as the Kapolres gets them, a few as each other account: each structure once."""
    everything = [*dict.fromkeys(targets()), ("missing", "/tidak-ada/")]
    found: dict[tuple, Opened] = {}
    with ThreadPoolExecutor(4) as pool:
        for turn, account in enumerate((VISITOR, *ACCOUNTS)):
            cookie = "; ".join(f"{each['name']}={each['value']}" for each in cookies[account])
            asked = some_of(everything, turn, MANY if account == "kapolres" else FEW)
            for opened in pool.map(partial(fetch, demo, cookie, account), asked):
                if opened is not None:
                    what = opened.path if opened.status == 200 else opened.status
                    found.setdefault((what, opened.structure), opened)
    known: set[tuple] = set()
    return [replace(opened, is_new=is_new(known, opened)) for opened in found.values()]


def is_new(known: set[tuple], opened: Opened) -> bool:
    """Tell whether no page of the route looked like this one, and remember it."""
    what = (opened.route, opened.structure)
    known_before = what in known
    known.add(what)
    return not known_before


def faults_of(page, opened: Opened) -> list[str]:
    """Open a page; return what axe finds and where it is wider than the window, at both widths."""
    page.set_viewport_size({"width": DESKTOP, "height": WIDTHS[DESKTOP]})
    page.goto(opened.path)
    return faults_at_both_widths(page, opened.path, with_axe=opened.is_new)


def faults_at_both_widths(page, place: str, with_axe: bool = True) -> list[str]:
    """Return what is wrong with the open page."""
    found = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        if with_axe:
            found += [f"{place} at {width} px: {' | '.join(violation)}" for violation in violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{place} at {width} px: the page is {wide} px wide")
    return found


@pytest.fixture
def open_as(browser, demo, cookies):
    """Open a browser of an account's own, in which axe may be put into the page."""
    contexts = []

    def make(account: str):
        context = browser.new_context(base_url=demo, locale="id-ID", bypass_csp=True)
        context.add_cookies(cookies[account])
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.mark.parametrize("account", (VISITOR, *ACCOUNTS), ids=lambda account: account or "visitor")
def test_every_page_is_accessible_and_fits_the_window(open_as, pages, account):
    own = [opened for opened in pages if opened.account == account]
    page = open_as(account)
    faults = [fault for opened in own for fault in faults_of(page, opened)]
    assert "\n".join(faults) == ""


def test_most_of_the_portal_was_opened(pages):
    print(f"{len(pages)} pages, {len({opened.path for opened in pages})} addresses")
    assert len(pages) > 250
    assert sum(opened.is_new for opened in pages) > 100


# --- what no plain GET shows ------------------------------------------------------------------------------


def refused_sign_in(page) -> None:
    page.goto("/masuk/")
    page.get_by_label("NRP atau nama pengguna").fill("tidak.ada")
    page.get_by_label("Kata sandi", exact=True).fill("salah-sekali-ini")
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("alert")).to_be_visible()


def old_form(page) -> None:
    page.goto("/masuk/")
    page.get_by_label("NRP atau nama pengguna").fill("a")
    page.get_by_label("Kata sandi", exact=True).fill("b")
    page.context.clear_cookies()
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("terlalu lama terbuka")


def link_to_a_password(page) -> None:
    page.goto(urlsplit(make_access_link(user=User.objects.get(username="tim7"), by=None)).path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Buat kata sandi")


def broken_server(page) -> None:
    with override_settings(IS_DEMO=True):
        said = server_error(RequestFactory().get("/")).content.decode()
    page.route("**/rusak/", lambda route: route.fulfill(status=500, content_type="text/html", body=said))
    page.goto("/rusak/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("gangguan di pihak kami")


def first_password(page) -> None:
    User.objects.filter(username="tim6").update(must_change_password=True)
    page.goto("/dasbor/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("kata sandi Anda sendiri")


def wrong_new_password(page) -> None:
    page.goto("/akun/kata-sandi/")
    for field in page.locator("main input[type=password]").all():
        field.fill("pendek")
    page.locator("main form").last.get_by_role("button").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def empty_visit(page) -> None:
    page.goto(reverse("supervisi:visit-add", args=[Unit.objects.get(code="polsek-kenduruan").pk]))
    form = page.locator("main form").last
    form.evaluate("(form) => { form.noValidate = true; form.reset(); }")
    form.locator("input[type=date]").first.fill("")
    form.get_by_role("button").last.click()
    expect(page.get_by_role("alert").first).to_be_visible()


def wrong_upload(page) -> None:
    page.goto("/organisasi/impor/orang/")
    page.locator("input[type=file]").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a;b\n1;2\n"})
    page.get_by_role("button", name="Unggah dan periksa").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def session_about_to_end(page) -> None:
    page.clock.install()
    page.goto("/akun/")
    page.clock.fast_forward("28:30")
    expect(page.locator(".zi-session")).to_be_visible()


def open_menu(page) -> None:
    page.goto("/supervisi/kunjungan/")
    page.locator("header .zi-menu summary").click()
    expect(page.get_by_role("button", name="Keluar")).to_be_visible()


def search_of_djangos_admin(page) -> None:
    page.goto("/admin/organisasi/posting/add/")
    page.get_by_role("combobox").first.click()
    expect(page.locator(".select2-search__field")).to_be_focused()


SITUATIONS = [
    (refused_sign_in, VISITOR), (old_form, VISITOR), (link_to_a_password, VISITOR), (broken_server, VISITOR),
    (first_password, "tim6"), (wrong_new_password, "kapolres"), (empty_visit, "kabagren"), (wrong_upload, "admin"),
    (session_about_to_end, "kapolres"), (open_menu, "kapolres"), (search_of_djangos_admin, "admin"),
]  # fmt: skip


@pytest.mark.parametrize(("bring_about", "account"), SITUATIONS, ids=lambda value: getattr(value, "__name__", None))
def test_every_situation_is_accessible_and_fits_the_window(open_as, bring_about, account):
    page = open_as(account)
    bring_about(page)
    assert "\n".join(faults_at_both_widths(page, bring_about.__name__)) == ""


def test_a_page_with_faults_is_told(open_as):
    """Twin: a page that is wrong, so that the silence above means something."""
    page = open_as(VISITOR)
    page.goto("/masuk/")
    page.evaluate("document.querySelectorAll('label').forEach((label) => label.remove())")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<svg width=900 height=9></svg>')")
    faults = "\n".join(faults_at_both_widths(page, "twin"))
    assert "label |" in faults
    assert "at 360 px: the page is" in faults
