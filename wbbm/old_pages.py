"""Pages of an older release that are still open: what they send is understood, or they are told to reload.

A page carries its number (wbbm/version.py) and its scripts send it along. Scripts of pages before there was a number
send none: those are of page 1. The refusal is a 403: by it also the oldest scripts keep an entry on the device and send
it once a page is opened again (docs/keputusan/0021).
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from wbbm import version

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Portal-Version"
# Sent by the scripts that carry entries of the device, in every release.
_SCRIPT = "X-WBBM-User"
MESSAGE = "Halaman ini dari versi portal yang lama. Isian Anda tersimpan di perangkat: muat ulang halaman ini."


class OldPageMiddleware:
    """Refuses scripts of pages that are no longer understood. Asks no database."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or say that the page must be loaded anew."""
        said = request.headers.get(HEADER, "1" if _SCRIPT in request.headers else "")
        if not said or is_understood(said):
            return self.get_response(request)
        return JsonResponse({"code": "reload", "message": MESSAGE}, status=403)


def is_understood(page: str) -> bool:
    """Tell whether a page of this number may still send; one that is newer than the server may not."""
    return page.isascii() and page.isdecimal() and version.OLDEST_PAGE <= int(page[:6]) <= version.PAGE
