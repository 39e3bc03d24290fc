"""The way of a sheet to a predicate: shown, corrected, made into findings."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from supervisi.access import posting_to_estimate_above
from supervisi.forms.plans import Corrections, read_corrections, read_wish
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist
from supervisi.pages.dashboard_data import OVERSEERS
from supervisi.pages.plan import read_plan
from supervisi.pages.plan_stations import read_below, read_stations
from supervisi.pages.sheet import shows_score
from supervisi.services.plan_entries import save_entries
from supervisi.services.plans import make_findings, plan_sheet
from supervisi.views.checklists import find_sheet
from wbbm.errors import NotAllowed
from wbbm.organisasi.http import chosen_number, signed_in_user


def _sheet(request: HttpRequest, pk: int) -> Checklist:
    """Return a sheet whose score the person may see: a plan tells it."""
    checklist = find_sheet(request, pk)
    if checklist.is_sample:
        raise NotAllowed("Lembar sampel tidak mempunyai nilai, jadi tidak mempunyai rencana.")
    if not shows_score(checklist, signed_in_user(request)):
        raise NotAllowed("Rencana terlihat setelah lembar diserahkan.")
    return checklist


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the plan, whole or only what changes with it."""
    return _page(request, _sheet(request, pk))


def _page(request: HttpRequest, checklist: Checklist, corrections: Corrections | None = None) -> HttpResponse:
    asked = request.POST if request.method == "POST" else request.GET
    wish, margin = read_wish(asked, engine_instrument(checklist.instrument))
    page = read_plan(plan_sheet(checklist, wish), signed_in_user(request), margin, corrections)
    template = "supervisi/_plan.html" if request.headers.get("HX-Request") else "supervisi/plan.html"
    return render(request, template, {"page": page}, status=422 if page.corrections.faults else 200)


def _address(checklist: Checklist, request: HttpRequest) -> str:
    _, margin = read_wish(request.POST, engine_instrument(checklist.instrument))
    query = urlencode({"predikat": request.POST.get("predikat", "")[:20], "cadangan": margin})
    return f"{reverse('supervisi:plan', args=[checklist.pk])}?{query}"


@require_safe
def stations(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the plans of all units directly below a unit, whole or only what changes with them."""
    user = signed_in_user(request)
    below = read_below(user, pk) if user.scope.has_role(*OVERSEERS) else None
    if below is None:
        raise Http404("no such units in sight")
    wish, margin = read_wish(request.GET, engine_instrument(below.instrument))
    page = read_stations(below, wish, margin, chosen_number(request, "periode"))
    is_part = request.headers.get("HX-Request")
    template = "supervisi/_plan_stations.html" if is_part else "supervisi/plan_stations.html"
    return render(request, template, {"page": page})


@require_POST
def entries(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct days, owners and locks; a script gets the plan anew, everybody else is led to it."""
    checklist, user = _sheet(request, pk), signed_in_user(request)
    found = read_corrections(request.POST, engine_instrument(checklist.instrument), checklist.period.last_day)
    wanted = request.POST.get("berlaku", "")
    above = posting_to_estimate_above(user, checklist.unit) if wanted else None
    if wanted and (above is None or str(above.unit_id) != wanted):
        raise NotAllowed("Koreksi untuk semua satuan di bawah dibuat oleh pimpinan atau supervisor satuan di atas.")
    save_entries(checklist=checklist, changes=found.changes, by=user, below=above.unit if above else None)
    if found.faults or request.headers.get("HX-Request"):
        return _page(request, checklist, found)
    messages.success(request, "Rencana dihitung ulang." if found.changes else "Tidak ada yang berubah.")
    return redirect(_address(checklist, request))


@require_POST
def findings(request: HttpRequest, pk: int) -> HttpResponse:
    """Make findings of the steps that were shown."""
    checklist, user = _sheet(request, pk), signed_in_user(request)
    wish, _ = read_wish(request.POST, engine_instrument(checklist.instrument))
    made, known = make_findings(
        checklist=checklist, wish=wish, fingerprint=request.POST.get("sidik", ""), by=user
    )  # fmt: skip
    kept = f" {known} langkah sudah mempunyai temuan terbuka." if known else ""
    if made:
        messages.success(request, f"{len(made)} temuan dibuat dari rencana.{kept}")
    else:
        messages.info(request, f"Tidak ada temuan baru.{kept}")
    return redirect(_address(checklist, request))
