"""How long a session lasts: 30 idle minutes, 12 hours at most. What a page sends by itself renews nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers

from wbbm.middleware import wants_json

from .models import User
from .services.factors import factor_id_of, is_required

GetResponse = Callable[[HttpRequest], HttpResponse]
AUTO_HEADER = "X-WBBM-Auto"
LAST_ACTIVE = "aktif"
STARTED = "mulai"
# When the person last proved who he is, by code or password.
CHECKED = "diperiksa"
# The number of the second factor by which the session was begun; with another one, or none, it is over.
FACTOR = "faktor"
# The last activity is written at most this often: it would cost every request a query.
WRITE_EVERY_SECONDS = 60
_OPEN_WHILE_PASSWORD_IS_DUE = {"own-password", "sign-out", "session", "home", "healthz"}
_OPEN_WHILE_FACTOR_IS_DUE = _OPEN_WHILE_PASSWORD_IS_DUE | {"factor-setup", "step-up"}


def is_script(request: HttpRequest) -> bool:
    """Tell whether a script asks, which can't follow a redirect to the sign-in page."""
    return (
        wants_json(request)
        or "HX-Request" in request.headers
        or AUTO_HEADER in request.headers
        or request.headers.get("X-Requested-With") == "XMLHttpRequest"
    )


def begin(request: HttpRequest) -> None:
    """Note the start of a session that was just signed in."""
    request.session[STARTED] = request.session[LAST_ACTIVE] = request.session[CHECKED] = int(time.time())


def sign_in(request: HttpRequest, user: User, *, factor_id: int | None) -> None:
    """Begin a session of the person under a fresh key; `factor_id` is the second factor that he proved."""
    login(request, user, backend="wbbm.organisasi.auth.PostingBackend")
    begin(request)
    request.session[FACTOR] = factor_id


def expires_at(request: HttpRequest) -> int:
    """Return when the session ends at the latest, as seconds since 1970."""
    return int(request.session.get(STARTED, 0)) + settings.SESSION_COOKIE_AGE


def idle_seconds_left(request: HttpRequest) -> int:
    """Return after how many seconds without activity the session ends."""
    return int(request.session.get(LAST_ACTIVE, 0)) + settings.SESSION_IDLE_SECONDS - int(time.time())


def unauthorised() -> JsonResponse:
    """Answer a script whose session is over; its page keeps what was typed."""
    message = "Sesi Anda berakhir. Jawaban tetap ada di sini; masuk lagi untuk mengirimnya."
    response = JsonResponse({"code": "signed-out", "message": message}, status=401)
    add_never_cache_headers(response)
    return response


def _is_factor_due(request: HttpRequest) -> bool:
    """Tell whether an office of the person asks for a second factor that he has not set up yet."""
    user = request.user
    assert isinstance(user, User)
    name = request.resolver_match.url_name if request.resolver_match else ""
    return name not in _OPEN_WHILE_FACTOR_IS_DUE and factor_id_of(user) is None and is_required(user)


class SessionLimitMiddleware:
    """Ends sessions that are idle or too old, and keeps signed-in pages out of every cache."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Check the session, let the page be made, forbid its storing."""
        is_signed_in = request.user.is_authenticated
        if is_signed_in:
            self._check(request)
        response = self.get_response(request)
        if is_signed_in:
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response

    def _check(self, request: HttpRequest) -> None:
        assert isinstance(request.user, User)
        factor_id = factor_id_of(request.user)
        if factor_id is not None and request.session.get(FACTOR) != factor_id:
            logout(request)
            return
        now = int(time.time())
        if STARTED not in request.session:
            begin(request)
            return
        if now >= expires_at(request) or idle_seconds_left(request) <= 0:
            logout(request)
            return
        renews = AUTO_HEADER not in request.headers
        if renews and now - int(request.session[LAST_ACTIVE]) >= WRITE_EVERY_SECONDS:
            request.session[LAST_ACTIVE] = now


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Asks for sign-in on every page that isn't marked public; scripts get 401. What is due comes first."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Let the page be made, or ask for sign-in, for an own password or for a second factor."""
        if request.user.is_authenticated and request.user.must_change_password:
            name = request.resolver_match.url_name if request.resolver_match else ""
            if name not in _OPEN_WHILE_PASSWORD_IS_DUE:
                if is_script(request):
                    text = "Buat kata sandi Anda sendiri dulu, lalu lanjutkan."
                    return JsonResponse({"code": "password", "message": text}, status=403)
                return redirect("own-password")
        elif request.user.is_authenticated and _is_factor_due(request):
            if is_script(request):
                text = "Pasang faktor kedua dulu di halaman Akun, lalu lanjutkan."
                return JsonResponse({"code": "factor", "message": text}, status=403)
            return redirect("factor-setup")
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        """Send a person to the sign-in page and answer a script by 401."""
        if is_script(request):
            return unauthorised()
        return super().handle_no_permission(request, view_func)
