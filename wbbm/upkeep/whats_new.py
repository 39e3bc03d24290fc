"""The page that tells admins which release runs and what changed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role
from wbbm.version import VERSION

from .changelog import read_changelog


@require_safe
def whats_new(request: HttpRequest) -> HttpResponse:
    """Show the changes, the latest release first."""
    if not signed_in_user(request).scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    return render(request, "upkeep/whats_new.html", {"version": VERSION, "releases": read_changelog()})
