"""Proposals from the portal's own figures for the items of a sheet."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from supervisi.forms.suggestions import CorrectionForm, first_values, is_correction, read_decision
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist
from supervisi.pages.suggestions import read_suggestions
from supervisi.services.answers import CONFLICT, SAVED
from supervisi.services.suggestions import FiguresMoved, decide_suggestion, posting_to_decide
from supervisi.suggestions.rules import rules_of
from supervisi.views.checklists import find_sheet
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user


@require_safe
def suggestions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the portal knows and proposes."""
    return _page(request, find_sheet(request, pk))


def _page(
    request: HttpRequest, checklist: Checklist, bound: CorrectionForm | None = None, code: str = "", status: int = 200
) -> HttpResponse:
    page = read_suggestions(checklist, signed_in_user(request))
    if page is None:
        raise Http404("the portal proposes nothing for this instrument")
    lines = []
    for line in page.lines:
        is_bound = bound is not None and line.item.code == code
        empty = CorrectionForm(item=line.item, initial=first_values(line.item, line.raw))
        lines.append((line, bound if is_bound else empty, is_bound))
    return render(request, "supervisi/suggestion_list.html", {"page": page, "lines": lines}, status=status)


@require_POST
def decide(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Take a proposal over, as it is or corrected."""
    checklist, user = find_sheet(request, pk), signed_in_user(request)
    engine = engine_instrument(checklist.instrument)
    if code not in rules_of(checklist.instrument.code).items or not engine.has_item(code):
        raise Http404("the portal has no figures for this item")
    if posting_to_decide(user, checklist) is None and checklist.is_draft:
        raise NotAllowed("Usulan dipakai oleh yang mengisi lembar ini.")
    form = None
    if is_correction(request.POST):
        form = CorrectionForm(request.POST, item=engine.item(code))
        if not form.is_valid():
            return _page(request, checklist, form, code, status=422)
    try:
        decided = decide_suggestion(checklist=checklist, decision=read_decision(request.POST, code, form), by=user)
    except FiguresMoved as refusal:
        messages.error(request, refusal.message)
        return _page(request, checklist, form, code, status=refusal.status)
    except NotAllowed:
        raise
    except DomainError as refusal:
        if form is None:
            raise
        form.add_error(None, refusal.message)
        return _page(request, checklist, form, code, status=refusal.status)
    if decided.outcome.code == CONFLICT:
        messages.error(request, f"Butir {code} baru saja diubah orang lain. Periksa jawabannya, lalu putuskan lagi.")
        return _page(request, checklist, form, code, status=409)
    if decided.outcome.code == SAVED:
        messages.success(request, f"Butir {code} diisi dari data portal; angkanya disimpan sebagai bukti.")
    return HttpResponseRedirect(reverse("supervisi:suggestions", args=[pk]) + f"#b-{code}")
