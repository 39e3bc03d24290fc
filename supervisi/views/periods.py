"""Periods: list, opening the next, closing, taking a closing back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supervisi.forms.periods import CloseForm, PeriodForm, UndoForm
from supervisi.models import Period
from supervisi.pages.periods import NextPeriod, copyable_sheets, read_period, read_periods, sees_period
from supervisi.services import closing, periods
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role
from wbbm.organisasi.second_factor import ask_first

_DONE = {
    "close": "Periode ditutup. Lembar mandiri yang sudah diserahkan menjadi final dan hasilnya dibekukan.",
    "ask-undo": "Pembatalan diminta. Orang kedua diberi tahu.",
    "drop-undo": "Permintaan pembatalan dihapus. Periode tetap ditutup.",
    "undo": "Penutupan dibatalkan. Lembar mandirinya kembali berstatus diserahkan.",
}
_FORMS: dict[str, type[forms.Form]] = {"close": CloseForm, "ask-undo": UndoForm}


@require_safe
def period_list(request: HttpRequest) -> HttpResponse:
    """Show the periods at one's units, and which may be opened next."""
    page = read_periods(signed_in_user(request))
    if page is None:
        raise Http404("admins and commanders only")
    return render(request, "supervisi/period_list.html", {"page": page})


def _find(request: HttpRequest, pk: int) -> Period:
    user = signed_in_user(request)
    found = Period.objects.select_related("unit", "closed_by", "undo_asked_by").filter(pk=pk).first()
    if found is None or not sees_period(user, found):
        raise Http404("no such period for this person")
    return found


@require_safe
def period_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is unfinished in a period, and how it is closed or opened again."""
    return _page(request, _find(request, pk))


def _page(
    request: HttpRequest, period: Period, name: str = "", form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    page = read_period(period, signed_in_user(request))
    bound = {name: form} if form is not None else {}
    context: dict[str, Any] = {
        "page": page,
        "close": bound.get("close", CloseForm()),
        "ask_undo": bound.get("ask-undo", UndoForm()),
        "refused": form,
    }
    return render(request, "supervisi/period_detail.html", context, status=status)


@require_POST
def period_step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Close a period, ask for the closing to be taken back, or decide on that."""
    period, by = _find(request, pk), signed_in_user(request)
    if name not in _DONE:
        raise Http404("no such step")
    if name in {"close", "ask-undo"}:
        periods.admin_of(by, period.unit)
    form = _FORMS.get(name, forms.Form)(request.POST)
    if not form.is_valid():
        return _page(request, period, name, form, 422)
    # Closing makes every self sheet that was handed in final.
    asked = ask_first(request) if name == "close" else None
    if asked is not None:
        return asked
    try:
        if name == "close":
            closing.close_period(period=period, by=by)
        elif name == "ask-undo":
            closing.ask_undo(period=period, by=by, reason=form.cleaned_data["text"])
        elif name == "drop-undo":
            closing.drop_undo(period=period, by=by)
        else:
            closing.undo_closing(period=period, by=by)
    except NotAllowed:
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        period.refresh_from_db()
        return _page(request, period, name, form, refusal.status)
    messages.success(request, _DONE[name])
    return redirect(period)


@require_http_methods(["GET", "HEAD", "POST"])
def period_add(request: HttpRequest, unit_pk: int, kind: str) -> HttpResponse:
    """Open the next period of a kind, with a proposed name and days."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    proposal = _proposed(request, unit_pk, kind)
    if request.method == "POST":
        form = PeriodForm(request.POST)
        if form.is_valid():
            try:
                made = periods.create_period(unit=proposal.unit, kind=kind, by=user, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, f"{made.name} dibuka untuk {made.unit} dan semua satuan di bawahnya.")
                return redirect(made)
    else:
        days = {"name": proposal.name, "first_day": proposal.first_day, "last_day": proposal.last_day}
        form = PeriodForm(initial=days)
    context = {"form": form, "proposal": proposal, "copies": copyable_sheets(proposal.last)}
    return render(request, "supervisi/period_add.html", context, status=422 if form.is_bound else 200)


def _proposed(request: HttpRequest, unit_pk: int, kind: str) -> NextPeriod:
    page = read_periods(signed_in_user(request))
    following = page.following if page is not None else ()
    found = next((each for each in following if (each.unit.pk, each.kind) == (unit_pk, kind)), None)
    if found is None:
        raise Http404("this admin opens no such period")
    return found
