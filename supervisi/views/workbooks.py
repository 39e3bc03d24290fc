"""The official workbook of a sheet: its page, taking it along, and taking answers over from one."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_POST, require_safe

from supervisi.forms.workbooks import TemplateForm, WorkbookForm, read_accepted
from supervisi.models import Checklist, Layer, WorkbookImport
from supervisi.pages.sheet import shows_score
from supervisi.pages.workbook_import import read_comparison
from supervisi.services import workbook_imports
from supervisi.services.workbooks import UnfitWorkbook, export_workbook, fill_workbook
from supervisi.views.checklists import find_sheet
from wbbm.errors import NotAllowed
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.tables import CONTENT_TYPES

# Of a visit's sheet there is no official template.
FILLED_LAYERS = (Layer.SELF, Layer.TPI)


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
    return _page(request, _scored_sheet(request, pk))


def _page(
    request: HttpRequest,
    checklist: Checklist,
    *,
    form: WorkbookForm | None = None,
    template_form: TemplateForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_import = workbook_imports.posting_to_import(signed_in_user(request), checklist) is not None
    context: dict[str, Any] = {
        "sheet": checklist,
        "form": form or WorkbookForm(),
        "template_form": template_form or TemplateForm(),
        "fills": checklist.layer in FILLED_LAYERS,
        "imports": may_import and checklist.is_draft,
        "is_locked": may_import and not checklist.is_draft,
    }
    return render(request, "supervisi/workbook.html", context, status=status)


@require_POST
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the sheet as a fresh workbook; it is recorded who took it, so it is no GET."""
    checklist = _scored_sheet(request, pk)
    content = export_workbook(checklist=checklist, by=signed_in_user(request))
    return _file(content, checklist)


@require_POST
def fill(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the person's own template, filled in."""
    checklist = _scored_sheet(request, pk)
    form = TemplateForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            filled = fill_workbook(checklist=checklist, content=form.cleaned_data["file"], by=signed_in_user(request))
        except UnfitWorkbook as refusal:
            form.add_error("file", refusal.message)
        else:
            if filled.left_out:
                # Shown on the next page: this answer is the file itself.
                messages.warning(request, _left_out(filled.left_out))
            return _file(filled.content, checklist)
    return _page(request, checklist, template_form=form, status=422)


def _left_out(codes: tuple[str, ...]) -> str:
    more = f" dan {len(codes) - 8} lagi" if len(codes) > 8 else ""
    return (
        f"Templat terisi, kecuali {len(codes)} butir yang tidak cocok atau berisi rumus: {', '.join(codes[:8])}{more}."
    )


def _file(content: bytes, checklist: Checklist) -> HttpResponse:
    words = f"{checklist.instrument.code} {checklist.unit.name} {checklist.period.name} {checklist.layer}"
    # Somebody's own template bears no line of ours: its name says that the data are an example.
    name = slugify(f"DATA CONTOH {words}" if settings.IS_DEMO else words)
    disposition = f'attachment; filename="{name}.xlsx"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=CONTENT_TYPES["xlsx"], headers=headers)


@require_POST
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a workbook and lead to the comparison; the sheet stays as it is."""
    checklist, user = find_sheet(request, pk), signed_in_user(request)
    workbook_imports.check_may_import(checklist, user)
    form = WorkbookForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            kept = workbook_imports.keep_import(
                checklist=checklist, content=form.cleaned_data["file"], name=form.name, by=user
            )
        except UnfitWorkbook as refusal:
            form.add_error("file", refusal.message)
        else:
            return redirect(kept)
    return _page(request, checklist, form=form, status=422)


def _upload_of(request: HttpRequest, pk: uuid.UUID) -> WorkbookImport:
    found = WorkbookImport.objects.visible_to(signed_in_user(request)).with_frame().filter(pk=pk).first()
    if found is None:
        raise Http404("no such upload of this person")
    # The right to fill in the sheet may have ended since.
    if workbook_imports.posting_to_import(signed_in_user(request), found.checklist) is None:
        raise Http404("no longer this person's sheet")
    return found


@require_safe
def comparison(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the file beside the portal and the last export."""
    page = read_comparison(_upload_of(request, pk), signed_in_user(request))
    return render(request, "supervisi/workbook_import.html", {"page": page})


@require_POST
def accept(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Write the chosen lines, or all."""
    found = _upload_of(request, pk)
    versions = read_accepted(request.POST)
    done = workbook_imports.accept(upload=found, versions=versions, by=signed_in_user(request))
    if done.saved:
        messages.success(request, f"{len(done.saved)} butir diambil dari berkas.")
    if done.conflicts:
        messages.warning(
            request, f"{len(done.conflicts)} butir baru saja diubah orang lain. Periksa lagi, lalu terima bila perlu."
        )
    if done.refused:
        messages.error(request, f"Butir {', '.join(done.refused[:5])} tidak dapat disimpan dari berkas ini.")
    if not versions:
        messages.info(request, "Tidak ada butir yang dipilih. Lembar tidak berubah.")
    return redirect(found)
