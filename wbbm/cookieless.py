"""Pages that know nobody: what the browser's cookies say is not even read there, so no reply can renew one."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]
# Answering a survey, and its results.
PREFIXES = ("/s/", "/survei/")


class CookielessMiddleware:
    """Takes the cookies off a request to such a page before anything else looks at them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the page be made for nobody in particular."""
        if request.path_info.startswith(PREFIXES):
            request.META.pop("HTTP_COOKIE", None)
        return self.get_response(request)
