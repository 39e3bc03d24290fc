"""Recording of findings: from an item of a sheet, from a visit, from a unit; and testing a closed one again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from supervisi.access import posting_to_find, posting_to_write
from supervisi.forms.findings import NEW, FindingForm
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist, Finding, Item, Layer, Visit
from supervisi.pages import finding_form
from supervisi.services.findings import mark_still_good, record_finding, record_free_finding
from supervisi.views.checklists import find_sheet
from supervisi.views.visits import get_visit
from wbbm.errors import DomainError, NotAllowed
from wbbm.middleware import wants_json
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Unit, User

_BY_TEAM = "Temuan dicatat oleh tim yang mengisi lembar ini."
_BY_SUPERVISOR = "Temuan dicatat oleh supervisor dari satuan di atas."


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a finding at an item, and record it."""
    checklist = find_sheet(request, pk)
    user = signed_in_user(request)
    if posting_to_write(user, checklist) is None or checklist.layer == Layer.SELF:
        raise NotAllowed(_BY_TEAM)
    code = request.POST.get("item", "") if request.method == "POST" else request.GET.get("butir", "")
    item = _sheet_item(checklist, code)
    known = finding_form.known_findings(user, checklist.unit, item)
    options = finding_form.option_choices(checklist, code) if item else ()
    if request.method == "POST":
        form = FindingForm(request.POST, request.FILES, known=known, options=options)
        return _record(request, checklist, user, form, known)
    initial = finding_form.first_values(checklist.unit) | _chosen_text(request, checklist, code) | {"item": code}
    same = finding_form.usual_same(known, initial["severity"], checklist)
    initial["same_as"] = str(same.pk) if same else NEW
    return _form_page(request, checklist, FindingForm(initial=initial, known=known, options=options), code)


def _sheet_item(checklist: Checklist, code: str) -> Item | None:
    is_known = engine_instrument(checklist.instrument).has_item(code)
    return Item.objects.get(instrument=checklist.instrument_id, code=code) if is_known else None


def _chosen_text(request: HttpRequest, checklist: Checklist, code: str) -> dict[str, Any]:
    texts = {str(text.number): text for text in finding_form.ready_texts(checklist.instrument, code)}
    chosen = texts.get(request.GET.get("teks", ""))
    return chosen.initial if chosen is not None else {}


def _record(
    request: HttpRequest, checklist: Checklist, user: User, form: FindingForm, known: tuple[Finding, ...]
) -> HttpResponse:
    if not form.is_valid():
        if wants_json(request):
            text = next(iter(form.errors.values()))[0]
            return JsonResponse({"code": "invalid", "message": text}, status=422)
        return _form_page(request, checklist, form, request.POST.get("item", ""), status=422)
    data = form.cleaned_data
    same = _same(form, known, data["severity"], checklist)
    try:
        finding = record_finding(
            checklist=checklist,
            item_code=data["item"],
            target_option=data.get("target_option", ""),
            same_as=same,
            by=user,
            **_said(form),
        )
    except DomainError as refusal:
        if wants_json(request):
            raise
        # The text that was typed stays in the form.
        form.add_error(None, refusal.message)
        return _form_page(request, checklist, form, data["item"], status=refusal.status)
    text = _told(finding, same)
    if wants_json(request):
        return JsonResponse({"code": "saved", "number": finding.number, "message": text})
    messages.success(request, text)
    return HttpResponseRedirect(_item_url(checklist, data["item"]))


def _same(form: FindingForm, known: tuple[Finding, ...], severity: str, checklist: Checklist | None) -> Finding | None:
    """Return the finding that was chosen to go on with; a form that doesn't ask goes on with the usual one."""
    chosen = form.cleaned_data.get("same_as", "")
    if chosen:
        return next((finding for finding in known if str(finding.pk) == chosen), None)
    return finding_form.usual_same(known, severity, checklist)


def _said(form: FindingForm) -> dict[str, Any]:
    names = ("severity", "observation", "recommendation", "owner_title", "due_days")
    return {name: form.cleaned_data[name] for name in names} | {"uploads": form.cleaned_data["photos"]}


def _told(finding: Finding, same: Finding | None) -> str:
    if same is None:
        return f"Temuan {finding.number} tercatat."
    if same.is_closed:
        return f"Temuan {finding.number} dibuka lagi: kelemahan yang sama ditemukan lagi."
    return f"Temuan {finding.number} ditandai masih ada; tidak dicatat dua kali."


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
        "unit": checklist.unit,
        "place": checklist.period.name,
        "item": instrument.item(code) if instrument.has_item(code) else None,
        "texts": finding_form.ready_texts(checklist.instrument, code),
        "back_url": _item_url(checklist, code),
        "back_label": "Kembali ke lembar",
    }
    return render(request, "supervisi/finding_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def add_at_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a finding of a visit without opening its sheet."""
    visit = get_visit(signed_in_user(request), pk)
    return _free(request, visit.unit, visit)


@require_http_methods(["GET", "HEAD", "POST"])
def add_at_unit(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Record a finding at a unit without a visit."""
    unit = Unit.objects.visible_to(signed_in_user(request)).filter(pk=unit_pk).first()
    if unit is None:
        raise Http404("no such unit for this person")
    return _free(request, unit, None)


def _free(request: HttpRequest, unit: Unit, visit: Visit | None) -> HttpResponse:
    user = signed_in_user(request)
    if posting_to_find(user, unit) is None:
        raise NotAllowed(_BY_SUPERVISOR)
    items = finding_form.item_choices(unit)
    status = 200
    if request.method == "POST":
        form = FindingForm(request.POST, request.FILES, items=items)
        if form.is_valid():
            try:
                return _record_free(request, form, unit, visit)
            except DomainError as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
        else:
            status = 422
    else:
        form = FindingForm(initial=finding_form.first_values(unit), items=items)
    context = {
        "form": form,
        "unit": unit,
        "place": f"kunjungan {visit.sprin_number}" if visit else "tanpa kunjungan, langsung disampaikan",
        "back_url": visit.get_absolute_url() if visit else unit.get_absolute_url(),
        "back_label": "Kembali ke kunjungan" if visit else f"Kembali ke {unit.name}",
    }
    return render(request, "supervisi/finding_form.html", context, status=status)


def _record_free(request: HttpRequest, form: FindingForm, unit: Unit, visit: Visit | None) -> HttpResponse:
    user = signed_in_user(request)
    item = finding_form.item_named(unit, form.cleaned_data["item"])
    known = finding_form.known_findings(user, unit, item)
    same = finding_form.usual_same(known, form.cleaned_data["severity"], None)
    finding = record_free_finding(unit=unit, visit=visit, item=item, same_as=same, by=user, **_said(form))
    messages.success(request, _told(finding, same))
    return redirect(finding)


@require_POST
def still_good(request: HttpRequest, pk: int, finding_pk: int) -> HttpResponse:
    """Note on a sheet that a closed finding was tested again and stays mended."""
    checklist = find_sheet(request, pk)
    user = signed_in_user(request)
    if posting_to_write(user, checklist) is None:
        raise NotAllowed("Uji ulang dicatat oleh tim kunjungan.")
    finding = Finding.objects.visible_to(user).select_related("unit", "item").filter(pk=finding_pk).first()
    if finding is None or finding.unit_id != checklist.unit_id or finding.item is None:
        raise Http404("no such finding at this unit")
    mark_still_good(finding=finding, checklist=checklist, by=user)
    place = f"b-{finding.item.code}"
    messages.success(request, f"Uji ulang {finding.number} dicatat: tetap baik.", extra_tags=place)
    return HttpResponseRedirect(_item_url(checklist, finding.item.code))
