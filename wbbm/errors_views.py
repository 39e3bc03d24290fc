"""Error pages of our own; 403 and 404 are Django's views with our templates."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static

from wbbm import logs

_STYLES = ("vendor/bootstrap-5.3.9.min.css", "css/tokens.css", "css/components.css", "css/pages.css")


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request can't be read."""
    return render(request, "400.html", status=400)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something broke, without asking database, session or anything else that may have broken it."""
    context = {"is_demo": settings.IS_DEMO, "styles": style_addresses(), "reference": logs.reference.get()}
    page = render_to_string("500.html", context)
    return HttpResponse(page, status=500)


def style_addresses() -> list[str]:
    """Return the addresses of the stylesheets, or nothing where they were never collected."""
    try:
        return [static(name) for name in _STYLES]
    except ValueError:
        return []


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form is too old, and what to do; nothing was written."""
    return render(request, "403_csrf.html", status=403)
