"""Declarations, pledges and violations: the list of units, the page of one, the forms, one's own pledge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from layanan.forms.commitment import DeclarationForm, PaperForm, ViolationForm, WithdrawForm
from layanan.pages import commitment as pages
from layanan.services import commitment as services
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Unit, User
from wbbm.organisasi.shell import main_posting

_SEARCH_LIMIT = 80


def _unit(request: HttpRequest, pk: int) -> tuple[User, Unit]:
    user = signed_in_user(request)
    unit = pages.find_unit(user, pk)
    if unit is None:
        raise Http404("no such unit for this person")
    return user, unit


def _year(request: HttpRequest, unit: Unit) -> int:
    data = request.POST if request.method == "POST" else request.GET
    return pages.chosen_year(data.get("tahun", ""), local_day(unit))


def _unit_url(unit: Unit, year: int | None = None) -> str:
    return reverse("layanan:commitment-unit", args=[unit.pk]) + (f"?tahun={year}" if year else "")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the units in sight with the share of people who signed."""
    user = signed_in_user(request)
    if not user.scope.postings:
        raise Http404("no unit in sight")
    sought = request.GET.get("cari", "").strip()[:_SEARCH_LIMIT].replace("\0", "")
    found = pages.read_list(user, request.GET.get("tahun", ""), sought, request.GET.get("halaman", ""))
    return render(request, "layanan/commitment_list.html", {"found": found})


@require_safe
def unit_page(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Show the commitment of a unit."""
    return _unit_page(request, unit_pk)


def _unit_page(
    request: HttpRequest, unit_pk: int, refused: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    page = pages.read_unit(signed_in_user(request), unit_pk, request.GET.get("tahun", ""))
    if page is None:
        raise Http404("no such unit for this person")
    context = {"page": page, "withdraw": WithdrawForm(), "refused": refused}
    return render(request, "layanan/commitment_unit.html", context, status=status)


# --- pledges ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def own_pledge(request: HttpRequest) -> HttpResponse:
    """Show the text of this year to the person, and let him sign."""
    user = signed_in_user(request)
    posting = main_posting(user.scope.postings)
    if posting is None:
        raise Http404("no posting to sign by")
    if request.method == "POST":
        services.sign_pledge(by=user, sha256=request.POST.get("sha256", ""))
        messages.success(request, "Pakta integritas Anda tersimpan.")
        return redirect("layanan:pledge-sign")
    return render(request, "layanan/pledge.html", {"page": pages.read_own(user, posting.unit), "posting": posting})


@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Record a pledge that was signed on paper."""
    user, unit = _unit(request, unit_pk)
    if services.posting_to_keep(user, unit) is None:
        raise NotAllowed("Pakta integritas di atas kertas dicatat operator satuan itu sendiri.")
    people = pages.paper_choices(unit)
    today = local_day(unit)
    form = (
        PaperForm(request.POST, request.FILES, people=people)
        if request.method == "POST"
        else PaperForm(initial={"signed_on": today}, people=people)
    )

    def save() -> str:
        data = form.cleaned_data
        services.record_paper(
            unit=unit, posting_pk=data["person"], signed_on=data["signed_on"], uploads=data["uploads"], by=user
        )
        return "Pakta integritas di atas kertas tercatat."

    return _answer(request, form, unit, "Catat pakta integritas di atas kertas", save)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a paper that was recorded by mistake."""
    user = signed_in_user(request)
    pledge = pages.find_pledge(user, pk)
    if pledge is None:
        raise Http404("no such pledge for this person")
    form = WithdrawForm(request.POST)
    reason = form.cleaned_data["text"] if form.is_valid() else ""
    services.withdraw_paper(pledge=pledge, reason=reason, by=user)
    messages.success(request, "Catatan kertas dibatalkan.")
    return redirect(_unit_url(pledge.unit, pledge.year))


@require_POST
def remind(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Remind those of the unit who have not signed this year."""
    user, unit = _unit(request, unit_pk)
    people = pages.missing_people(unit, local_day(unit).year)
    count = services.remind(unit=unit, people=people, by=user)
    messages.success(
        request, f"Pengingat ada di kotak masuk {count} orang." if count else "Semua sudah menandatangani."
    )
    return redirect(_unit_url(unit))


# --- declarations -------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def add_declaration(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Record a declaration."""
    user, unit = _unit(request, unit_pk)
    if services.posting_to_keep(user, unit) is None:
        raise NotAllowed("Pencanangan dicatat operator satuan itu sendiri.")
    form = DeclarationForm(request.POST, request.FILES) if request.method == "POST" else DeclarationForm()

    def save() -> str:
        services.record_declaration(unit=unit, facts=form.facts(), uploads=form.cleaned_data["uploads"], by=user)
        return "Pencanangan tercatat dan tampil di halaman umum satuan."

    return _answer(request, form, unit, "Catat pencanangan", save)


@require_http_methods(["GET", "HEAD", "POST"])
def change_declaration(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a declaration."""
    user = signed_in_user(request)
    declaration = pages.find_declaration(user, pk)
    if declaration is None:
        raise Http404("no such declaration for this person")
    if services.posting_to_keep(user, declaration.unit) is None:
        raise NotAllowed("Pencanangan diubah operator satuan itu sendiri.")
    first = {"day": declaration.day, "place": declaration.place, "note": declaration.note}
    form = DeclarationForm(request.POST, request.FILES) if request.method == "POST" else DeclarationForm(initial=first)

    def save() -> str:
        services.change_declaration(
            declaration=declaration, facts=form.facts(), uploads=form.cleaned_data["uploads"], by=user
        )
        return "Pencanangan diperbaiki."

    return _answer(request, form, declaration.unit, "Ubah pencanangan", save)


# --- violations ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def violations(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """State the violations of a year, or correct what was stated."""
    user, unit = _unit(request, unit_pk)
    if services.posting_to_state(user, unit) is None:
        raise NotAllowed("Jumlah pelanggaran dinyatakan petugas integritas satuan itu atau di atasnya.")
    year = _year(request, unit)
    current, counts = pages.current_statement(unit, year)
    made: dict[str, Any] = {"kinds": pages.kinds(), "is_correction": current is not None}
    if request.method == "POST":
        form = ViolationForm(request.POST, **made)
    else:
        form = ViolationForm(initial=_first_counts(current, counts), **made)

    def save() -> str:
        data = form.cleaned_data
        services.state_violations(
            unit=unit, year=year, counts=form.counts(), source=data["source"], by=user, base=data["base"] or 0,
            reason=data.get("reason", ""),
        )  # fmt: skip
        return f"Jumlah pelanggaran {year} dinyatakan."

    title = f"{'Perbaiki' if current else 'Nyatakan'} jumlah pelanggaran {year}"
    note = f"Untuk {unit} dan semua satuan di bawahnya, menurut rekap Siwas atau Sipropam. Tidak tampil untuk umum."
    return _answer(request, form, unit, title, save, note, year)


def _first_counts(current: Any, counts: dict[str, tuple[int, int]]) -> dict[str, Any]:
    initial: dict[str, Any] = {"base": current.revision if current else 0, "source": current.source if current else ""}
    for kind, (count, punished) in counts.items():
        initial |= {f"{kind}_count": count, f"{kind}_sanctioned": punished}
    return initial


# --- the common way of a form -------------------------------------------------------------------------


def _answer(
    request: HttpRequest,
    form: forms.Form,
    unit: Unit,
    title: str,
    save: Callable[[], str],
    note: str = "",
    year: int | None = None,
) -> HttpResponse:
    """Show a form, or save it; what was typed stays when it is refused."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                messages.success(request, save())
                return redirect(_unit_url(unit, year))
            except DomainError as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
    context = {"form": form, "unit": unit, "title": title, "note": note, "year": year}
    return render(request, "layanan/commitment_form.html", context, status=status)
