"""Gratuity reports of officers: their own list and form, the page of one, the register of the UPG."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from layanan.forms.gratuities import (
    DecideForm,
    ForwardForm,
    ReportForm,
    ReturnForm,
    SubmitForm,
    TextForm,
    WithdrawForm,
    first_values,
    today_for_forms,
)
from layanan.models import GratuityReport
from layanan.pages import gratuities as pages
from layanan.services import gratuities as services
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Posting, User
from wbbm.organisasi.second_factor import ask_first
from wbbm.organisasi.shell import main_posting

_SEARCH_LIMIT = 80
_FORMS: dict[str, type[forms.Form]] = {
    "submit": SubmitForm,
    "return": ReturnForm,
    "forward": ForwardForm,
    "decide": DecideForm,
    "close": TextForm,
    "withdraw": WithdrawForm,
}
_DONE = {
    "submit": "Laporan diserahkan kepada UPG.",
    "return": "Laporan dikembalikan kepada pelapornya.",
    "forward": "Dicatat: laporan sudah di KPK.",
    "decide": "Penetapan KPK dicatat.",
    "close": "Laporan ditutup.",
    "withdraw": "Draf dibatalkan. Pengingatnya berhenti; isinya tetap dapat Anda baca.",
}


def _officer(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not user.scope.postings:
        raise Http404("no posting to report by")
    return user


@require_safe
def own_list(request: HttpRequest) -> HttpResponse:
    """Show the person's own reports."""
    user = _officer(request)
    return render(request, "layanan/gratuity_list.html", {"page": pages.read_own(user)})


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Begin a draft."""
    user = _officer(request)
    postings = user.scope.postings
    # The same office in two roles is one office here.
    offices = {f"{held}, {held.unit}": str(held.pk) for held in reversed(postings)}
    choices = tuple((pk, office) for office, pk in reversed(offices.items()))
    main = main_posting(postings)
    first = offices[f"{main}, {main.unit}"] if main else ""
    if request.method != "POST":
        initial = {"posting": first}
        return _form_page(request, ReportForm(initial=initial, postings=choices), None)
    form = ReportForm(request.POST, request.FILES, postings=choices)

    def save() -> GratuityReport:
        chosen = form.cleaned_data.get("posting") or first
        posting: Posting = next(held for held in postings if str(held.pk) == chosen)
        return services.write_report(posting=posting, facts=form.facts(), uploads=form.cleaned_data["uploads"], by=user)

    return _saved(request, form, None, save)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a draft."""
    user = signed_in_user(request)
    report = pages.find_own_draft(user, pk)
    if report is None:
        raise Http404("no such report for this person")
    if not pages.may_write(user, report):
        raise NotAllowed("Draf laporan gratifikasi diubah oleh pelapornya sendiri.")
    if not report.is_draft:
        messages.error(request, "Laporan ini sudah diserahkan atau dibatalkan dan tidak dapat diubah lagi.")
        return redirect(report)
    if request.method != "POST":
        return _form_page(request, ReportForm(initial=first_values(report)), report)
    form = ReportForm(request.POST, request.FILES)
    return _saved(
        request, form, report,
        lambda: services.change_report(
            report=report, facts=form.facts(), uploads=form.cleaned_data["uploads"], by=user
        ),
    )  # fmt: skip


def _saved(
    request: HttpRequest, form: ReportForm, report: GratuityReport | None, save: Callable[[], GratuityReport]
) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, form, report, 422)
    try:
        saved = save()
    except DomainError as refusal:
        # What was typed stays in the form.
        form.add_error(None, refusal.message)
        return _form_page(request, form, report, refusal.status)
    messages.success(request, f"Draf {saved.number} tersimpan. Periksa, lalu serahkan kepada UPG.")
    return redirect(saved)


def _form_page(
    request: HttpRequest, form: ReportForm, report: GratuityReport | None, status: int = 200
) -> HttpResponse:
    return render(request, "layanan/gratuity_form.html", {"form": form, "report": report}, status=status)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a report."""
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, bound: dict[str, forms.Form] | None = None, status: int = 200) -> HttpResponse:
    page = pages.read_report(signed_in_user(request), pk)
    if page is None:
        raise Http404("no such report for this person")
    # Who reads what somebody else wrote proves himself once more.
    asked = None if page.is_own else ask_first(request)
    if asked is not None:
        return asked
    initial = today_for_forms(local_day(page.report.unit))
    made = {name: form(auto_id=f"{name}_%s", initial=initial) for name, form in _FORMS.items()} | (bound or {})
    refused = next(iter((bound or {}).values()), None)
    steps = sorted((_step_words(name, made[name]) for name in page.steps), key=_turn)
    context = {"page": page, "steps": steps, "refused": refused}
    return render(request, "layanan/gratuity_detail.html", context, status=status)


def _step_words(name: str, form: forms.Form) -> dict[str, Any]:
    title, button, is_main = {
        "submit": ("Serahkan kepada UPG", "Serahkan laporan", True),
        "forward": ("Teruskan ke KPK", "Catat sudah di KPK", True),
        "decide": ("Catat penetapan KPK", "Catat penetapan", True),
        "return": ("Kembalikan untuk dilengkapi", "Kembalikan", False),
        "close": ("Tutup laporan", "Tutup laporan", False),
        "withdraw": ("Batalkan draf", "Batalkan draf ini", False),
    }[name]
    return {"name": name, "title": title, "button": button, "is_main": is_main, "form": form}


def _turn(words: dict[str, Any]) -> tuple[bool, str]:
    """Put what leads on before what leads back."""
    return not words["is_main"], words["title"]


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take a step."""
    user = signed_in_user(request)
    report = pages.find_own_draft(user, pk)
    if report is None or name not in _FORMS:
        raise Http404("no such report or step for this person")
    asked = None if report.by_id == user.pk else ask_first(request)
    if asked is not None:
        return asked
    form = _FORMS[name](request.POST, auto_id=f"{name}_%s")
    try:
        if not form.is_valid():
            # Rights come first: whoever may not is told so, not what is wrong with his form.
            services.check_right(report, name, user)
            return _page(request, pk, {name: form}, 422)
        _STEPS[name](report, form.cleaned_data, user)
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        form.is_valid()
        form.add_error(None, refusal.message)
        return _page(request, pk, {name: form}, refusal.status)
    messages.success(request, _DONE[name])
    # A report that went back is its officer's again, out of the UPG's sight.
    return redirect("layanan:gratuity-register") if name == "return" else redirect(report)


Act = Callable[[GratuityReport, dict[str, Any], User], Any]
_STEPS: dict[str, Act] = {
    "submit": lambda report, _data, user: services.submit_report(report=report, by=user),
    "return": lambda report, data, user: services.return_report(report=report, reason=data["text"], by=user),
    "forward": lambda report, data, user: services.forward_report(
        report=report, number=data["number"], day=data["day"], by=user
    ),
    "decide": lambda report, data, user: services.decide_report(
        report=report, decision=data["decision"], number=data["number"], day=data["day"], by=user
    ),
    "close": lambda report, data, user: services.close_report(report=report, reason=data["text"], by=user),
    "withdraw": lambda report, data, user: services.withdraw_report(report=report, reason=data["text"], by=user),
}


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Show the register of the UPG."""
    user = signed_in_user(request)
    if not pages.is_upg(user):
        raise Http404("no register for this role")
    asked = {name: request.GET[key] for name, key in pages.ASKED.items() if key in request.GET}
    wanted = pages.Wanted(**{name: value.strip()[:_SEARCH_LIMIT].replace("\0", "") for name, value in asked.items()})
    context = {"register": pages.read_register(user, wanted, request.GET.get("halaman", ""))}
    return render(request, "layanan/gratuity_register.html", context)
