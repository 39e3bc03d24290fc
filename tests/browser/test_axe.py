"""Every page of the demo district as each role, at 360 and 1280 px: axe finds nothing, and no page is too wide.

A page is opened once for each address, and once more for each account that gets another structure of it. axe reads
each structure of a route once; whether the page fits is measured every time.
"""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import DESKTOP, PHONE, session_cookies
from tests.pages_of_demo import ACCOUNTS, make_import_drafts, targets
from wbbm.organisasi.models import User

VISITOR = ""
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
_OF_THE_ROW = re.compile(r' (href|action|value|content|id|for|d|data-[a-z-]+|aria-labelledby|aria-describedby)="[^"]*"')


def structure_of(said: str) -> str:
    """Return what axe looks at without the words: elements with their classes, roles and names."""
    bare = re.sub(r">[^<]*<", "><", said)
    bare = _OF_THE_ROW.sub(r" \1", bare)
    bare = re.sub(r'"[^"]*\d[^"]*"', '""', bare)
    return hashlib.sha256(bare.encode()).hexdigest()


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
    known = {account: session_cookies(User.objects.get(username=account), demo) for account in ACCOUNTS}
    return known | {VISITOR: []}


@pytest.fixture(scope="module")
def pages(demo, cookies):
    """All pages as all accounts get them: each structure of an address once, each structure of a refusal once."""
    everything = [*dict.fromkeys(targets()), ("missing", "/tidak-ada/")]
    found: dict[tuple, Opened] = {}
    with ThreadPoolExecutor(4) as pool:
        for account in (VISITOR, *ACCOUNTS):
            cookie = "; ".join(f"{each['name']}={each['value']}" for each in cookies[account])
            for opened in pool.map(partial(fetch, demo, cookie, account), everything):
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
    return [fault for width in WIDTHS for fault in faults_at(page, opened, width)]


def faults_at(page, opened: Opened, width: int) -> list[str]:
    """Return what is wrong with the open page at a width."""
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    place = f"{opened.path} at {width} px"
    found = [f"{place}: {' | '.join(violation)}" for violation in violations(page)] if opened.is_new else []
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*found, f"{place}: the page is {wide} px wide"] if wide > width else found


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
    assert len(pages) > 300
    assert sum(opened.is_new for opened in pages) > 150
