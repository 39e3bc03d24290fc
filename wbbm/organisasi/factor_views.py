"""Pages of the second factor: the code at sign-in, once more before weighty steps, set-up, and reset by two admins."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from . import auth, second_factor, sessions
from .clock import moment_text
from .errors import AlreadyDone, OrganisationError
from .factor_forms import CodeForm, ResetForm
from .http import signed_in_user
from .models import FactorReset, User
from .models.factors import RESET_WAITS
from .next_page import next_page
from .services import audit, factor_approvals, factor_resets, factors, people
from .shell import main_posting

_SECRET = "faktor-baru"  # noqa: S105 (where the session keeps it, not what it is)
_ONCE = "Faktor kedua sudah terpasang. Kode pemulihan hanya tampil sekali; buat lembar baru bila belum tersimpan."


@method_decorator([login_not_required, never_cache, sensitive_post_parameters("code")], name="dispatch")
class SignInCodeView(View):
    """The second step of sign-in: nobody is signed in before it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the code; lead back to the password where nobody owes one."""
        if second_factor.read_pending(request) is None:
            return redirect("sign-in")
        return self._page(request, CodeForm(), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take the code and sign in."""
        pending = second_factor.read_pending(request)
        if pending is None:
            return second_factor.back_to_password(request)
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, 422)
        try:
            checked = factors.check_code(
                user=pending.user, typed=form.cleaned_data["code"], address=auth.true_address(request)
            )
        except OrganisationError as refusal:
            form.add_error("code", refusal.message)
            response = self._page(request, form, refusal.status)
            if isinstance(refusal, factors.TooFast):
                response["Retry-After"] = str(refusal.seconds)
            return response
        return self._signed_in(request, pending, checked)

    def _signed_in(
        self, request: HttpRequest, pending: second_factor.Pending, checked: factors.Checked
    ) -> HttpResponse:
        user = pending.user
        second_factor.forget_pending(request)
        sessions.sign_in(request, user, factor_id=checked.factor_id)
        auth.forget_pace(user.username)
        audit.record_own("sign-in", user, address=auth.true_address(request))
        if user.must_change_password:
            target = reverse("own-password")
        elif checked.by_recovery:
            target = f"{reverse('second-factor')}?pulih=1"
        else:
            target = pending.next_page
        response = redirect(target)
        auth.remember_device(request, response, user.username)
        return response

    def _page(self, request: HttpRequest, form: CodeForm, status: int) -> HttpResponse:
        return render(request, "organisasi/sign_in_code.html", {"form": form}, status=status)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """Let the person prove himself once more, then lead him to where he was going."""
    target = next_page(request)
    if second_factor.is_fresh(request):
        return redirect(target)
    address = request.get_full_path()
    if request.method != "POST":
        return second_factor.proof_page(request, address, [])
    try:
        second_factor.prove(request, request.POST.get(second_factor.PROOF, ""))
    except OrganisationError as refusal:
        return second_factor.proof_page(request, address, [], refusal)
    return second_factor.file_page(request, target) if second_factor.FILE in request.GET else redirect(target)


# --- the own second factor --------------------------------------------------------------------------------


@require_safe
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Show whether the person has a second factor, and what he can do about it."""
    user = signed_in_user(request)
    state = factors.read_state(user)
    posting = main_posting(user.scope.postings)
    unit = posting.unit if posting is not None else None
    context = {
        "state": state,
        "since": moment_text(state.since, unit) if state.since is not None else "",
        "is_required": factors.is_required(user),
        "is_obliged": user.scope.has_role(*factors.OBLIGED_ROLES),
        "came_by_recovery": "pulih" in request.GET and state.is_on,
        "reset": factor_resets.waiting_reset(user),
        "is_awaited": factor_approvals.is_awaited(user),
    }
    return render(request, "organisasi/second_factor.html", context)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def factor_setup(request: HttpRequest) -> HttpResponse:
    """Show a fresh key to be scanned or typed, and take it once the phone's code is right."""
    user = signed_in_user(request)
    asked = second_factor.ask_first(request)
    if asked is not None:
        return asked
    if request.method != "POST":
        if _SECRET not in request.session:
            request.session[_SECRET] = factors.new_secret(user)
        return _setup_page(request, CodeForm(), 200)
    if _SECRET not in request.session:
        messages.info(request, _ONCE)
        return redirect("second-factor")
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            codes = factors.set_up(user=user, kept=request.session[_SECRET], typed=form.cleaned_data["code"])
        except AlreadyDone:
            request.session.pop(_SECRET)
            messages.info(request, _ONCE)
            return redirect("second-factor")
        except OrganisationError as refusal:
            form.add_error("code", refusal.message)
        else:
            request.session.pop(_SECRET)
            _stay(request, user)
            messages.success(request, "Faktor kedua terpasang. Perangkat lain sudah dikeluarkan.")
            return _codes_page(request, user, codes)
    return _setup_page(request, form, 422)


def _setup_page(request: HttpRequest, form: CodeForm, status: int) -> HttpResponse:
    user = signed_in_user(request)
    has_one = factors.factor_id_of(user) is not None
    context = {
        "form": form,
        "key": factors.invitation(request.session[_SECRET], user),
        "has_one": has_one,
        "is_due": not has_one and factors.is_required(user),
    }
    return render(request, "organisasi/factor_setup.html", context, status=status)


def _codes_page(request: HttpRequest, user: User, codes: list[str]) -> HttpResponse:
    posting = main_posting(user.scope.postings)
    context = {"codes": codes, "made": moment_text(timezone.now(), posting.unit if posting is not None else None)}
    return render(request, "organisasi/recovery_codes.html", context)


@require_POST
def factor_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them once, to be printed."""
    user = signed_in_user(request)
    return second_factor.ask_first(request) or _codes_page(request, user, factors.renew_codes(user=user))


@require_POST
def factor_remove(request: HttpRequest) -> HttpResponse:
    """Give the second factor up, where no office asks for it."""
    user = signed_in_user(request)
    asked = second_factor.ask_first(request)
    if asked is not None:
        return asked
    factors.remove(user=user)
    _stay(request, user)
    messages.success(request, "Faktor kedua dilepas. Perangkat lain sudah dikeluarkan.")
    return redirect("second-factor")


def _stay(request: HttpRequest, user: User) -> None:
    """Go on in a fresh session, tied to the second factor as it is now."""
    fresh = User.objects.get(pk=user.pk)
    sessions.sign_in(request, fresh, factor_id=factors.factor_id_of(fresh))


@require_POST
def factor_reset_refuse(request: HttpRequest) -> HttpResponse:
    """Let the person stop a reset that he didn't want."""
    user = signed_in_user(request)
    reset = factor_resets.waiting_reset(user)
    if reset is None:
        messages.info(request, "Tidak ada permintaan reset yang menunggu.")
    else:
        factor_resets.withdraw_reset(reset=reset, by=user)
        messages.success(request, "Permintaan reset ditolak. Faktor kedua Anda tetap terpasang.")
    return redirect("second-factor")


# --- a lost phone: two admins -----------------------------------------------------------------------------


def _reached(request: HttpRequest, pk: int) -> tuple[User, User]:
    by = signed_in_user(request)
    person = User.objects.filter(pk=pk).first()
    if person is None or people.reaches_person(by, person) is None:
        raise Http404("no such person in reach")
    return by, person


@require_http_methods(["GET", "HEAD", "POST"])
def factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a reset stands, and ask for one."""
    by, person = _reached(request, pk)
    form = ResetForm(request.POST or None)
    if request.method != "POST":
        return _reset_page(request, person, form)
    if not form.is_valid():
        return _reset_page(request, person, form, 422)
    asked = second_factor.ask_first(request)
    if asked is not None:
        return asked
    try:
        factor_resets.ask_reset(person=person, reason=form.cleaned_data["reason"], by=by)
    except AlreadyDone as refusal:
        messages.info(request, refusal.message)
    except OrganisationError as refusal:
        form.add_error("reason", refusal.message)
        return _reset_page(request, person, form, refusal.status)
    else:
        messages.success(request, "Permintaan dicatat. Admin kedua memutuskannya dalam 72 jam; orangnya diberi tahu.")
    return redirect("factor-reset", pk=person.pk)


def _reset_page(request: HttpRequest, person: User, form: ResetForm, status: int = 200) -> HttpResponse:
    by = signed_in_user(request)
    reset = factor_resets.waiting_reset(person)
    posting = people.require_reach(by, person)
    context: dict[str, Any] = {
        "person": person,
        "state": factors.read_state(person),
        "form": form,
        "reset": reset,
        "why_not": factor_resets.why_not(person, by),
        "why_not_seen": factor_approvals.why_not(person, by),
        "is_awaited": factor_approvals.is_awaited(person),
        "last": factor_resets.last_reset(person),
    }
    if reset is not None:
        context |= {
            "asked": moment_text(reset.asked_at, posting.unit),
            "until": moment_text(reset.asked_at + RESET_WAITS, posting.unit),
            "is_own_request": reset.asked_by_id == by.pk,
        }
    return render(request, "organisasi/factor_reset.html", context, status=status)


def _waiting(request: HttpRequest, pk: int) -> tuple[User, FactorReset]:
    by, person = _reached(request, pk)
    reset = factor_resets.waiting_reset(person)
    if reset is None:
        raise AlreadyDone("Tidak ada permintaan reset yang menunggu: sudah diputuskan, ditarik, atau lewat waktunya.")
    return by, reset


@require_POST
def factor_reset_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factor away, as the second admin."""
    by, reset = _waiting(request, pk)
    asked = second_factor.ask_first(request)
    if asked is not None:
        return asked
    factor_resets.confirm_reset(reset=reset, by=by)
    messages.success(request, "Faktor kedua direset. Orangnya memasang yang baru saat masuk berikutnya.")
    return redirect("factor-reset", pk=pk)


@require_POST
def factor_approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that the admin saw the person with his second factor."""
    by, person = _reached(request, pk)
    asked = second_factor.ask_first(request)
    if asked is not None:
        return asked
    try:
        factor_approvals.approve_factor(person=person, by=by)
    except AlreadyDone as refusal:
        messages.info(request, refusal.message)
    else:
        messages.success(request, "Faktor kedua dikonfirmasi. Laporan warga terbuka baginya.")
    return redirect("factor-reset", pk=pk)


@require_POST
def factor_reset_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a request back."""
    by, reset = _waiting(request, pk)
    factor_resets.withdraw_reset(reset=reset, by=by)
    messages.success(request, "Permintaan reset ditarik.")
    return redirect("factor-reset", pk=pk)
