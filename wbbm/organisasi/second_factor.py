"""The second factor in a session: between password and code, and once more before weighty steps.

What is asked of each request stands in wbbm/organisasi/sessions.py.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from . import auth, sessions
from .errors import OrganisationError
from .http import signed_in_user
from .models import User
from .services import factors
from .services.audit import record_own

PENDING = "menunggu-kode"
PENDING_SECONDS = 10 * 60
# Stands in the address of the sign-in page when nobody owes a code any more.
TOO_LATE = "terlambat"
# A code, or the password of who has no second factor, counts this long for weighty steps.
FRESH_SECONDS = 10 * 60
# The field in which a form brings the proof along; no form of ours has one of this name.
PROOF = "bukti-diri"
# The page on which the person stood before he was asked.
CAME_FROM = "bukti-dari"
# Stands in the address of the page that asks before a file is given out.
FILE = "berkas"


# --- between password and code ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pending:
    """Somebody who knew the password and owes the code; not signed in."""

    user: User
    next_page: str


def wait_for_code(request: HttpRequest, user: User, next_page: str) -> HttpResponse:
    """Ask for the code, in a session that nobody is signed in to."""
    logout(request)
    request.session[PENDING] = {
        "user": user.pk,
        "mark": user.get_session_auth_hash(),
        "at": int(time.time()),
        "next": next_page,
    }
    return redirect("sign-in-code")


def read_pending(request: HttpRequest) -> Pending | None:
    """Return who owes the code here; nobody when it took too long, or when password or sessions changed since."""
    kept = request.session.get(PENDING)
    if not isinstance(kept, dict) or time.time() - kept["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"]).first()
    if user is None or not auth.may_sign_in(user):
        return None
    if not constant_time_compare(kept["mark"], user.get_session_auth_hash()):
        return None
    return Pending(user, kept["next"])


def forget_pending(request: HttpRequest) -> None:
    """Let the password be asked for again."""
    request.session.pop(PENDING, None)


def back_to_password(request: HttpRequest) -> HttpResponse:
    """Lead to the password when nobody owes a code here, or to where a first click has just signed in.

    That click's answer brought the browser a new session. This request still bears the old one, which is gone, and
    Django would take the cookie away: the new one by the same name.
    """
    forget_pending(request)
    if request.session.is_empty():
        request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    return redirect(f"{reverse('sign-in')}?{TOO_LATE}=1")


# --- before weighty steps ---------------------------------------------------------------------------------


class WrongProof(OrganisationError):
    """The password is wrong."""


class Locked(OrganisationError):
    """Too many wrong passwords from here."""

    status = 429


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the person proved himself lately in this session."""
    return time.time() - int(request.session.get(sessions.CHECKED, 0)) < FRESH_SECONDS


def ask_first(request: HttpRequest, *, is_file: bool = False) -> HttpResponse | None:
    """Return what asks the person to prove himself before a weighty step; None when he has done so.

    Called after rights are checked. What a POST brought is carried along by the page, which sends it to the same
    address together with the proof; a GET comes back by itself. A file (`is_file`) opens no page of its own, so the
    page that asked says that it comes.
    """
    if is_fresh(request):
        _go_on(request)
        return None
    if sessions.is_script(request):
        text = "Masukkan kode atau kata sandi Anda lagi di halaman ini, lalu ulangi."
        return JsonResponse({"code": "step-up", "message": text}, status=403)
    if request.method != "POST":
        asked = {"next": request.get_full_path()} | ({FILE: "1"} if is_file else {})
        return redirect(f"{reverse('step-up')}?{urlencode(asked)}")
    if PROOF not in request.POST:
        return proof_page(request, request.get_full_path(), _carried(request))
    try:
        prove(request, request.POST[PROOF])
    except OrganisationError as refusal:
        return proof_page(request, request.get_full_path(), _carried(request), refusal)
    _go_on(request)
    return None


def _go_on(request: HttpRequest) -> None:
    """Let a refusal of the step itself lead back to where the person stood, not to the page that asked him."""
    if CAME_FROM in request.POST:
        request.META["HTTP_REFERER"] = request.build_absolute_uri(_page_before(request))
        request.__dict__.pop("headers", None)


def prove(request: HttpRequest, typed: str) -> None:
    """Take the code of the person's second factor, or his password when he has none.

    Raises:
        OrganisationError: it is wrong, was used, or too many were wrong.
    """
    user = signed_in_user(request)
    try:
        if factors.factor_id_of(user) is not None:
            factors.check_code(user=user, typed=typed, address=auth.true_address(request))
        else:
            check_password(request, user, typed)
    except OrganisationError:
        # Of two clicks the first one may have used the code.
        if not _was_proved_meanwhile(request):
            raise
    request.session[sessions.CHECKED] = int(time.time())


def proof_page(
    request: HttpRequest,
    address: str,
    carried: list[tuple[str, str]],
    refusal: OrganisationError | None = None,
) -> HttpResponse:
    """Show the page that asks for code or password."""
    context = {
        "address": address,
        "carried": carried,
        "refusal": refusal,
        "has_factor": factors.factor_id_of(signed_in_user(request)) is not None,
        "minutes": FRESH_SECONDS // 60,
        "proof": PROOF,
        "came_from": CAME_FROM,
        "back": _page_before(request),
    }
    response = render(request, "organisasi/step_up.html", context, status=refusal.status if refusal else 200)
    if isinstance(refusal, factors.TooFast):
        response["Retry-After"] = str(refusal.seconds)
    return response


def file_page(request: HttpRequest, address: str) -> HttpResponse:
    """Say that a file comes, and let it come; with the way back."""
    return render(request, "organisasi/step_up_file.html", {"address": address, "back": _page_before(request)})


def _carried(request: HttpRequest) -> list[tuple[str, str]]:
    left_out = {PROOF, CAME_FROM, "csrfmiddlewaretoken"}
    return [(name, value) for name, values in request.POST.lists() if name not in left_out for value in values]


def _page_before(request: HttpRequest) -> str:
    known = request.POST.get(CAME_FROM, "")
    if known.startswith("/") and url_has_allowed_host_and_scheme(known, None):
        return known
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc != request.get_host() or referer.path in {"", request.path}:
        return reverse("dashboard")
    return referer.path + (f"?{referer.query}" if referer.query else "")


def check_password(request: HttpRequest, user: User, typed: str) -> None:
    """Take the password of who is signed in; whoever finds the screen open guesses no faster than at sign-in.

    Raises:
        WrongProof: it is another one.
        Locked: too many were wrong from here.
    """
    if auth.locked_until(request, user.username):
        raise Locked("Terlalu banyak kata sandi yang salah dari sini. Coba lagi seperempat jam lagi.")
    if authenticate(request, username=user.username, password=typed) == user:
        return
    # Axes would put its own page in the place of this one, and what was typed would be lost.
    request.axes_locked_out = False  # type: ignore[attr-defined]
    auth.note_failure(user.username)
    record_own("step-up.refused", user, address=auth.true_address(request))
    raise WrongProof("Kata sandi tidak cocok. Periksa huruf besar dan kecil, lalu coba lagi.")


def _was_proved_meanwhile(request: HttpRequest) -> bool:
    store = import_module(settings.SESSION_ENGINE).SessionStore(request.session.session_key)
    return time.time() - int(store.get(sessions.CHECKED, 0)) < FRESH_SECONDS
