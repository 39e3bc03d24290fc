"""What the portal answers while it is being updated; nothing behind it is asked, the database least of all."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from wbbm import maintenance
from wbbm.errors_views import style_addresses
from wbbm.middleware import wants_json
from wbbm.traceless import own_page

GetResponse = Callable[[HttpRequest], HttpResponse]
RETRY_SECONDS = 60
MESSAGE = "Portal sedang diperbarui, isian Anda tersimpan di perangkat."


class MaintenanceMiddleware:
    """Answers everything by 503 while the portal is being updated. Stands before whatever asks the database."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        # Made while the release that runs is whole: its templates are replaced under it.
        self._page = render_to_string("maintenance.html", {"is_demo": settings.IS_DEMO, "styles": style_addresses()})

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, or say when to come back."""
        if not maintenance.is_on():
            return self.get_response(request)
        response: HttpResponse
        if request.path_info == "/healthz":
            response = JsonResponse({"status": "pembaruan"}, status=503)
        elif wants_json(request):
            response = JsonResponse({"code": "maintenance", "message": MESSAGE}, status=503)
        else:
            response = own_page(HttpResponse(self._page, status=503))
        # No fault of ours, and every device asks again and again: not for the log.
        response._has_been_logged = True  # type: ignore[attr-defined]
        response["Retry-After"] = str(RETRY_SECONDS)
        response["Cache-Control"] = "no-store"
        return response
