"""What looks odd: the sheet for those above, one sign, and what is said of it. Every look is written down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST, require_safe

from supervisi.access import posting_to_settle, posting_to_settle_as_finding, posting_to_watch
from supervisi.forms.oddities import CheckForm, ExplainForm, SignFindingForm
from supervisi.models import Oddity, OddityStatus
from supervisi.pages.oddities import SignPage, Wanted, read_sheet, read_sign
from supervisi.services.oddities import BY_SUPERVISOR, BY_THOSE_ABOVE, log_look, settle, settle_as_finding
from supervisi.services.owners import usual_owner
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user

_SEARCH_LIMIT = 80
_ASKED = {"status": "keadaan", "kind": "jenis", "unit": "satuan", "number": "halaman"}
_STEPS = {"periksa": OddityStatus.CHECKED, "jelaskan": OddityStatus.EXPLAINED, "temuan": OddityStatus.FINDING}
_DONE = {
    OddityStatus.CHECKED: "Tercatat: sudah diperiksa.",
    OddityStatus.EXPLAINED: "Penjelasannya tercatat.",
}


@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Show the signs in sight, and write down that the person looked."""
    user = signed_in_user(request)
    if posting_to_watch(user) is None:
        raise Http404("no signs for this role")
    asked = {name: request.GET[key] for name, key in _ASKED.items() if key in request.GET}
    wanted = Wanted(**{name: value.strip()[:_SEARCH_LIMIT].replace("\0", "") for name, value in asked.items()})
    page = read_sheet(user, wanted)
    log_look(user)
    return render(request, "supervisi/oddity_list.html", {"sheet": page})


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one sign with its proof."""
    return _render(request, _read(request, pk), None)


def _read(request: HttpRequest, pk: int) -> SignPage:
    """Read a sign to be shown, and write down that it was, also where a form comes back."""
    user = signed_in_user(request)
    page = read_sign(user, pk)
    if page is None:
        raise Http404("no such sign for this person")
    log_look(user, page.line.oddity)
    return page


def _render(request: HttpRequest, page: SignPage, bound: forms.Form | None, status: int = 200) -> HttpResponse:
    units = page.line.units
    first: dict[str, Any] = {"observation": page.line.words.observation, "owner_title": usual_owner(units[0])}
    made: dict[str, forms.Form] = {
        "check": CheckForm(auto_id="periksa_%s"),
        "explain": ExplainForm(auto_id="jelaskan_%s"),
        "finding": SignFindingForm(units=units, initial=first, auto_id="temuan_%s"),
    }
    for name, form in made.items():
        if type(bound) is type(form):
            assert bound is not None  # of the form's type
            made[name] = bound
    context = {"page": page, "forms": made, "refused": bound}
    return render(request, "supervisi/oddity_detail.html", context, status=status)


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Say what became of a sign."""
    user = signed_in_user(request)
    oddity = Oddity.objects.visible_to(user).prefetch_related("units", "people").filter(pk=pk).first()
    if oddity is None or name not in _STEPS:
        raise Http404("no such sign or step for this person")
    status = _STEPS[name]
    # Rights come first: whoever may not is told so, not what is wrong with his form.
    ask = posting_to_settle_as_finding if status == OddityStatus.FINDING else posting_to_settle
    if ask(user, oddity) is None:
        raise NotAllowed(BY_SUPERVISOR if status == OddityStatus.FINDING else BY_THOSE_ABOVE)
    form = _form(request, oddity, status)
    if not form.is_valid():
        return _render(request, _read(request, pk), form, 422)
    try:
        return _take(request, oddity, status, form)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return _render(request, _read(request, pk), form, refusal.status)


def _form(request: HttpRequest, oddity: Oddity, status: str) -> forms.Form:
    if status == OddityStatus.FINDING:
        return SignFindingForm(request.POST, units=list(oddity.units.all()), auto_id="temuan_%s")
    if status == OddityStatus.EXPLAINED:
        return ExplainForm(request.POST, auto_id="jelaskan_%s")
    return CheckForm(request.POST, auto_id="periksa_%s")


def _take(request: HttpRequest, oddity: Oddity, status: str, form: forms.Form) -> HttpResponse:
    user = signed_in_user(request)
    if isinstance(form, SignFindingForm):
        finding = settle_as_finding(oddity=oddity, unit=form.chosen_unit, words=form.words, by=user)
        link = format_html('<a href="{}">{}</a>', finding.get_absolute_url(), finding.number)
        messages.success(request, format_html("Temuan {} tercatat dan sudah disampaikan kepada satuannya.", link))
        return redirect(oddity)
    settle(oddity=oddity, status=status, note=form.cleaned_data["note"], by=user)
    messages.success(request, _DONE[OddityStatus(status)])
    return redirect(reverse("supervisi:oddity-list"))
