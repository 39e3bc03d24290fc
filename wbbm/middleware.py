"""Middleware of the whole portal: proxies that are believed, and errors that people can act on."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from wbbm.errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]
_FORWARDED = (
    "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
    "HTTP_X_REQUEST_ID",
)  # fmt: skip


class TrustedProxyMiddleware:
    """Take the client's address from a proxy that is listed in TRUSTED_PROXIES; forget the claim of anybody else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Set REMOTE_ADDR to the client's address."""
        proxies = settings.TRUSTED_PROXIES
        if request.META.get("REMOTE_ADDR") in proxies:
            hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
            while hops and hops[-1] in proxies:
                hops.pop()
            if hops:
                request.META["REMOTE_ADDR"] = hops[-1]
        else:
            for name in _FORWARDED:
                request.META.pop(name, None)
        return self.get_response(request)


def wants_json(request: HttpRequest) -> bool:
    """Tell whether the request was made by a script that reads JSON."""
    return "application/json" in request.headers.get("Accept", "") or request.content_type == "application/json"


class DomainErrorMiddleware:
    """Turn a DomainError into JSON, a partial, or a message with the way back; never into a trace."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a DomainError by its status; leave every other error alone."""
        if not isinstance(exception, DomainError):
            return None
        if wants_json(request):
            return JsonResponse({"code": exception.code, "message": exception.message}, status=exception.status)
        if getattr(request, "htmx", False):
            return render(request, "components/_refusal.html", {"error": exception}, status=exception.status)
        if exception.status == 403:
            return render(request, "403.html", {"reason": exception.message}, status=403)
        messages.error(request, exception.message)
        return HttpResponseRedirect(_way_back(request))


def _way_back(request: HttpRequest) -> str:
    """Return the page that the person came from when it is ours, else the same address by GET."""
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc == request.get_host() and referer.path:
        return referer.path + (f"?{referer.query}" if referer.query else "")
    return request.path if request.method != "GET" else "/"
