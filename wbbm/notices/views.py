"""Views of the inbox."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wbbm.errors import DomainError
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role

from . import digests, services
from .models import Notice, NoticeKind

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


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Let the person choose which kinds also come by the daily mail."""
    person = signed_in_user(request)
    if request.method == "POST":
        services.set_mailed_kinds(person, request.POST.getlist("surel"))
        messages.success(request, "Pilihan Anda tersimpan.")
        return redirect("notices:preferences")
    mailed = services.mailed_kinds(person)
    kinds = [(kind.value, kind.label, kind.value in mailed) for kind in NoticeKind]
    context = {"kinds": kinds, "hour": digests.BEGINS, "is_admin": person.scope.has_role(Role.ADMIN)}
    return render(request, "notices/preferences.html", context)


@require_POST
def mail_test(request: HttpRequest) -> HttpResponse:
    """Send the admin a mail to his own address, and say what became of it."""
    person = signed_in_user(request)
    if not person.scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    try:
        services.send_test_mail(person)
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"Surel uji diserahkan ke server surel untuk {person.email}. Periksa kotak suratnya.")
    return redirect("notices:preferences")
