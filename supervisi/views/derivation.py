"""Why this figure: derivations of a sheet and of means, and what the stations do for the LKE."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supervisi.pages.derivation import read_derivation
from supervisi.pages.rollup_derivation import read_rollup_derivation
from supervisi.pages.sheet import shows_score
from supervisi.pages.support import read_support
from supervisi.views.checklists import find_sheet
from wbbm.errors import NotAllowed
from wbbm.organisasi.http import chosen_number, signed_in_user


@require_safe
def derivation(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how each figure of a sheet came about."""
    checklist = find_sheet(request, pk)
    if checklist.is_sample:
        raise NotAllowed("Lembar sampel tidak mempunyai nilai, jadi tidak ada hitungannya.")
    if not shows_score(checklist, signed_in_user(request)):
        raise NotAllowed("Hitungan terlihat setelah lembar diserahkan.")
    return render(request, "supervisi/derivation.html", {"page": read_derivation(checklist)})


@require_safe
def rollup(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which units went into the means of a unit's dashboard."""
    page = read_rollup_derivation(signed_in_user(request), pk, chosen_number(request, "periode"))
    if page is None:
        raise Http404("unit out of sight")
    return render(request, "supervisi/rollup_derivation.html", {"page": page})


@require_safe
def support(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which stations support which item of a district's LKE."""
    page = read_support(signed_in_user(request), pk, chosen_number(request, "periode"))
    if page is None:
        raise Http404("unit out of sight, or no Polres")
    return render(request, "supervisi/support.html", {"page": page})
