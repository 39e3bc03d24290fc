"""The public first page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wbbm.organisasi.views import needs_first_admin


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the public first page; it never leads to sign-in by itself."""
    return render(request, "layanan/home.html", {"needs_first_admin": needs_first_admin()})
