"""Pages of a sheet: an area to fill in, an item's history, the blank sheet."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from supervisi.forms.answers import Choice, Rejected, read_area_form, read_base, read_choice, read_confirmed
from supervisi.instrument_cache import engine_instrument
from supervisi.models import Checklist
from supervisi.pages.blank_sheet import read_blank_sheet
from supervisi.pages.checklist import ALL, AreaPage, Unsaved, read_area
from supervisi.pages.history import read_history
from supervisi.pages.item_cards import Typed
from supervisi.services.answers import CONFLICT, LOCKED, SAVED, Outcome, restore_value, save_operation
from supervisi.services.operations import InvalidOperation
from wbbm.organisasi.http import signed_in_user


def find_sheet(request: HttpRequest, pk: int) -> Checklist:
    """Return a sheet in the person's sight; a foreign and a missing one give the same 404."""
    user = signed_in_user(request)
    checklist = Checklist.objects.visible_to(user).with_frame().filter(pk=pk).first()
    if checklist is None:
        raise Http404("no such sheet for this person")
    return checklist


@require_http_methods(["GET", "HEAD", "POST"])
def area(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Show one area, or save its plain form."""
    checklist = find_sheet(request, pk)
    if request.method == "POST":
        return _save_area(request, checklist, key)
    return _area_page(request, checklist, key)


def _area_page(
    request: HttpRequest,
    checklist: Checklist,
    key: str,
    *,
    rejected: tuple[Rejected, ...] = (),
    refused: tuple[str, ...] = (),
    unsaved: tuple[Unsaved, ...] = (),
    status: int = 200,
) -> HttpResponse:
    chosen = request.GET.get("saring", ALL) if request.method != "POST" else ALL
    page = read_area(
        checklist=checklist,
        key=key,
        viewer=signed_in_user(request),
        chosen=chosen,
        typed={each.item_code: Typed(each.value, each.message) for each in rejected},
    )
    if page is None:
        raise Http404("no such area")
    back_url, back_label = _way_back(page)
    context = {
        "page": page,
        "back_url": back_url,
        "back_label": back_label,
        "form_url": request.path,
        "errors": rejected,
        "refused": refused,
        "unsaved": unsaved,
    }
    return render(request, "supervisi/checklist_area.html", context, status=status)


def _way_back(page: AreaPage) -> tuple[str, str]:
    if page.checklist.visit_id:
        return reverse("supervisi:visit-detail", args=[page.checklist.visit_id]), "Ke kunjungan"
    return page.checklist.get_absolute_url(), "Ke lembar"


def _save_area(request: HttpRequest, checklist: Checklist, key: str) -> HttpResponse:
    """Save what differs from the form's base values; conflicts and errors come back as the page."""
    user = signed_in_user(request)
    instrument = engine_instrument(checklist.instrument)
    if key not in {each.key for each in instrument.areas}:
        raise Http404("no such area")
    form = read_area_form(request.POST, instrument, key)
    rejected, refused = list(form.rejected), []
    outcomes: list[Outcome] = []
    for operation in form.operations:
        try:
            outcome = save_operation(checklist=checklist, operation=operation, by=user)
        except InvalidOperation as fault:
            rejected.append(Rejected(operation.item_code, fault.message, operation.card.as_value()))
            continue
        outcomes.append(outcome)
        if _is_disputed(outcome):
            refused.append(operation.item_code)
    choice = read_choice(request.POST)
    if choice is not None:
        outcomes.append(_settle(request, checklist, choice))
        if outcomes[-1].code == CONFLICT:
            refused.append(choice.item_code)
    confirmed = read_confirmed(request.POST)
    # Changed and confirmed at once: what was typed is what was meant.
    if confirmed and confirmed not in {operation.item_code for operation in form.operations}:
        outcomes.append(_confirm(request, checklist, confirmed))
        if outcomes[-1].code == CONFLICT:
            refused.append(confirmed)
    locked = next((outcome for outcome in outcomes if outcome.code == LOCKED), None)
    if locked is not None:
        messages.error(request, f"Lembar berstatus {locked.reply['status_label']}. Jawaban Anda tidak tersimpan.")
        unsaved = tuple(Unsaved.of(operation, instrument) for operation in form.operations)
        return _area_page(request, checklist, key, unsaved=unsaved, status=409)
    return _after_saving(request, checklist, key, outcomes, tuple(rejected), tuple(refused))


def _is_disputed(outcome: Outcome) -> bool:
    return outcome.code == CONFLICT and outcome.reply["value"] != outcome.reply["refused"]["value"]


def _settle(request: HttpRequest, checklist: Checklist, choice: Choice) -> Outcome:
    return restore_value(
        checklist=checklist,
        item_code=choice.item_code,
        revision_uuid=choice.revision_uuid if choice.is_mine else None,
        base_version=read_base(request.POST, choice.item_code),
        by=signed_in_user(request),
    )


def _confirm(request: HttpRequest, checklist: Checklist, code: str) -> Outcome:
    """Save a copied answer as it stands."""
    return restore_value(
        checklist=checklist,
        item_code=code,
        revision_uuid=None,
        base_version=read_base(request.POST, code),
        by=signed_in_user(request),
    )


def _after_saving(
    request: HttpRequest,
    checklist: Checklist,
    key: str,
    outcomes: list[Outcome],
    rejected: tuple[Rejected, ...],
    refused: tuple[str, ...],
) -> HttpResponse:
    if refused or rejected:
        status = 409 if refused else 422
        return _area_page(request, checklist, key, rejected=rejected, refused=refused, status=status)
    saved = sum(outcome.code == SAVED for outcome in outcomes)
    messages.success(request, f"{saved} jawaban tersimpan." if saved else "Tidak ada yang berubah.")
    return HttpResponseRedirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
def history(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Show every save of one item; a refused value is put back by one button."""
    checklist = find_sheet(request, pk)
    user = signed_in_user(request)
    page = read_history(checklist=checklist, item_code=code, viewer=user)
    if page is None:
        raise Http404("no such item")
    if request.method == "POST":
        outcome = restore_value(
            checklist=checklist,
            item_code=code,
            revision_uuid=request.POST.get("uuid", ""),
            base_version=read_base(request.POST, code),
            by=user,
        )
        if outcome.code == SAVED:
            messages.success(request, "Jawaban itu dipakai lagi. Yang sebelumnya tetap ada di Riwayat.")
        else:
            messages.error(request, outcome.reply["message"])
        return HttpResponseRedirect(request.path)
    return render(request, "supervisi/answer_history.html", {"page": page})


@require_safe
def blank(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the sheet without answers, to be printed on A4."""
    page = read_blank_sheet(find_sheet(request, pk))
    return render(request, "supervisi/checklist_blank.html", {"page": page})
