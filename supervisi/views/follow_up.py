"""Boards and the list of findings, the page of one, and the steps of its follow-up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from supervisi.forms.findings import AnswerForm, ExtendForm, JudgeForm, ReturnForm
from supervisi.models import Finding
from supervisi.pages.finding import read_finding
from supervisi.pages.findings import ASKED, Wanted, has_board, read_board, read_findings, read_review
from supervisi.services import follow_up
from wbbm.errors import DomainError
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, User

OVERSEERS = (Role.SUPERVISOR, Role.COMMANDER, Role.AUDITOR)
_SEARCH_LIMIT = 80
_FORMS: dict[str, type[forms.Form]] = {
    "answer": AnswerForm,
    "accept": JudgeForm,
    "return": ReturnForm,
    "close": JudgeForm,
    "extend": ExtendForm,
}
_DONE = {
    "answer": "Jawaban dikirim. Pemeriksa di satuan atas menilainya.",
    "accept": "Jawaban diterima. Temuan dapat ditutup.",
    "return": "Jawaban dikembalikan kepada satuan dengan alasan Anda.",
    "close": "Temuan ditutup. Pada kunjungan berikutnya temuan ini diuji ulang.",
    "extend": "Tenggat diperpanjang; alasannya tercatat.",
}


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show what the person's own unit must answer."""
    user = signed_in_user(request)
    if not has_board(user):
        raise Http404("no unit to answer for")
    context = {"board": read_board(user, request.GET.get("urut", "tenggat")), "oversees": _oversees(request)}
    return render(request, "supervisi/finding_board.html", context)


@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """Show what waits for whoever supervises."""
    user = signed_in_user(request)
    if not user.scope.has_role(*OVERSEERS):
        raise Http404("nobody to supervise")
    if not _oversees(request):
        return redirect("supervisi:finding-board")
    context = {"columns": read_review(user), "has_board": has_board(user)}
    return render(request, "supervisi/finding_review.html", context)


def _oversees(request: HttpRequest) -> bool:
    """Tell whether there is a unit below: a commander of a station only answers."""
    postings = signed_in_user(request).scope.postings
    roles = {Role.SUPERVISOR, Role.AUDITOR}
    return any(p.role in roles or (p.role == Role.COMMANDER and p.unit.numchild > 0) for p in postings)


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the findings in sight, narrowed and ordered."""
    user = _reader(request)
    context = {
        "found": read_findings(user, _wanted(request)),
        "has_board": has_board(user),
        "oversees": _oversees(request),
    }
    return render(request, "supervisi/finding_list.html", context)


def _reader(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not user.scope.has_role(*OVERSEERS, Role.OPERATOR):
        raise Http404("no findings for this role")
    return user


def _wanted(request: HttpRequest) -> Wanted:
    asked = {name: request.GET[key] for name, key in ASKED.items() if key in request.GET}
    return Wanted(**{name: value.strip()[:_SEARCH_LIMIT].replace("\0", "") for name, value in asked.items()})


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a finding."""
    return _page(request, pk)


def _page(request: HttpRequest, pk: int, bound: dict[str, forms.Form] | None = None, status: int = 200) -> HttpResponse:
    page = read_finding(signed_in_user(request), pk)
    if page is None:
        raise Http404("no such finding for this person")
    made = {name: form(auto_id=f"{name}_%s") for name, form in _FORMS.items()} | (bound or {})
    context = {"page": page, "forms": made, "refused": next(iter((bound or {}).values()), None)}
    return render(request, "supervisi/finding_detail.html", context, status=status)


@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take a step of the follow-up."""
    user = signed_in_user(request)
    finding = Finding.objects.visible_to(user).select_related("unit", "owner_unit", "item").filter(pk=pk).first()
    if finding is None or name not in _FORMS:
        raise Http404("no such finding or step for this person")
    form = _FORMS[name](request.POST, request.FILES, auto_id=f"{name}_%s")
    try:
        if not form.is_valid():
            # Rights come first: whoever may not is told so, not what is wrong with his form.
            follow_up.check_right(finding, name, user)
            return _page(request, pk, {name: form}, 422)
        _SERVICES[name](finding, form.cleaned_data, request)
    except DomainError as refusal:
        if refusal.status == 403:
            raise
        # What was typed stays in the form.
        form.is_valid()
        form.add_error(None, refusal.message)
        return _page(request, pk, {name: form}, refusal.status)
    messages.success(request, _DONE[name])
    return redirect(finding)


Act = Callable[[Finding, dict[str, Any], HttpRequest], Any]
_SERVICES: dict[str, Act] = {
    "answer": lambda finding, data, request: follow_up.answer_finding(
        finding=finding, text=data["text"], uploads=data["photos"], by=signed_in_user(request)
    ),
    "accept": lambda finding, data, request: follow_up.accept_finding(
        finding=finding, text=data["text"], by=signed_in_user(request)
    ),
    "return": lambda finding, data, request: follow_up.return_finding(
        finding=finding, reason=data["text"], by=signed_in_user(request)
    ),
    "close": lambda finding, data, request: follow_up.close_finding(
        finding=finding, text=data["text"], by=signed_in_user(request)
    ),
    "extend": lambda finding, data, request: follow_up.extend_finding(
        finding=finding, days=data["days"], reason=data["text"], by=signed_in_user(request)
    ),
}
