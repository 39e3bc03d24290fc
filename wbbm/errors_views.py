"""Error pages of our own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form is too old, and what to do; nothing was written."""
    return render(request, "403_csrf.html", status=403)
