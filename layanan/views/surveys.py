"""Surveys in public: answering by token or openly, and results. No page here sets or needs a cookie.

The forms carry no CSRF token: it needs a cookie, and there is no session whose right a foreign page could borrow. What
lets a person answer is the code in the address, which a foreign page doesn't know; open answers everybody may send.
"""

from __future__ import annotations

import uuid
from contextlib import suppress

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from layanan.forms.surveys import read_filled, read_uuid
from layanan.models import Bundle, Questionnaire, SurveyToken
from layanan.pages.public_unit import find_public_unit
from layanan.pages.survey_form import find_token, make_form, questionnaires_of
from layanan.pages.survey_outcomes import conversion_of
from layanan.pages.survey_results import read_public_list, read_public_results
from layanan.services.surveys import Place, TokenUsed, TooManyOpen, add_open_answer, is_expired, redeem
from layanan.survey_codes import typed
from layanan.survey_pace import is_shut, note_miss
from layanan.surveyed import KINDS, service_name, services_of
from wbbm.organisasi.access import local_day
from wbbm.organisasi.auth import client_address
from wbbm.organisasi.models import Unit
from wbbm.organisasi.pace import asks_too_often

_FORM = "layanan/survey_answer.html"
_STATE = "layanan/survey_code.html"
# Open answers a minute from one address.
MOST_OPEN_A_MINUTE = 20


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the code in the address from every other site."""
    response["Referrer-Policy"] = "no-referrer"
    return response


def _state(request: HttpRequest, state: str, status: int = 200) -> HttpResponse:
    response = render(request, _STATE, {"state": state}, status=status)
    if status == 429:
        response["Retry-After"] = "60"
    return _private(response)


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter_code(request: HttpRequest) -> HttpResponse:
    """Show where the code of a slip is typed; lead to its page."""
    code = typed(request.POST.get("kode", ""))[:40]
    return _private(redirect("layanan:survey-answer", code=code)) if code else _state(request, "")


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """Ask by token, and keep the answer; an unknown code and one that can't be a code get the same reply."""
    address = client_address(request)
    if is_shut(address):
        return _state(request, "busy", 429)
    token = find_token(code)
    if token is None:
        note_miss(address)
        return _state(request, "unknown", 404)
    if token.is_used:
        # Also the reply to whoever didn't get the first one: nothing tells the two apart.
        return _thanks(code) if request.method == "POST" else _state(request, "thanks")
    if is_expired(token):
        return _state(request, "expired", 410)
    return _ask(request, token, code)


def _ask(request: HttpRequest, token: SurveyToken, code: str) -> HttpResponse:
    batch = token.batch
    questionnaires = questionnaires_of(batch.bundle)
    if request.method != "POST":
        return _page(request, Place(batch.unit, batch.service), batch.bundle, questionnaires)
    filled = read_filled(request.POST, questionnaires)
    if filled is None:
        return _page(request, Place(batch.unit, batch.service), batch.bundle, questionnaires, is_sent=True)
    # Whoever was second gets the same thanks.
    with suppress(TokenUsed):
        redeem(token, filled)
    return _thanks(code)


def _thanks(code: str) -> HttpResponse:
    return _private(redirect("layanan:survey-answer", code=code))


def _page(
    request: HttpRequest,
    place: Place,
    bundle: str,
    questionnaires: tuple[Questionnaire, ...],
    *,
    is_sent: bool = False,
    is_open: bool = False,
    refusal: str = "",
) -> HttpResponse:
    context = {
        "survey": make_form(bundle, questionnaires, request.POST if is_sent else None),
        "unit": place.unit,
        "service": service_name(place.service),
        "is_open": is_open,
        "number": (request.POST.get("nomor", "") if is_sent else "") or str(uuid.uuid4()),
        "refusal": refusal,
    }
    status = (429 if refusal else 422) if is_sent else 200
    return _private(render(request, _FORM, context, status=status))


def _unit_in_public(code: str) -> Unit:
    """Return a unit that serves residents, by its code; 404 for every other."""
    unit = find_public_unit(code)
    if unit is None or unit.kind not in KINDS:
        raise Http404("no such unit in public")
    return unit


@login_not_required
@require_safe
def choose_open(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Show the services of a unit on which everybody may say something."""
    unit = _unit_in_public(unit_code)
    return render(request, "layanan/survey_choose.html", {"unit": unit, "services": services_of(unit)})


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer_openly(request: HttpRequest, unit_code: str, service: str, bundle: str) -> HttpResponse:
    """Ask without a token; what comes in is kept apart and never counted into an index."""
    unit = _unit_in_public(unit_code)
    if service not in {known.code for known in services_of(unit)} or bundle not in Bundle.values:
        raise Http404("no such service or survey")
    place, questionnaires = Place(unit, service), questionnaires_of(bundle)
    if request.method != "POST":
        return _page(request, place, bundle, questionnaires, is_open=True)
    filled, number = read_filled(request.POST, questionnaires), read_uuid(request.POST.get("nomor", ""))
    if filled is None or number is None:
        return _page(request, place, bundle, questionnaires, is_sent=True, is_open=True)
    if asks_too_often("survey-open", client_address(request), MOST_OPEN_A_MINUTE):
        text = "Terlalu banyak kiriman dari jaringan ini. Tunggu satu menit, lalu kirim lagi; bintangnya tetap di sini."
        return _page(request, place, bundle, questionnaires, is_sent=True, is_open=True, refusal=text)
    try:
        add_open_answer(place, filled, form=number)
    except TooManyOpen as refusal:
        return _page(request, place, bundle, questionnaires, is_sent=True, is_open=True, refusal=refusal.message)
    return _private(redirect("layanan:survey-thanks", unit_code=unit.code))


@login_not_required
@require_safe
def thanks(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Say thanks for an open answer."""
    return render(request, _STATE, {"state": "open-thanks", "unit": _unit_in_public(unit_code)})


@login_not_required
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """Show the units with their last quarter."""
    text = request.GET.get("satuan", "").replace("\0", "").strip()[:80]
    found = read_public_list(text, timezone.localdate())
    return render(request, "layanan/survey_results.html", {"found": found, "text": text})


@login_not_required
@require_safe
def unit_results(request: HttpRequest, unit_code: str) -> HttpResponse:
    """Show the published results of a unit."""
    unit = _unit_in_public(unit_code)
    context = {"found": read_public_results(unit, local_day(unit)), "conversion": conversion_of("spkp").words}
    return render(request, "layanan/survey_unit.html", context)
