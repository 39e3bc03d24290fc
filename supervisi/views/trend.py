"""A unit over time, and the units below in small."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from supervisi.pages.dashboard_data import OVERSEERS, READERS
from supervisi.pages.trend import read_trend
from supervisi.pages.trend_below import read_trends_below
from wbbm.organisasi.http import signed_in_user


@require_safe
def trend(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a unit's results over periods and visits."""
    user = signed_in_user(request)
    page = read_trend(user, pk) if user.scope.has_role(*READERS) else None
    if page is None:
        raise Http404("unit out of sight")
    return render(request, "supervisi/trend.html", {"page": page})


@require_safe
def below(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the units directly below in small multiples."""
    user = signed_in_user(request)
    page = read_trends_below(user, pk) if user.scope.has_role(*OVERSEERS) else None
    if page is None:
        raise Http404("no such units in sight")
    return render(request, "supervisi/trend_below.html", {"page": page})
