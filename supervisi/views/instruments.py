"""Versions of instruments: the list, a draft with its difference, crosswalk and effect, publishing, discarding."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supervisi.forms.instruments import InstrumentForm, PublishForm, read_pairs, read_seen
from supervisi.instrument_uploads import FileTooLarge
from supervisi.models import InstrumentDraft
from supervisi.pages.instrument_crosswalk import read_crosswalk
from supervisi.pages.instrument_draft import read_draft
from supervisi.pages.instrument_effect import read_effect
from supervisi.pages.instrument_list import read_instruments
from supervisi.scoring.instrument import InstrumentFaults
from supervisi.services import instrument_drafts, instrument_effects, instrument_publishing
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role

_MOST_FAULTS = 30


def _find(request: HttpRequest, pk: int) -> InstrumentDraft:
    found = InstrumentDraft.objects.visible_to(signed_in_user(request)).with_frame().filter(pk=pk).first()
    if found is None:
        raise Http404("no such draft for this person")
    return found


@require_safe
def instrument_list(request: HttpRequest) -> HttpResponse:
    """Show the versions that are loaded, and the drafts."""
    return _list(request)


def _list(
    request: HttpRequest, form: InstrumentForm | None = None, faults: InstrumentFaults | None = None, status: int = 200
) -> HttpResponse:
    page = read_instruments(signed_in_user(request))
    if page is None:
        raise Http404("admins only")
    listed = faults.faults if faults is not None else []
    context: dict[str, Any] = {
        "page": page,
        "form": form or InstrumentForm(),
        "fault_file": faults.name if faults is not None else "",
        "faults": listed[:_MOST_FAULTS],
        "more_faults": max(0, len(listed) - _MOST_FAULTS),
    }
    return render(request, "supervisi/instrument_list.html", context, status=status)


@require_POST
def instrument_upload(request: HttpRequest) -> HttpResponse:
    """Keep an uploaded version as a draft, or name what is wrong with it; nothing is written then."""
    user = signed_in_user(request)
    if not user.scope.has_role(Role.ADMIN):
        raise Http404("admins only")
    instrument_drafts.admin_of_top(user)
    form = InstrumentForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, form, status=413 if form.is_too_large else 422)
    try:
        draft = instrument_drafts.keep_draft(content=form.cleaned_data["file"], name=form.name, by=user)
    except InstrumentFaults as refusal:
        return _list(request, None, refusal, 413 if isinstance(refusal, FileTooLarge) else 422)
    except NotAllowed:
        raise
    except DomainError as refusal:
        form.add_error("file", refusal.message)
        return _list(request, form, status=refusal.status)
    messages.success(request, f"{draft} disimpan sebagai rancangan. Belum dipakai dan belum terlihat oleh satuan.")
    return redirect(draft)


@require_safe
def instrument_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what differs from the version before."""
    page = read_draft(_find(request, pk), request.GET.get("jenis", ""))
    return render(request, "supervisi/instrument_draft.html", {"page": page, "draft": page.draft, "tab": "beda"})


@require_safe
def instrument_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the file back as it was uploaded."""
    draft = _find(request, pk)
    # The file is given back byte for byte: its name says that the data are an example.
    name = slugify(f"DATA CONTOH {draft.code} {draft.version}" if settings.IS_DEMO else f"{draft.code} {draft.version}")
    headers = {"Content-Disposition": f'attachment; filename="{name}.yaml"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(draft.source.encode(), content_type="text/plain; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def instrument_crosswalk(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which item is which, and store what a person corrected."""
    draft = _find(request, pk)
    if request.method != "POST":
        return _crosswalk(request, read_crosswalk(draft))
    pairs = read_pairs(request.POST, list(draft.pairs))
    by = signed_in_user(request)
    try:
        instrument_drafts.save_crosswalk(draft=draft, pairs=pairs, seen=read_seen(request.POST), by=by)
    except instrument_drafts.UnfitCrosswalk as refusal:
        return _crosswalk(request, read_crosswalk(draft, pairs, refusal.faults), refusal)
    except instrument_drafts.CrosswalkMoved as refusal:
        # What was typed stays on the page, beside what the other one has saved.
        draft.refresh_from_db(fields=["crosswalk", "crosswalk_version"])
        return _crosswalk(request, read_crosswalk(draft, pairs), refusal)
    messages.success(request, "Padanan disimpan. Hitung dampaknya sekali lagi sebelum menerbitkan.")
    return redirect("supervisi:instrument-crosswalk", pk)


def _crosswalk(request: HttpRequest, page: Any, refusal: DomainError | None = None) -> HttpResponse:
    context = {"page": page, "draft": page.draft, "tab": "padanan", "refusal": refusal.message if refusal else ""}
    return render(
        request, "supervisi/instrument_crosswalk.html", context, status=refusal.status if refusal is not None else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def instrument_effect(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the effect as computed last, and have it computed."""
    draft, user = _find(request, pk), signed_in_user(request)
    if request.method == "POST":
        instrument_effects.request_effect(draft=draft, by=user)
        return redirect("supervisi:instrument-effect", pk)
    number = request.GET.get("halaman", "")
    place = int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 1
    page = read_effect(draft, user, request.GET.get("hasil", ""), max(1, place))
    context = {"page": page, "draft": draft, "tab": "dampak"}
    is_part = bool(request.headers.get("HX-Request"))
    template = "supervisi/_instrument_effect.html" if is_part else "supervisi/instrument_effect.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
def instrument_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask from which day on, and publish."""
    draft, by = _find(request, pk), signed_in_user(request)
    if not draft.is_draft:
        messages.info(request, f"{draft} sudah terbit.")
        return redirect(draft)
    status = 200
    form = PublishForm(proposed=instrument_publishing.proposed_day(draft))
    if request.method == "POST":
        form, status = PublishForm(request.POST), 422
        if form.is_valid():
            try:
                instrument_publishing.publish_draft(draft=draft, starts_on=form.cleaned_data["starts_on"], by=by)
            except NotAllowed:
                raise
            except DomainError as refusal:
                form.add_error(None, refusal.message)
                status = refusal.status
            else:
                messages.success(request, f"{draft} terbit. Lembar yang sudah ada tetap pada versinya.")
                return redirect("supervisi:instrument-list")
    why_not = instrument_publishing.why_not_yet(draft)
    context = {"draft": draft, "tab": "terbit", "form": form, "why_not": why_not, "page": read_effect(draft, by)}
    return render(request, "supervisi/instrument_publish.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def instrument_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, and let the draft go with its file."""
    draft = _find(request, pk)
    if request.method == "POST":
        name = str(draft)
        instrument_drafts.discard_draft(draft=draft, by=signed_in_user(request))
        messages.success(request, f"Rancangan {name} dan berkasnya dibuang.")
        return redirect("supervisi:instrument-list")
    return render(request, "supervisi/instrument_discard.html", {"draft": draft, "tab": ""})
