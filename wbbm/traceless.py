"""Pages on which nobody may be known: what tells who asks is taken off the request before anything else sees it.

docs/keputusan/0016-laporan-tanpa-jejak.md says against whom, and what this can't do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from wbbm.errors_views import style_addresses

GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIX = "/lapor/"
# One form brings at most three photos of 10 MB and a text; all of it stays in memory.
MOST_BYTES = 32 * 1024 * 1024
# What a page needs to be made. Everything else goes, also what a server or a proxy adds tomorrow.
_KEPT = frozenset(
    {
        "REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_NAME", "SERVER_PORT",
        "SERVER_PROTOCOL", "HTTP_HOST",
    }
)  # fmt: skip
_FAULT_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_quiet: ContextVar[bool] = ContextVar("traceless", default=False)


class CookieRefused(RuntimeError):
    """A page on which nobody may be known tried to set a cookie."""


def is_traceless(path: str) -> bool:
    """Tell whether the address is one on which nobody may be known."""
    return path == PREFIX.rstrip("/") or path.startswith(PREFIX)


def own_page(response: HttpResponse) -> HttpResponse:
    """Mark an answer above 399 that says itself what to do; every other one is replaced by a plain page."""
    response.says_what_to_do = True  # type: ignore[attr-defined]
    return response


class TracelessMiddleware:
    """Stands first. Strips the request, keeps uploads in memory, silences logs, and lets no cookie out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the page be made for nobody in particular."""
        if not is_traceless(request.path_info):
            return self.get_response(request)
        strip(request)
        token = _quiet.set(True)
        try:
            response = self._answer(request)
        finally:
            _quiet.reset(token)
        return _sealed(response)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if _announced_bytes(request) > MOST_BYTES:
            return HttpResponse(status=413)
        return self.get_response(request)


def strip(request: HttpRequest) -> None:
    """Take everything off that could tell who asks; the page is made of what is left."""
    from wbbm.files.uploads import memory_handlers

    meta = request.META
    # Behind a trusted proxy the address of the page was asked for by https; nothing else it says is believed.
    is_https = meta.get("REMOTE_ADDR") in settings.TRUSTED_PROXIES and meta.get("HTTP_X_FORWARDED_PROTO") == "https"
    for name in list(meta):
        if name not in _KEPT and not name.startswith("wsgi."):
            del meta[name]
    if is_https:
        meta["wsgi.url_scheme"] = "https"
    for cached in ("COOKIES", "headers"):
        request.__dict__.pop(cached, None)
    request.upload_handlers = memory_handlers(request)


def _announced_bytes(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _sealed(response: HttpResponse) -> HttpResponse:
    """Refuse cookies, forbid keeping and telling, and say in our own words what went wrong."""
    if response.cookies or response.has_header("Set-Cookie"):
        if settings.TESTING or settings.DEBUG:
            raise CookieRefused(f"cookies: {list(response.cookies)}")
        response.cookies.clear()
        del response["Set-Cookie"]
    if response.status_code >= 400 and not getattr(response, "says_what_to_do", False):
        response.content = _fault_page(response.status_code).encode()
        response["Content-Type"] = "text/html; charset=utf-8"
        response["Content-Length"] = str(len(response.content))
        response.setdefault("Content-Security-Policy", _FAULT_POLICY)
    for name in ("Vary", "ETag", "Last-Modified"):
        del response[name]
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    # What Django would write about an error, it would write outside of this middleware.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _fault_page(status: int) -> str:
    context = {"status": status, "is_demo": settings.IS_DEMO, "styles": style_addresses(), "start": PREFIX}
    return render_to_string("traceless_error.html", context)


class TracelessFilter(logging.Filter):
    """Keeps every line out of the log that a page under /lapor/ causes, whoever writes it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line may be written."""
        request = getattr(record, "request", None)
        return not _quiet.get() and not is_traceless(getattr(request, "path_info", "") or "")
