"""Pages of those who keep a unit's services, and of those who watch them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from layanan.access import SERVING_KINDS
from layanan.forms.catalogue import ContentForm, EndForm, TariffForm, content_form, initial_of
from layanan.models import Tariff
from layanan.pages import manage
from layanan.pages.manage import Edited
from layanan.services import catalogue, tariffs
from wbbm.errors import DomainError
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, Unit

_WATCHERS = (Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR)


@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Lead each role to what it keeps or watches: operators to their unit, admins to theirs, the others to the list."""
    user = signed_in_user(request)
    held = user.scope.postings
    kept = [each for each in held if each.role == Role.OPERATOR and each.unit.kind in SERVING_KINDS]
    kept += [each for each in held if each.role == Role.ADMIN]
    if kept:
        return _unit_page(request, kept[0].unit)
    if user.scope.has_role(*_WATCHERS):
        return redirect("layanan:manage-gaps")
    raise Http404("keeps and watches no services")


@require_safe
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the services of a unit with what is missing."""
    return _unit_page(request, _unit(request, pk))


def _unit(request: HttpRequest, pk: int) -> Unit:
    found = manage.find_unit(signed_in_user(request), pk)
    if found is None:
        raise Http404("unit out of sight")
    return found


def _unit_page(request: HttpRequest, found: Unit) -> HttpResponse:
    page = manage.read_manage_page(signed_in_user(request), found)
    return render(request, "layanan/manage/unit.html", {"page": page})


def _edited(request: HttpRequest, pk: int, word: str) -> Edited:
    found = manage.read_edited(_unit(request, pk), word)
    if found is None:
        raise Http404("nothing of this word at the unit")
    return found


# --- editing ------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int, word: str) -> HttpResponse:
    """Change a service, a desk or a standard; an edit begun on an older version is shown beside the newer one."""
    edited, user = _edited(request, pk, word), signed_in_user(request)
    catalogue.allowed(user, edited.thing)
    subject = edited.thing.subject
    if request.method != "POST":
        form = content_form(subject, edited.template, initial=initial_of(edited.content, edited.version))
        return _form_page(request, edited, form)
    form = content_form(subject, edited.template, data=request.POST)
    if not form.is_valid():
        return _form_page(request, edited, form, 422)
    content = form.content
    saved = catalogue.save_content(thing=edited.thing, content=content, base=form.cleaned_data["base"], by=user)
    if saved.is_conflict:
        return _conflict(request, _edited(request, pk, word), content)
    messages.success(request, f"{edited.title} tersimpan sebagai versi {saved.version}.")
    return redirect("layanan:manage-unit", pk)


def _conflict(request: HttpRequest, edited: Edited, mine: dict[str, Any]) -> HttpResponse:
    """Show the person's own text in the form again, beside what somebody else has saved meanwhile."""
    data = request.POST.copy()
    data["base"] = str(edited.version)
    form = content_form(edited.thing.subject, edited.template, data=data)
    latest = catalogue.versions(edited.thing).select_related("posting").first()
    found = manage.differences(edited.content, mine)
    return _form_page(request, edited, form, 409, conflict=found, latest=manage.saved_words(latest, edited.thing.unit))


def _form_page(request: HttpRequest, edited: Edited, form: ContentForm, status: int = 200, **more: Any) -> HttpResponse:
    context = {"edited": edited, "unit": edited.thing.unit, "form": form} | more
    return render(request, "layanan/manage/edit.html", context, status=status)


# --- versions ------------------------------------------------------------------------------------------------


@require_safe
def history(request: HttpRequest, pk: int, word: str) -> HttpResponse:
    """Show the saved versions of a service, a desk or a standard."""
    page = manage.read_versions(signed_in_user(request), _edited(request, pk, word))
    return render(request, "layanan/manage/history.html", {"page": page, "unit": page.edited.thing.unit})


@require_POST
def restore(request: HttpRequest, pk: int, word: str) -> HttpResponse:
    """Bring an old version back, as a new one."""
    edited = _edited(request, pk, word)
    text = request.POST.get("version", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    saved = catalogue.restore(thing=edited.thing, number=number, by=signed_in_user(request))
    if saved.is_conflict:
        messages.error(request, "Baru saja ada yang menyimpan versi lain. Periksa riwayatnya, lalu pulihkan lagi.")
    else:
        messages.success(request, f"Versi {number} dipulihkan sebagai versi {saved.version}.")
    return redirect("layanan:manage-history", pk, word)


# --- tariffs -------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def unit_tariffs(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tariffs that hold at a unit, and record a new one."""
    found, user = _unit(request, pk), signed_in_user(request)
    page = manage.read_tariffs_page(user, found)
    if request.method != "POST":
        initial = {"valid_from": timezone.localdate()}
        return _tariffs_page(request, page, TariffForm(choices=page.choices, initial=initial))
    tariffs.allowed(user, found)
    form = TariffForm(request.POST, choices=page.choices)
    if form.is_valid():
        try:
            made = tariffs.add_tariff(unit=found, key=form.cleaned_data["key"], facts=form.facts, by=user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            return _tariffs_page(request, page, form, refusal.status)
        messages.success(request, f"{made} tercatat.")
        return redirect("layanan:manage-tariffs", pk)
    return _tariffs_page(request, page, form, 422)


def _tariffs_page(request: HttpRequest, page: manage.TariffsPage, form: TariffForm, status: int = 200) -> HttpResponse:
    context = {"page": page, "form": form if page.can_keep else None, "today": timezone.localdate()}
    return render(request, "layanan/manage/tariffs.html", context, status=status)


@require_POST
def tariff_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a tariff of a district end."""
    user = signed_in_user(request)
    found = Tariff.objects.visible_to(user).select_related("unit").filter(pk=pk).first()
    if found is None:
        raise Http404("tariff out of sight")
    form = EndForm(request.POST)
    if not form.is_valid():
        raise DomainError("Isi hari terakhir tarif itu.")
    tariffs.end_tariff(tariff=found, last_day=form.cleaned_data["last_day"], by=user)
    messages.success(request, "Hari terakhir tarif tersimpan.")
    return redirect("layanan:manage-tariffs", found.unit_id)


# --- all units -----------------------------------------------------------------------------------------------


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """Show the units in sight with what their public pages lack."""
    user = signed_in_user(request)
    if not user.scope.has_role(*_WATCHERS):
        raise Http404("watches no units")
    page = manage.read_gaps(user, request.GET.get("halaman", "1"))
    return render(request, "layanan/manage/gaps.html", {"page": page})
