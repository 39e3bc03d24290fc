"""A real Chromium against a live server: fixtures for every browser test."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from tests.demo_stack import demo_stack
from tests.emptying import empty_database

# Playwright's loop runs in this thread; Django's ORM is used beside it, never inside a coroutine.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
PHONE, DESKTOP = 360, 1280
# What is expected comes at once; on a machine that is busy with the rest of the suite it may take a while.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items):
    """Every test in this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Use the system's Chromium."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture
def server(transactional_db, live_server):
    """Serve the test database; return the address."""
    return live_server.url


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker) -> Iterator[str]:
    """Serve the demo district by its real processes; return the address. The test database holds it meanwhile."""
    with django_db_blocker.unblock():
        empty_database()
        with demo_stack() as url:
            yield url
        empty_database()


def session_cookies(user, address: str) -> list[dict]:
    """Sign a person in without the form; return the cookies for a browser."""
    client = Client()
    client.force_login(user)
    host = urlsplit(address).hostname
    morsel = client.cookies[settings.SESSION_COOKIE_NAME]
    expires = time.time() + settings.SESSION_COOKIE_AGE
    return [
        {"name": morsel.key, "value": morsel.value, "domain": host, "path": "/", "expires": expires, "httpOnly": True}
    ]


def sign_in(context: BrowserContext, user, address: str) -> None:
    """Give a browser context the session of a person."""
    context.add_cookies(session_cookies(user, address))


@pytest.fixture
def signed_in_page(browser, server) -> Iterator[Callable[..., Page]]:
    """Open a browser of its own for a person: `signed_in_page(user, width)`; server-relative paths work in goto()."""
    contexts = []

    def make(user=None, width: int = PHONE, **options) -> Page:
        context = browser.new_context(
            base_url=server, viewport={"width": width, "height": 800 if width < 700 else 900}, locale="id-ID", **options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            sign_in(context, user, server)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


class Device:
    """A browser with a profile on disk, as one tablet has it: it can be killed and started again."""

    def __init__(self, playwright, profile: Path, address: str, width: int = PHONE) -> None:
        self.playwright, self.profile, self.address, self.width = playwright, profile, address, width
        self.context: BrowserContext | None = None

    def start(self, user=None) -> Page:
        """Start the browser, with the session of a person."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            base_url=self.address,
            viewport={"width": self.width, "height": 800},
        )
        self.context.set_default_timeout(10_000)
        self.context.clear_cookies()
        if user is not None:
            sign_in(self.context, user, self.address)
        return self.context.pages[0] if self.context.pages else self.context.new_page()

    def kill(self) -> None:
        """End every process of this browser at once (kill -9)."""
        for pid in self._pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 10
        while self._pids() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.context = None
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self.profile / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the browser as a person does."""
        if self.context is not None:
            self.context.close()
            self.context = None

    def _pids(self) -> list[int]:
        """Find the processes that were started with this profile."""
        wanted = f"--user-data-dir={self.profile}".encode()
        found = []
        for place in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = place.read_bytes().split(b"\0")
                state = (place.parent / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if wanted in words and state != "Z":
                found.append(int(place.parent.name))
        return found


@pytest.fixture
def device(playwright, server, tmp_path) -> Iterator[Device]:
    """One tablet: `page = device.start(user)`, `device.kill()`, `device.start(user)` again."""
    tablet = Device(playwright, tmp_path / "profil", server)
    yield tablet
    if tablet.context is not None:
        tablet.close()
