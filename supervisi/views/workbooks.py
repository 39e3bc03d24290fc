"""The official workbook of a sheet: its page, and taking it along."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from supervisi.models import Checklist
from supervisi.pages.sheet import shows_score
from supervisi.services.workbooks import export_workbook
from supervisi.views.checklists import find_sheet
from wbbm.errors import NotAllowed
from wbbm.organisasi.exports import CONTENT_TYPES
from wbbm.organisasi.http import signed_in_user


def _scored_sheet(request: HttpRequest, pk: int) -> Checklist:
    """Return a sheet whose score the person may see: the workbook's formulas tell it."""
    checklist = find_sheet(request, pk)
    if checklist.is_sample:
        raise NotAllowed("Lembar sampel tidak mempunyai nilai, jadi tidak mempunyai buku kerja.")
    if not shows_score(checklist, signed_in_user(request)):
        raise NotAllowed("Buku kerja dapat diunduh setelah lembar diserahkan.")
    return checklist


@require_safe
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what can be done with the sheet's workbook."""
    return render(request, "supervisi/workbook.html", {"sheet": _scored_sheet(request, pk)})


@require_POST
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the sheet as a fresh workbook; it is recorded who took it, so it is no GET."""
    checklist = _scored_sheet(request, pk)
    content = export_workbook(checklist=checklist, by=signed_in_user(request))
    return _file(content, checklist)


def _file(content: bytes, checklist: Checklist) -> HttpResponse:
    words = f"{checklist.instrument.code} {checklist.unit.name} {checklist.period.name} {checklist.layer}"
    disposition = f'attachment; filename="{slugify(words)}.xlsx"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=CONTENT_TYPES["xlsx"], headers=headers)
