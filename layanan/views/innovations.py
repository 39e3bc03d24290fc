"""Innovations: the public register, and its keeping by the unit's operator."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from layanan.access import posting_to_operate
from layanan.forms.innovations import FigureForm, InnovationFileForm, InnovationForm
from layanan.models import Innovation
from layanan.pages import innovations as pages
from layanan.ready_innovations import ready_innovation
from layanan.services import innovations
from layanan.services.simba import ChangedMeanwhile
from layanan.views.public import public_page
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.access import local_day
from wbbm.organisasi.http import chosen_number, signed_in_user
from wbbm.organisasi.models import Unit, User

_BY_OPERATOR = "Inovasi diurus oleh operator satuan ini."
_SEARCH_LIMIT = 80


@public_page
def register(request: HttpRequest) -> HttpResponse:
    """Show the public register."""
    search = request.GET.get("cari", "").replace("\0", "").strip()[:_SEARCH_LIMIT]
    found = pages.read_public(
        search=search, unit_pk=chosen_number(request, "satuan"), number=request.GET.get("halaman", "")
    )
    return render(request, "layanan/innovation_list.html", {"found": found})


@public_page
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one innovation to residents."""
    innovation = Innovation.objects.public().select_related("unit").filter(pk=pk).first()
    if innovation is None:
        raise Http404("no such innovation in public")
    return render(request, "layanan/innovation.html", {"found": pages.read_innovation(innovation)})


@require_safe
def manage(request: HttpRequest) -> HttpResponse:
    """List the innovations of the person's own units."""
    user = signed_in_user(request)
    if not pages.keeps_innovations(user):
        raise Http404("keeps no innovations")
    return render(request, "layanan/innovation_manage.html", {"found": pages.read_kept(user)})


def _operators_units(user: User) -> list[Unit]:
    """Return the units whose innovations the person keeps.

    Raises:
        Http404: neither operator nor commander anywhere.
        NotAllowed: no operator.
    """
    if not pages.keeps_innovations(user):
        raise Http404("keeps no innovations")
    units = [posting.unit for posting in pages.keeping_postings(user)]
    if not units:
        raise NotAllowed(_BY_OPERATOR)
    return units


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Begin an innovation at one of the operator's units."""
    user = signed_in_user(request)
    units = _operators_units(user)
    unit = next((each for each in units if each.pk == chosen_number(request, "satuan")), units[0])
    form = InnovationForm(
        request.POST if request.method == "POST" else None, unit=unit, initial={"since": local_day(unit)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = innovations.add_innovation(unit=unit, facts=form.facts(), by=user)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Rancangan disimpan. Terbitkan bila sudah siap dibaca warga.")
            return redirect("layanan:innovation-kept", made.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "layanan/innovation_form.html", {"form": form, "unit": unit, "units": units}, status=status)


@require_POST
def take_over(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft from a ready description."""
    user = signed_in_user(request)
    units = _operators_units(user)
    ready = ready_innovation(slug)
    wanted = request.POST.get("satuan", "")
    unit = next((each for each in units if str(each.pk) == wanted), None)
    if ready is None or unit is None:
        raise Http404("no such description, or not the person's unit")
    made = innovations.take_over(unit=unit, ready=ready, by=user)
    messages.success(request, "Rancangan dibuat. Sesuaikan isinya dengan keadaan di satuan Anda, lalu terbitkan.")
    return redirect("layanan:innovation-change", made.pk)


def _get_kept(user: User, pk: int) -> Innovation:
    innovation = pages.kept_innovations(user).filter(pk=pk).first()
    if innovation is None:
        raise Http404("no such innovation of this person's units")
    return innovation


def _get_writable(request: HttpRequest, pk: int) -> tuple[Innovation, User]:
    user = signed_in_user(request)
    innovation = _get_kept(user, pk)
    if posting_to_operate(user, innovation.unit) is None:
        raise NotAllowed(_BY_OPERATOR)
    return innovation, user


@require_safe
def kept(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an innovation with its figures and files to its unit."""
    return _kept_page(request, _get_kept(signed_in_user(request), pk))


def _kept_page(request: HttpRequest, innovation: Innovation, status: int = 200, **forms: Any) -> HttpResponse:
    context = {
        "found": pages.read_kept_one(innovation, signed_in_user(request)),
        "figure_form": FigureForm(innovation=innovation),
        "file_form": InnovationFileForm(),
    } | forms
    return render(request, "layanan/innovation_kept.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is said of an innovation."""
    innovation, user = _get_writable(request, pk)
    status = 422 if request.method == "POST" else 200
    form = InnovationForm(
        request.POST if request.method == "POST" else None,
        unit=innovation.unit,
        initial=InnovationForm.initial_of(innovation),
    )
    if request.method == "POST" and form.is_valid():
        try:
            innovations.change_innovation(
                innovation=innovation, facts=form.facts(), by=user, seen=form.cleaned_data["seen"]
            )
        except ChangedMeanwhile as refusal:
            innovation.refresh_from_db()
            status = refusal.status
            form.show_conflict(f"{refusal.message} Isinya sekarang ada di halaman inovasi.", innovation.changed_at)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, "Inovasi diubah.")
            return redirect("layanan:innovation-kept", innovation.pk)
    context = {"form": form, "unit": innovation.unit, "innovation": innovation, "units": []}
    return render(request, "layanan/innovation_form.html", context, status=status)


@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish, end, or take up again."""
    innovation, user = _get_writable(request, pk)
    innovations.move_innovation(innovation=innovation, status=request.POST.get("status", ""), by=user)
    messages.success(request, f"Inovasi ini sekarang: {innovation.get_status_display().lower()}.")
    return redirect("layanan:innovation-kept", innovation.pk)


@require_POST
def figure(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a month's figure, or correct it."""
    innovation, user = _get_writable(request, pk)
    form = FigureForm(request.POST, innovation=innovation)
    status = 422
    if form.is_valid():
        values = form.cleaned_data
        try:
            innovations.note_figure(
                innovation=innovation, month=form.noted_month(), helped=values["helped"], note=values["note"], by=user
            )
        except DomainError as refusal:
            form.add_error(None, refusal.message)
            status = refusal.status
        else:
            messages.success(request, "Angka dicatat.")
            return redirect("layanan:innovation-kept", innovation.pk)
    return _kept_page(request, innovation, status, figure_form=form)


@require_POST
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a photo or document."""
    innovation, user = _get_writable(request, pk)
    form = InnovationFileForm(request.POST, request.FILES)
    status = 422
    if form.is_valid():
        values = form.cleaned_data
        try:
            innovations.add_file(innovation=innovation, upload=values["file"], title=values["title"], by=user)
        except DomainError as refusal:
            form.add_error("file", refusal.message)
            status = refusal.status
        else:
            messages.success(request, "Berkas disimpan.")
            return redirect("layanan:innovation-kept", innovation.pk)
    return _kept_page(request, innovation, status, file_form=form)
