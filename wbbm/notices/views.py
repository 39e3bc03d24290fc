"""Views of the inbox."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from wbbm.organisasi.http import signed_in_user

from . import services
from .models import Notice

PAGE_SIZE = 25


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Show what the person was told, newest first."""
    rows = Notice.objects.visible_to(signed_in_user(request)).select_related("unit")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("halaman", "1"))
    return render(request, "notices/inbox.html", {"page": page})


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one notice as read; its main button goes on to what it is about."""
    notice = get_object_or_404(Notice.objects.visible_to(signed_in_user(request)), pk=pk)
    services.mark_read(notice)
    return redirect(notice.url if "buka" in request.POST else "notices:inbox")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    count = services.mark_all_read(signed_in_user(request))
    if count:
        messages.success(request, f"{count} pemberitahuan ditandai sudah dibaca.")
    return redirect("notices:inbox")
