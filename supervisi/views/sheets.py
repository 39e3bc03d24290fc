"""A sheet's page and its steps."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from supervisi.access import posting_to_ask_reopening, posting_to_create
from supervisi.forms.visits import ReasonForm
from supervisi.models import Checklist, Instrument, Layer, Period
from supervisi.pages.sheet import read_sheet
from supervisi.pages.tpi_sheets import read_tpi_sheets
from supervisi.services import checklists
from supervisi.services.checklists import TRANSITIONS, Incomplete
from supervisi.services.copying import copy_last_sheet
from wbbm.errors import DomainError, InvalidTransition, NotAllowed
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, Unit, User
from wbbm.organisasi.second_factor import ask_first

# Steps that nobody takes back alone: who takes them proves himself once more.
_WEIGHTY = frozenset({"disclose", "finalise"})
Row = TypeVar("Row", bound=Model)
_DONE = {
    "submit": "Lembar diserahkan.",
    "return": "Lembar dikembalikan kepada pengisinya.",
    "review": "Lembar dinyatakan sudah ditinjau.",
    "disclose": "Hasil disampaikan kepada satuan.",
    "finalise": "Lembar difinalkan.",
    "reopen": "Lembar dibuka kembali.",
}


def get_checklist(user: User, pk: int) -> Checklist:
    """Return a sheet in sight; 404 else."""
    found = (
        Checklist.objects.visible_to(user)
        .select_related("unit", "period", "instrument", "visit__unit", "submitted_by", "reopen_requested_by")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404("no such sheet for this person")
    return found


@require_safe
def checklist_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a sheet."""
    user = signed_in_user(request)
    return render(request, "supervisi/checklist_detail.html", {"page": read_sheet(get_checklist(user, pk), user)})


@require_POST
def checklist_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take a step without a reason."""
    user = signed_in_user(request)
    checklist = get_checklist(user, pk)
    services = {
        "submit": checklists.submit_checklist,
        "review": checklists.review_checklist,
        "disclose": checklists.disclose_checklist,
        "finalise": checklists.finalise_checklist,
        "reopen": checklists.approve_reopening,
    }
    if step not in services:
        raise Http404("no such step")
    if step in _WEIGHTY and TRANSITIONS[step].may(user, checklist) is not None:
        asked = ask_first(request)
        if asked is not None:
            return asked
    try:
        services[step](checklist=checklist, by=user)
    except Incomplete as refusal:
        checklist.refresh_from_db()
        context = {"page": read_sheet(checklist, user), "refusal": refusal}
        return render(request, "supervisi/checklist_detail.html", context, status=422)
    messages.success(request, _DONE[step])
    return redirect(checklist)


@require_POST
def checklist_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring the answers of the last sheet along, each to be reviewed."""
    user = signed_in_user(request)
    return _copied(request, get_checklist(user, pk))


def _copied(request: HttpRequest, checklist: Checklist) -> HttpResponse:
    copied = copy_last_sheet(checklist=checklist, by=signed_in_user(request))
    text = f"{copied.count} jawaban disalin dari {copied.source.period}. Tinjau satu per satu."
    messages.success(request, text)
    return redirect(checklist)


@require_http_methods(["GET", "HEAD", "POST"])
def checklist_return(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a sheet back, with a reason."""
    user = signed_in_user(request)
    checklist = get_checklist(user, pk)
    if TRANSITIONS["return"].may(user, checklist) is None:
        raise NotAllowed(TRANSITIONS["return"].refusal)
    if checklists.is_withdrawal(checklist, user):
        return _with_reason(request, checklist, "return", "Tarik lembar", "Mengapa lembar ini ditarik?")
    return _with_reason(request, checklist, "return", "Kembalikan lembar", "Apa yang harus diperbaiki pengisinya?")


_WHY_REOPEN = (
    "Mengapa lembar ini harus dibuka kembali? Bila disetujui, lembar diisi dan diserahkan lagi dari awal; dokumen dan "
    "kode verifikasinya tidak berlaku lagi."
)


@require_http_methods(["GET", "HEAD", "POST"])
def checklist_ask_reopening(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a final sheet to be opened again, with a reason."""
    user = signed_in_user(request)
    checklist = get_checklist(user, pk)
    if posting_to_ask_reopening(user, checklist) is None:
        raise NotAllowed("Pembukaan kembali diminta ketua tim, peninjau, auditor atau pimpinan.")
    return _with_reason(request, checklist, "ask", "Minta pembukaan kembali", _WHY_REOPEN)


def _too_late(request: HttpRequest, checklist: Checklist) -> HttpResponse:
    """Lead back to a sheet that has gone on meanwhile."""
    messages.error(
        request, f"Lembar ini sekarang berstatus {checklist.get_status_display()}; langkah itu tidak berlaku."
    )
    return redirect(checklist)


def _with_reason(request: HttpRequest, checklist: Checklist, name: str, title: str, question: str) -> HttpResponse:
    """Ask for the reason of a step, and take it."""
    user = signed_in_user(request)
    state = TRANSITIONS["return"].old if name == "return" else TRANSITIONS["reopen"].old
    if checklist.status != state:
        return _too_late(request, checklist)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        service = checklists.return_checklist if name == "return" else checklists.request_reopening
        try:
            service(checklist=checklist, by=user, reason=form.cleaned_data["reason"])
        except InvalidTransition as refusal:
            messages.error(request, refusal.message)
            return redirect(checklist)
        except DomainError as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _DONE.get(name, "Permintaan dicatat. Pimpinan satuan di atas memutuskan."))
            return redirect(checklist)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "checklist": checklist, "title": title, "question": question}
    return render(request, "supervisi/checklist_reason.html", context, status=status)


@require_POST
def self_sheet_add(request: HttpRequest) -> HttpResponse:
    """Begin the self sheet of the operator's own unit."""
    user = signed_in_user(request)
    unit = _by_id(Unit.objects.visible_to(user), request.POST.get("unit"))
    period = _by_id(Period.objects.visible_to(user), request.POST.get("period"))
    instrument = _by_id(Instrument.objects.visible_to(user), request.POST.get("instrument"))
    if user.scope.posting_at(unit, Role.OPERATOR) is None:
        raise NotAllowed("Lembar mandiri dibuat oleh operator satuan itu sendiri.")
    return _begin(request, unit, period, instrument, Layer.SELF)


@require_http_methods(["GET", "HEAD", "POST"])
def tpi_sheets(request: HttpRequest, unit_pk: int) -> HttpResponse:
    """Show the TPI sheets of a unit below, and begin one."""
    user = signed_in_user(request)
    unit = Unit.objects.visible_to(user).filter(pk=unit_pk).first()
    if unit is None:
        raise Http404("no such unit for this person")
    if posting_to_create(user, unit, Layer.TPI) is None:
        raise NotAllowed("Lembar TPI diisi oleh auditor dari satuan di atas.")
    if request.method == "POST":
        period = _by_id(Period.objects.holding_for(unit), request.POST.get("period"))
        instrument = _by_id(Instrument.objects.in_use_on(period.first_day), request.POST.get("instrument"))
        return _begin(request, unit, period, instrument, Layer.TPI)
    return render(request, "supervisi/checklist_tpi.html", {"unit": unit, "sheets": read_tpi_sheets(unit)})


def _begin(request: HttpRequest, unit: Unit, period: Period, instrument: Instrument, layer: Layer) -> HttpResponse:
    """Open the sheet of the unit and period, made now if there is none; a second click opens the first one's."""
    known = Checklist.objects.one_of(unit, period, instrument, layer)
    if known is not None:
        return redirect(known)
    checklist = checklists.create_checklist(
        unit=unit, period=period, instrument=instrument, layer=layer, by=signed_in_user(request)
    )
    if request.POST.get("salin"):
        return _copied(request, Checklist.objects.with_frame().get(pk=checklist.pk))
    messages.success(request, f"Lembar {checklist.get_layer_display()} dibuat. Mulai dari area mana pun.")
    return redirect(checklist)


def _by_id(rows: QuerySet[Row], value: str | None) -> Row:
    found = rows.filter(pk=value).first() if value and value.isascii() and value.isdigit() and len(value) < 18 else None
    if found is None:
        raise Http404("no such row for this person")
    return found
