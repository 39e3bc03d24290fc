"""Layers side by side: one unit's items, and the units below with their gaps."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supervisi.pages.dashboard_data import OVERSEERS, READERS
from supervisi.pages.layer_list import read_gaps_below
from supervisi.pages.layers import DIFFERENT, read_layers
from wbbm.organisasi.http import chosen_number, signed_in_user


@require_safe
def comparison(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare a unit's layers per item, area and total."""
    user = signed_in_user(request)
    if not user.scope.has_role(*READERS):
        raise Http404("no results for this role")
    page = read_layers(
        user,
        pk,
        period_id=chosen_number(request, "periode"),
        instrument_id=chosen_number(request, "instrumen"),
        only_different=request.GET.get("saring") == DIFFERENT,
    )
    if page is None:
        raise Http404("unit out of sight")
    return render(request, "supervisi/layers.html", {"page": page, "different": DIFFERENT})


@require_safe
def gaps_below(request: HttpRequest, pk: int) -> HttpResponse:
    """List the units below by the gap between what they claimed and what was seen."""
    user = signed_in_user(request)
    if not user.scope.has_role(*OVERSEERS):
        raise Http404("no units below for this role")
    page = read_gaps_below(user, pk, chosen_number(request, "periode"))
    if page is None:
        raise Http404("no such units in sight")
    return render(request, "supervisi/layer_gaps.html", {"page": page})
