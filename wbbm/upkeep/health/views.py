"""The page of health, and what an admin does there."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from wbbm.jobs.models import Job
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, User

from ..access import require_machine
from . import services
from .page import read_health


def _keeper(request: HttpRequest) -> User:
    """Return the person; whoever is no admin finds nothing here, an admin further down is told whose page it is."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    require_machine(user)
    return user


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Show how the portal does."""
    return render(request, "upkeep/health.html", {"page": read_health(_keeper(request))})


@require_POST
def job_retry(request: HttpRequest) -> HttpResponse:
    """Let one dead job be tried again, or all of them."""
    user = _keeper(request)
    if "pekerjaan" in request.POST:
        given = request.POST["pekerjaan"]
        services.retry(get_object_or_404(Job, pk=int(given) if given.isdecimal() and len(given) < 19 else 0), by=user)
        messages.success(request, "Pekerjaan diulang. Hasilnya terlihat di sini dalam beberapa saat.")
        return redirect("upkeep:health")
    count = services.retry_all(by=user)
    if count:
        messages.success(request, f"{count} pekerjaan diulang. Hasilnya terlihat di sini dalam beberapa saat.")
    else:
        messages.info(request, "Tidak ada pekerjaan mati.")
    return redirect("upkeep:health")
