"""Each request gets a code (kode kejadian): on its reply, on the page for a fault, and on every line of the log."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from . import logs
from .traceless import is_traceless

GetResponse = Callable[[HttpRequest], HttpResponse]
HEADER = "X-Request-ID"
_FIT = re.compile(r"[A-Za-z0-9-]{8,64}")


class ReferenceMiddleware:
    """Stands behind the one that forgets the claims of whoever is no trusted proxy; never sees a page for reports."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the code to whatever is logged meanwhile; on pages where nobody may be known there is none."""
        if is_traceless(request.path_info):
            return self.get_response(request)
        claimed = request.META.get("HTTP_X_REQUEST_ID", "")
        code = claimed if _FIT.fullmatch(claimed) else logs.new_reference()
        request.reference = code  # type: ignore[attr-defined]
        token = logs.reference.set(code)
        try:
            response = self.get_response(request)
        finally:
            logs.reference.reset(token)
        response[HEADER] = code
        return response
