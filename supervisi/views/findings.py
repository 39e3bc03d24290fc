"""Recording of findings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from supervisi.access import posting_to_write
from supervisi.forms.findings import FindingForm
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Layer
from supervisi.pages.checklist import usual_owner
from supervisi.services.findings import record_finding
from supervisi.views.checklists import find_sheet
from wbbm.errors import DomainError, NotAllowed
from wbbm.middleware import wants_json
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import User


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a finding at an item, and record it."""
    checklist = find_sheet(request, pk)
    user = signed_in_user(request)
    if posting_to_write(user, checklist) is None or checklist.layer == Layer.SELF:
        raise NotAllowed("Temuan dicatat oleh tim yang mengisi lembar ini.")
    if request.method == "POST":
        return _record(request, checklist, user)
    initial = {
        "item": request.GET.get("butir", ""),
        "severity": "moderate",
        "owner_title": usual_owner(checklist.unit),
    }
    return _form_page(request, checklist, FindingForm(initial=initial), initial["item"])


def _record(request: HttpRequest, checklist: Checklist, user: User) -> HttpResponse:
    form = FindingForm(request.POST)
    if not form.is_valid():
        if wants_json(request):
            text = next(iter(form.errors.values()))[0]
            return JsonResponse({"code": "invalid", "message": text}, status=422)
        return _form_page(request, checklist, form, request.POST.get("item", ""), status=422)
    data = form.cleaned_data
    try:
        finding = record_finding(
            checklist=checklist,
            item_code=data["item"],
            severity=data["severity"],
            observation=data["observation"],
            recommendation=data["recommendation"],
            owner_title=data["owner_title"],
            by=user,
        )
    except DomainError as refusal:
        if wants_json(request):
            raise
        # The text that was typed stays in the form.
        form.add_error(None, refusal.message)
        return _form_page(request, checklist, form, data["item"], status=refusal.status)
    text = f"Temuan {finding.number} tercatat."
    if wants_json(request):
        return JsonResponse({"code": "saved", "number": finding.number, "message": text})
    messages.success(request, text)
    return HttpResponseRedirect(_item_url(checklist, data["item"]))


def _item_url(checklist: Checklist, code: str) -> str:
    instrument = engine_instrument(checklist.instrument)
    key = instrument.item(code).area_key if instrument.has_item(code) else instrument.areas[0].key
    return f"{reverse('supervisi:checklist-area', args=[checklist.pk, key])}#b-{code}"


def _form_page(
    request: HttpRequest, checklist: Checklist, form: FindingForm, code: str, status: int = 200
) -> HttpResponse:
    instrument = engine_instrument(checklist.instrument)
    context = {
        "form": form,
        "checklist": checklist,
        "item": instrument.item(code) if instrument.has_item(code) else None,
        "back_url": _item_url(checklist, code),
    }
    return render(request, "supervisi/finding_form.html", context, status=status)
