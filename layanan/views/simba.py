"""SIMBA for residents: the sessions to come, one session with its form, and the receipt. No account, no cookie.

The forms need no CSRF token: there is no session to ride on. The form's signed key and the code are all that counts.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from layanan.forms.simba import CodeForm, RegistrationForm
from layanan.models import PracticeSession, Registration
from layanan.pages.simba import read_coming, read_receipt, session_card
from layanan.services.registrations import cancel_registration, find_registration, grouped, register
from layanan.views.public import public_page
from wbbm.errors import DomainError
from wbbm.organisasi.auth import client_address
from wbbm.organisasi.http import chosen_number
from wbbm.organisasi.pace import asks_too_often

# For each session, whoever sends: faster than people fill in forms at a station, slower than a machine.
MOST_FORMS_A_MINUTE = 60
# A code can't be guessed; the limit only keeps one address from working the portal hard. Kept in memory only.
MOST_CODES_A_MINUTE = 30
_SEARCH_LIMIT = 80
_BUSY = "Terlalu banyak yang mendaftar pada menit ini. Isian Anda tetap ada; kirim lagi sebentar lagi."


@public_page
def coming(request: HttpRequest) -> HttpResponse:
    """Show the sessions to come."""
    search = request.GET.get("cari", "").replace("\0", "").strip()[:_SEARCH_LIMIT]
    found = read_coming(search=search, unit_pk=chosen_number(request, "satuan"), number=request.GET.get("halaman", ""))
    return render(request, "layanan/simba_list.html", {"found": found})


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one session, and take a registration for it."""
    session = PracticeSession.objects.select_related("unit").filter(pk=pk).first()
    if session is None:
        raise Http404("no such session")
    if request.method != "POST":
        return _form_page(request, session, RegistrationForm(session=session))
    form = RegistrationForm(request.POST, session=session)
    if asks_too_often("simba-form", str(session.pk), MOST_FORMS_A_MINUTE):
        form.add_error(None, _BUSY)
        return _form_page(request, session, form, status=429)
    if not form.is_valid():
        return _form_page(request, session, form, status=422)
    try:
        register(session=session, applicant=form.applicant(), code=form.code)
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        session.refresh_from_db()
        return _form_page(request, session, form, status=refusal.status)
    return redirect(reverse("layanan:simba-receipt", args=[grouped(form.code)]) + "?baru=1")


def _form_page(
    request: HttpRequest, session: PracticeSession, form: RegistrationForm, status: int = 200
) -> HttpResponse:
    context = {"card": session_card(session, timezone.now()), "form": form}
    return render(request, "layanan/simba_session.html", context, status=status)


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Ask for a code, and lead to its receipt."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return redirect("layanan:simba-receipt", form.cleaned_data["code"])
    status = 422 if request.method == "POST" else 200
    return render(request, "layanan/simba_find.html", {"form": form}, status=status)


@login_not_required
@never_cache
@require_safe
def receipt(request: HttpRequest, receipt: str) -> HttpResponse:
    """Show a registration to whoever has its code."""
    found = _found(request, receipt)
    if isinstance(found, HttpResponse):
        return found
    return _receipt_page(request, found, receipt)


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def withdraw(request: HttpRequest, receipt: str) -> HttpResponse:
    """Cancel a registration by its code; the second click shows the same."""
    found = _found(request, receipt)
    if isinstance(found, HttpResponse):
        return found
    try:
        cancel_registration(registration=found)
    except DomainError as refusal:
        return _receipt_page(request, found, receipt, refusal)
    return redirect("layanan:simba-receipt", receipt)


def _found(request: HttpRequest, typed: str) -> Registration | HttpResponse:
    """Return the registration of a code; else the same answer for every wrong code, and a slower one for the hasty."""
    if asks_too_often("simba-code", client_address(request), MOST_CODES_A_MINUTE):
        response = render(request, "layanan/simba_find.html", {"form": CodeForm(), "is_busy": True}, status=429)
        response["Retry-After"] = "60"
        return _private(response)
    registration = find_registration(typed)
    if registration is None:
        context = {"form": CodeForm(), "is_unknown": True}
        return _private(render(request, "layanan/simba_find.html", context, status=404))
    return registration


def _receipt_page(
    request: HttpRequest, registration: Registration, typed: str, refusal: DomainError | None = None
) -> HttpResponse:
    code = "".join(sign for sign in typed.upper() if sign.isalnum())
    path = reverse("layanan:simba-receipt", args=[grouped(code)])
    context = {
        "found": read_receipt(registration, code),
        "is_new": "baru" in request.GET,
        "address": f"{settings.SITE_URL}{path}",
        "refusal": refusal.message if refusal else "",
    }
    status = refusal.status if refusal else 200
    return _private(render(request, "layanan/simba_receipt.html", context, status=status))


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the address, which holds the code, from wherever a link of the page leads."""
    response["Referrer-Policy"] = "no-referrer"
    return response
