"""Documents of a visit or a sheet: the page, and asking for one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from supervisi.models import DocumentKind
from supervisi.pages.documents import Shelf, read_sheet_shelf, read_visit_shelf, sheet_of
from supervisi.services.documents import request_document
from supervisi.views.checklists import find_sheet
from supervisi.views.visits import get_visit
from wbbm.organisasi.http import signed_in_user


@require_http_methods(["GET", "HEAD", "POST"])
def of_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the documents of a visit, or ask for one."""
    user = signed_in_user(request)
    visit = get_visit(user, pk)
    if request.method == "POST":
        kind = request.POST.get("jenis", "")
        sheet = sheet_of(visit, user) if kind == DocumentKind.REPORT else None
        return _asked(request, request_document(kind=kind, by=user, visit=visit, checklist=sheet).is_ready)
    return _page(request, read_visit_shelf(visit, user))


@require_http_methods(["GET", "HEAD", "POST"])
def of_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the reports of a sheet, or ask for one."""
    user = signed_in_user(request)
    checklist = find_sheet(request, pk)
    if request.method == "POST":
        document = request_document(kind=DocumentKind.REPORT, by=user, checklist=checklist)
        return _asked(request, document.is_ready)
    return _page(request, read_sheet_shelf(checklist, user))


def _asked(request: HttpRequest, is_ready: bool) -> HttpResponse:
    if is_ready:
        messages.info(request, "Isinya belum berubah sejak dokumen ini dibuat; dokumen yang ada tetap berlaku.")
    else:
        messages.success(request, "Dokumen sedang dibuat. Halaman ini menunjukkan kemajuannya.")
    return HttpResponseRedirect(request.path)


def _page(request: HttpRequest, shelf: Shelf) -> HttpResponse:
    template = "supervisi/_document_shelf.html" if request.headers.get("HX-Request") else "supervisi/documents.html"
    return render(request, template, {"page": shelf})
