"""The page of the audit trail's seals: the day's heads, to be kept outside."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from .http import signed_in_user
from .models import Role
from .services.seals import read_seals


@require_safe
def audit_heads(request: HttpRequest) -> HttpResponse:
    """Show the last seal and the heads of the last days to offices that are told of them, and to admins."""
    if not signed_in_user(request).scope.has_role(Role.AUDITOR, Role.ADMIN, Role.COMMANDER):
        raise Http404("no business of theirs")
    return render(request, "organisasi/audit_heads.html", {"page": read_seals()})
