"""Views of the organisation: first page, sign-in, account, one-time links."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import auth, second_factor, sessions
from .forms import ChangePasswordForm, ForgotPasswordForm, OwnPasswordForm, SignInForm
from .models import Posting, Role, User
from .next_page import next_page
from .services import audit, factors, links, people, resets

_NO_MATCH = "Nama pengguna atau kata sandi tidak cocok. Periksa huruf besar dan kecil, lalu coba lagi."


def needs_first_admin() -> bool:
    """Tell whether nobody keeps units and people yet; pages that anybody opens then say what to run."""
    return not Posting.objects.filter(role=Role.ADMIN).exists()


@method_decorator([login_not_required, never_cache, sensitive_post_parameters("password")], name="dispatch")
class SignInView(View):
    """Sign-in by user name or NRP."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or go on where the person is signed in already."""
        if request.user.is_authenticated:
            return redirect(next_page(request))
        if second_factor.TOO_LATE in request.GET:
            messages.error(request, "Terlalu lama atau sudah dipakai. Masuk lagi dengan kata sandi.")
        return self._page(request, SignInForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign in."""
        form = SignInForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, 422)
        username = auth.resolved_username(request, form.cleaned_data)
        if auth.locked_until(request, username):
            return auth.locked_out(request, form.cleaned_data)
        wait = auth.seconds_to_wait(request, username)
        if wait:
            form.add_error(None, f"Terlalu banyak percobaan untuk akun ini. Coba lagi dalam {wait} detik.")
            response = self._page(request, form, 429)
            response["Retry-After"] = str(wait)
            return response
        user = authenticate(request, username=form.cleaned_data["username"], password=form.cleaned_data["password"])
        if not isinstance(user, User):
            return self._refused(request, form, username)
        return self._signed_in(request, user)

    def _refused(self, request: HttpRequest, form: SignInForm, username: str) -> HttpResponse:
        auth.note_failure(username)
        is_locked = getattr(request, "axes_locked_out", False)
        known = auth.find_user(username)
        posting = audit.main_posting(known) if known is not None else None
        audit.record(
            "sign-in.locked" if is_locked else "sign-in.refused",
            by=None,
            about=known,
            unit=posting.unit if posting is not None else None,
            address=auth.true_address(request),
        )
        if is_locked:
            return auth.locked_out(request, form.cleaned_data)
        form.add_error(None, _NO_MATCH)
        return self._page(request, form, 422)

    def _signed_in(self, request: HttpRequest, user: User) -> HttpResponse:
        if factors.factor_id_of(user) is not None:
            return second_factor.wait_for_code(request, user, next_page(request))
        sessions.sign_in(request, user, factor_id=None)
        auth.forget_pace(user.username)
        audit.record_own("sign-in", user, address=auth.true_address(request))
        response = redirect("own-password" if user.must_change_password else next_page(request))
        auth.remember_device(request, response, user.username)
        return response

    def _page(self, request: HttpRequest, form: SignInForm, status: int) -> HttpResponse:
        context = {"form": form, "next": next_page(request), "needs_first_admin": needs_first_admin()}
        return render(request, "organisasi/sign_in.html", context, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Mail a link to whoever has a mail address; the answer is the same for every name."""
    form = ForgotPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = auth.resolved_username(request, form.cleaned_data)
        try:
            resets.ask_for_reset(username=typed, address=auth.client_address(request))
        except resets.TooOften as refusal:
            form.add_error(None, refusal.message)
            return render(request, "organisasi/forgot_password.html", {"form": form}, status=refusal.status)
        return redirect(f"{reverse('forgot-password')}?terkirim=1")
    context = {"form": form, "is_sent": "terkirim" in request.GET and request.method != "POST"}
    return render(request, "organisasi/forgot_password.html", context, status=422 if request.method == "POST" else 200)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out by POST; a GET asks first."""
    if request.method != "POST":
        return redirect("account" if request.user.is_authenticated else "home")
    if isinstance(request.user, User):
        audit.record_own("sign-out", request.user, address=auth.true_address(request))
        logout(request)
        messages.success(request, "Anda sudah keluar. Isian yang belum terkirim tetap ada di perangkat ini.")
    return redirect("home")


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, by which postings."""
    scope = _user(request).scope
    reads_visits = scope.has_role(Role.COMMANDER, Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR)
    context = {
        "postings": scope.postings,
        "reads_visits": reads_visits,
        "has_factor": factors.factor_id_of(_user(request)) is not None,
    }
    return render(request, "organisasi/account.html", context)


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of the person, this one too."""
    user = _user(request)
    people.end_sessions(person=user, by=user)
    logout(request)
    messages.success(request, "Anda sudah keluar dari semua perangkat.")
    return redirect("sign-in")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the own password; other devices are signed out."""
    user = _user(request)
    form = ChangePasswordForm(
        request.POST or None, user=user, check=lambda typed: second_factor.check_password(request, user, typed)
    )
    if request.method == "POST" and form.is_valid():
        _set_and_stay(request, user, form.cleaned_data["password"])
        messages.success(request, "Kata sandi diganti. Perangkat lain sudah dikeluarkan.")
        return redirect("account")
    status = form.refused_by if request.method == "POST" else 200
    return render(request, "organisasi/change_password.html", {"form": form}, status=status)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def own_password(request: HttpRequest) -> HttpResponse:
    """Ask a person for an own password at the first sign-in."""
    user = _user(request)
    if not user.must_change_password:
        return redirect("account")
    form = OwnPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        _set_and_stay(request, user, form.cleaned_data["password"])
        messages.success(request, "Kata sandi Anda tersimpan.")
        return redirect("dashboard")
    status = 422 if request.method == "POST" else 200
    return render(request, "organisasi/own_password.html", {"form": form}, status=status)


def _set_and_stay(request: HttpRequest, user: User, password: str) -> None:
    proved, checked = request.session.get(sessions.FACTOR), request.session.get(sessions.CHECKED, 0)
    links.change_own_password(user=user, password=password)
    sessions.sign_in(request, user, factor_id=proved)
    # A password is no second factor: weighty steps ask when they would have asked before.
    request.session[sessions.CHECKED] = checked


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def access_link(request: HttpRequest, token: str) -> HttpResponse:
    """Let the holder of a one-time link choose his password, then sign him in; a second factor is asked for first."""
    try:
        link = links.find_link(token)
    except links.LinkGone as gone:
        return render(request, "organisasi/access_link_gone.html", {"error": gone}, status=410)
    form = OwnPasswordForm(request.POST or None, user=link.user)
    if request.method == "POST" and form.is_valid():
        user = links.use_link(link=link, password=form.cleaned_data["password"])
        logout(request)
        messages.success(request, "Kata sandi Anda tersimpan. Mulai sekarang masuk dengan kata sandi ini.")
        if factors.factor_id_of(user) is not None:
            return second_factor.wait_for_code(request, user, reverse("dashboard"))
        sessions.sign_in(request, user, factor_id=None)
        return redirect("dashboard")
    status = 422 if request.method == "POST" else 200
    # The site's own policy keeps the address from other sites. A stricter one (no-referrer) makes the browser send
    # `Origin: null` with the form, which the CSRF check refuses.
    return render(request, "organisasi/access_link.html", {"form": form, "person": link.user}, status=status)


@require_POST
def make_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a one-time link for a person and show it once, to be read out, scanned or printed."""
    by = _user(request)
    person = User.objects.filter(pk=pk).first()
    if person is None or people.reaches_person(by, person) is None:
        raise Http404("no such person in reach")
    # The link is the way into the account: an admin's screen that was left open makes none.
    asked = second_factor.ask_first(request)
    return asked or render(request, "organisasi/link_made.html", {"slip": links.make_slip(user=person, by=by)})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """Tell how long the session lasts; POST is an activity of the person and renews it."""
    if not request.user.is_authenticated:
        return sessions.unauthorised()
    if request.method == "POST" and sessions.AUTO_HEADER not in request.headers:
        request.session[sessions.LAST_ACTIVE] = int(time.time())
    return JsonResponse(
        {
            "user": request.user.pk,
            "idle_seconds": max(0, sessions.idle_seconds_left(request)),
            "warning_seconds": settings.SESSION_WARNING_SECONDS,
            "expires_at": sessions.expires_at(request),
        }
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # every page here asks for sign-in
    return request.user
