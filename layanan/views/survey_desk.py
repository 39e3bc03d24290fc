"""Surveys for the staff: results in reach, and the desk that hands out tokens and keeps the register."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from layanan.forms.surveys import read_month, read_uuid, read_window
from layanan.models import SurveyContact, TokenBatch
from layanan.pages.survey_desk import code_slip, read_contacts, read_desk
from layanan.pages.survey_outcomes import INTERNAL
from layanan.pages.survey_staff import read_staff_list, read_staff_results
from layanan.services.survey_register import note_contact, remove_contact, set_served
from layanan.services.survey_tokens import make_slips, show_on_screen, stop_batch
from layanan.survey_access import LIST_ROLES, OWN_MONTHS, posting_at_desk, reads_results, sees_all
from layanan.surveyed import KINDS, service_name, services_of
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Unit

_DESK_ONLY = "Loket survei diisi operator atau pimpinan satuan ini."


def _unit_in_reach(request: HttpRequest, pk: int) -> Unit:
    """Return a unit whose results the person reads; a foreign and a missing one give the same 404."""
    unit = Unit.objects.visible_to(signed_in_user(request)).filter(pk=pk).first()
    if unit is None or unit.kind not in KINDS or not reads_results(signed_in_user(request), unit):
        raise Http404("no such unit for this person")
    return unit


def _unit_of_desk(request: HttpRequest, pk: int) -> Unit:
    """Return the unit at whose desk the person is.

    Raises:
        NotAllowed: he only reads its results.
    """
    unit = _unit_in_reach(request, pk)
    if posting_at_desk(signed_in_user(request), unit) is None:
        raise NotAllowed(_DESK_ONLY)
    return unit


@require_safe
def unit_list(request: HttpRequest) -> HttpResponse:
    """Show the units in reach with the last three full months."""
    user = signed_in_user(request)
    if not user.scope.has_role(*LIST_ROLES):
        raise Http404("nobody's results are read by this person")
    text = request.GET.get("satuan", "").replace("\0", "").strip()[:80]
    found = read_staff_list(user, text, request.GET.get("halaman", ""), timezone.localdate())
    return render(request, "layanan/survey_list.html", {"found": found, "text": text, "internal": INTERNAL})


@require_safe
def unit_results(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a unit's results over the chosen months."""
    unit = _unit_in_reach(request, pk)
    user, day = signed_in_user(request), local_day(unit)
    is_above = sees_all(user, unit)
    asked = (request.GET.get("dari", ""), request.GET.get("sampai", ""))
    window = read_window(*asked, day, least=1 if is_above else OWN_MONTHS)
    found = read_staff_results(unit, window, day, sees_all=is_above)
    is_desk = posting_at_desk(user, unit) is not None
    context = {"found": found, "internal": INTERNAL, "is_desk": is_desk}
    return render(request, "layanan/survey_unit_staff.html", context)


@require_safe
def desk(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the desk: handing out tokens, the register, how many were served."""
    return _desk_page(request, _unit_of_desk(request, pk))


def _desk_page(request: HttpRequest, unit: Unit, refusal: str = "", status: int = 200) -> HttpResponse:
    found = read_desk(unit, signed_in_user(request), local_day(unit))
    context = {"found": found, "refusal": refusal, "sent": request.POST, "part": request.POST.get("bagian", "")}
    return render(request, "layanan/survey_desk.html", context, status=status)


@require_POST
def slips(request: HttpRequest, pk: int) -> HttpResponse:
    """Make slips and show them for printing; their codes are shown this once."""
    unit = _unit_of_desk(request, pk)
    count = request.POST.get("jumlah", "")
    try:
        batch, codes = make_slips(
            unit=unit,
            service=request.POST.get("layanan", ""),
            bundle=request.POST.get("survei", ""),
            count=int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0,
            number=read_uuid(request.POST.get("nomor", "")) or uuid.uuid4(),
            by=signed_in_user(request),
        )
    except DomainError as refusal:
        return _desk_page(request, unit, refusal.message, refusal.status)
    shown = [code_slip(code) for code in codes]
    context = {"unit": unit, "batch": batch, "service": service_name(batch.service), "slips": shown}
    return render(request, "layanan/survey_slips.html", context)


@require_POST
def screen(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one fresh code as a QR code for the person at the desk."""
    unit = _unit_of_desk(request, pk)
    service, bundle = request.POST.get("layanan", ""), request.POST.get("survei", "")
    try:
        batch, code = show_on_screen(unit=unit, service=service, bundle=bundle, by=signed_in_user(request))
    except DomainError as refusal:
        return _desk_page(request, unit, refusal.message, refusal.status)
    context = {
        "unit": unit,
        "batch": batch,
        "service": service_name(batch.service),
        "slip": code_slip(code),
        "services": services_of(unit),
    }
    return render(request, "layanan/survey_screen.html", context)


@require_POST
def stop(request: HttpRequest, pk: int, batch_pk: uuid.UUID) -> HttpResponse:
    """Let the unused codes of a batch expire."""
    unit = _unit_of_desk(request, pk)
    batch = TokenBatch.objects.visible_to(signed_in_user(request)).of_unit(unit).filter(pk=batch_pk).first()
    if batch is None:
        raise Http404("no such batch at this desk")
    batch.unit = unit
    stop_batch(batch=batch, by=signed_in_user(request))
    messages.success(request, "Kode yang belum dipakai tidak berlaku lagi.")
    return redirect("layanan:survey-desk", pk=unit.pk)


@require_POST
def served(request: HttpRequest, pk: int) -> HttpResponse:
    """Note how many were served in a month."""
    unit = _unit_of_desk(request, pk)
    month, number = read_month(request.POST.get("bulan", "")), request.POST.get("dilayani", "").strip()
    is_number = number.isascii() and number.isdigit() and len(number) < 9
    try:
        if month is None or not is_number:
            raise DomainError("Pilih bulannya dan tulis jumlah orang yang dilayani dengan angka saja.")
        set_served(unit=unit, month=month, served=int(number), by=signed_in_user(request))
    except DomainError as refusal:
        return _desk_page(request, unit, refusal.message, refusal.status)
    messages.success(request, "Jumlah yang dilayani tersimpan.")
    return redirect("layanan:survey-desk", pk=unit.pk)


@require_POST
def contact_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a served person who agrees."""
    unit = _unit_of_desk(request, pk)
    try:
        note_contact(
            unit=unit,
            service=request.POST.get("layanan", ""),
            name=request.POST.get("nama", ""),
            phone=request.POST.get("telepon", ""),
            agrees=bool(request.POST.get("setuju")),
            by=signed_in_user(request),
        )
    except DomainError as refusal:
        return _desk_page(request, unit, refusal.message, refusal.status)
    messages.success(request, "Tercatat di daftar responden, tanpa kode dan tanpa jam.")
    return redirect("layanan:survey-desk", pk=unit.pk)


@require_safe
def contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the register of those who agreed."""
    unit = _unit_of_desk(request, pk)
    page = read_contacts(unit, signed_in_user(request), request.GET.get("halaman", ""))
    lines = [(contact, service_name(contact.service)) for contact in page]
    return render(request, "layanan/survey_contacts.html", {"unit": unit, "page": page, "lines": lines})


@require_POST
def contact_remove(request: HttpRequest, pk: int, contact_pk: uuid.UUID) -> HttpResponse:
    """Empty one line of the register."""
    unit = _unit_of_desk(request, pk)
    contact = SurveyContact.objects.visible_to(signed_in_user(request)).of_unit(unit).filter(pk=contact_pk).first()
    if contact is None:
        raise Http404("no such line at this desk")
    contact.unit = unit
    remove_contact(contact=contact, by=signed_in_user(request))
    messages.success(request, "Nama dan nomornya dihapus dari daftar.")
    return redirect("layanan:survey-contacts", pk=unit.pk)
