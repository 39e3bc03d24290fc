"""The public first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from layanan.pages.home import read_home
from layanan.views.public import public_page
from wbbm.organisasi.views import needs_first_admin


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """Show the public first page; it never leads to sign-in by itself."""
    context = {"page": read_home(), "needs_first_admin": needs_first_admin()}
    return render(request, "layanan/home.html", context)
