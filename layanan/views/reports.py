"""The pages of residents who report: for nobody in particular (wbbm/traceless.py stands before them).

No session, no message, no CSRF token: nothing here could be done in somebody's name. What a form brings instead is in
layanan/report_tokens.py. Codes travel in bodies only, never in an address.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from layanan import report_crypto
from layanan.forms.reports import AdditionForm, ChoiceForm, StoryForm
from layanan.models.reports import Report
from layanan.pages.reports import day_text, read_thread
from layanan.report_tokens import (
    ADD,
    OPEN,
    SEND,
    WAIT_SECONDS,
    FormToken,
    StaleForm,
    admit,
    is_proved,
    new_token,
    read_token,
)
from layanan.services.report_files import cleaned_photos
from layanan.services.report_routing import Route, find_route
from layanan.services.reports import Sent, add_to_report, find_by_code, send_report, sent_before
from wbbm.errors import DomainError, InvalidTransition
from wbbm.files.errors import FileRefused
from wbbm.organisasi.access import local_day
from wbbm.traceless import own_page

_UNKNOWN = "Tidak ada laporan dengan kode ini. Periksa huruf demi huruf: 30 huruf dan angka, dalam enam kelompok."
_OTHER_READERS = (
    "Pembacanya berubah sejak Anda mulai menulis. Lihat di atas siapa sekarang, lalu tekan tombolnya sekali lagi."
)
_OPEN_AGAIN = "Halaman percakapan sudah terlalu lama terbuka. Buka lagi dengan kode; tulisan Anda ada di bawah."


@login_not_required
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Say what is protected and what is not, and ask what the report is about."""
    return render(request, "layanan/report_start.html", {"form": ChoiceForm()})


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest) -> HttpResponse:
    """Say who would read it, and ask for the story; where nobody could read it, say that instead."""
    if request.method != "POST":
        return redirect("layanan:report-start")
    chosen = ChoiceForm(request.POST)
    if "hanya_cari" in request.POST:
        return render(request, "layanan/report_start.html", {"form": chosen, "is_searching": True})
    if not chosen.is_valid():
        return own_page(render(request, "layanan/report_start.html", {"form": chosen}, status=422))
    route = find_route(chosen.unit, chosen.cleaned_data["tentang"], chosen.unit_name)
    if route.desk is None:
        return render(request, "layanan/report_nobody.html", {"route": route, "text": ""})
    return _story_page(request, route, StoryForm(today=local_day(route.unit)), new_token(SEND))


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest) -> HttpResponse:
    """Take the report and show its code; the same form again shows the same code."""
    if request.method != "POST":
        return redirect("layanan:report-start")
    chosen = ChoiceForm(request.POST)
    if not chosen.is_valid():
        return own_page(render(request, "layanan/report_start.html", {"form": chosen}, status=422))
    route = find_route(chosen.unit, chosen.cleaned_data["tentang"], chosen.unit_name)
    form = StoryForm(request.POST, request.FILES, today=local_day(route.unit))
    if route.desk is None:
        context = {"route": route, "text": request.POST.get("cerita", "")}
        return own_page(render(request, "layanan/report_nobody.html", context, status=409))
    token: FormToken | None = None
    try:
        token = read_token(request.POST.get("token", ""), SEND)
        if form.is_valid():
            earlier = sent_before(token, form.story)
            if earlier is not None:
                return _sent_page(request, earlier, form)
            if request.POST.get("pembaca", route.mark) != route.mark:
                raise InvalidTransition(_OTHER_READERS)
            admit(token, request.POST.get("kerja", ""))
            photos = cleaned_photos(form.cleaned_data["foto"])
            return _sent_page(request, send_report(token=token, route=route, story=form.story, photos=photos), form)
        status = 422
    except FileRefused as refusal:
        form.add_error("foto", refusal.message)
        status = refusal.status
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        status = refusal.status
        token = None if isinstance(refusal, StaleForm) else token
    return own_page(_story_page(request, route, form, token or new_token(SEND), status))


def _story_page(
    request: HttpRequest, route: Route, form: StoryForm, token: FormToken, status: int = 200
) -> HttpResponse:
    proof = form.data.get("kerja", "")
    context = {
        "route": route,
        "readers": list(dict.fromkeys(str(posting) for posting in route.recipients)),
        "form": form,
        "token": token,
        # Work stays with its token; for a fresh one it is done anew.
        "proof": proof if is_proved(token, proof) else "",
        "wait": WAIT_SECONDS[SEND],
    }
    return render(request, "layanan/report_write.html", context, status=status)


def _sent_page(request: HttpRequest, sent: Sent, form: StoryForm) -> HttpResponse:
    context = {
        "code": sent.code,
        "groups": report_crypto.grouped(sent.code),
        "differs": sent.differs,
        "addition": AdditionForm(initial={"tambahan": form.cleaned_data["cerita"]}) if sent.differs else None,
        "token": new_token(OPEN),
        "add_token": new_token(ADD, sent.code) if sent.differs else None,
        "verify_by": day_text(sent.report.verify_by),
        "answer_by": day_text(sent.report.answer_by),
    }
    response = render(request, "layanan/report_sent.html", context, status=409 if sent.differs else 200)
    return own_page(response)


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def open_by_code(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and show the thread that it opens; unknown and malformed codes get the same answer."""
    if request.method != "POST":
        return _code_page(request)
    code = report_crypto.typed_code(request.POST.get("kode", ""))
    try:
        # The work is bound to the code: each guess costs it anew.
        admit(read_token(request.POST.get("token", ""), OPEN), request.POST.get("kerja", ""), code)
    except DomainError as refusal:
        return _code_page(request, refusal.message, refusal.status)
    report = find_by_code(code)
    if report is None:
        return _code_page(request, _UNKNOWN, 404)
    return _thread_page(request, report, new_token(ADD, code), AdditionForm())


@login_not_required
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Add a resident's words and photos to the thread."""
    if request.method != "POST":
        return redirect("layanan:report-open")
    form = AdditionForm(request.POST, request.FILES)
    try:
        token = read_token(request.POST.get("token", ""), ADD)
    except StaleForm as refusal:
        return _code_page(request, _OPEN_AGAIN, refusal.status, request.POST.get("tambahan", ""))
    # Whoever holds such a token opened the thread before.
    report = find_by_code(token.code)
    if report is None:
        return _code_page(request, _UNKNOWN, 404)
    status = 422
    try:
        if form.is_valid():
            admit(token, request.POST.get("kerja", ""))
            photos = cleaned_photos(form.cleaned_data["foto"])
            add_to_report(report=report, token=token, text=form.cleaned_data["tambahan"].strip(), photos=photos)
            return _thread_page(request, report, new_token(ADD, token.code), AdditionForm(), is_added=True)
    except FileRefused as refusal:
        form.add_error("foto", refusal.message)
        status = refusal.status
    except DomainError as refusal:
        form.add_error("tambahan", refusal.message)
        status = refusal.status
        token = new_token(ADD, token.code) if isinstance(refusal, StaleForm) else token
    return own_page(_thread_page(request, report, token, form, status))


def _code_page(request: HttpRequest, fault: str = "", status: int = 200, kept: str = "") -> HttpResponse:
    context: dict[str, Any] = {"token": new_token(OPEN), "fault": fault, "kept": kept}
    return own_page(render(request, "layanan/report_open.html", context, status=status))


def _thread_page(
    request: HttpRequest,
    report: Report,
    add_token: FormToken,
    form: AdditionForm,
    status: int = 200,
    is_added: bool = False,
) -> HttpResponse:
    context = {
        "thread": read_thread(report),
        "code": add_token.code,
        "token": new_token(OPEN),
        "add_token": add_token,
        "form": form,
        "is_added": is_added,
        "wait": WAIT_SECONDS[ADD],
    }
    return render(request, "layanan/report_thread.html", context, status=status)
