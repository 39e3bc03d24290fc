"""The right of reply: a sheet's round, one item's page, and their steps."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from supervisi.forms.findings import ExtendForm
from supervisi.forms.replies import ChangeForm, ReasonForm, ReplyForm
from supervisi.models import Reply, ReplyRound
from supervisi.pages.replies import ReplyPage, read_reply, read_round
from supervisi.services import reply_rounds, reply_steps
from supervisi.views.checklists import find_sheet
from wbbm.errors import DomainError, NotAllowed
from wbbm.organisasi.http import signed_in_user

_DONE = {
    "reply": "Jawaban dikirim. Pemutusnya diberi tahu.",
    "withdraw": "Jawaban ditarik; alasannya tercatat.",
    "uphold": "Diputuskan: nilainya tetap. Satuan diberi tahu.",
    "change": "Diputuskan: nilainya diubah. Nilai lembar dihitung ulang.",
    "extend": "Tenggat hak jawab diperpanjang; alasannya tercatat.",
    "waive": "Hak jawab diakhiri. Jawaban yang sudah dikirim tetap diputuskan.",
}


@require_safe
def round_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the items of a sheet that were marked down, and how far their replies are."""
    return _round_page(request, pk)


def _round_page(request: HttpRequest, pk: int, form: ExtendForm | None = None, status: int = 200) -> HttpResponse:
    page = read_round(find_sheet(request, pk), signed_in_user(request))
    if page is None:
        raise Http404("the sheet never had a round")
    context = {"page": page, "form": form or ExtendForm(), "is_refused": form is not None}
    return render(request, "supervisi/reply_round.html", context, status=status)


@require_POST
def round_step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Give the unit more time, or say for it that nothing more will come."""
    running = ReplyRound.objects.with_frame().running().of(find_sheet(request, pk)).first()
    if running is None or name not in {"extend", "waive"}:
        raise Http404("no running round, or no such step")
    if name == "waive":
        reply_rounds.waive_round(running=running, by=signed_in_user(request))
        messages.success(request, _DONE[name])
        return redirect(running)
    form = ExtendForm(request.POST)
    try:
        if not form.is_valid():
            reply_rounds.check_may_extend(running, signed_in_user(request))
            return _round_page(request, pk, form, 422)
        data = form.cleaned_data
        reply_rounds.extend_round(running=running, days=data["days"], reason=data["text"], by=signed_in_user(request))
    except NotAllowed:
        raise
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return _round_page(request, pk, form, refusal.status)
    messages.success(request, _DONE[name])
    return redirect(running)


@require_safe
def reply_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one item with claim, what was found, the reply and its decision."""
    return _reply_page(request, _found(request, pk))


def _found(request: HttpRequest, pk: int) -> ReplyPage:
    page = read_reply(signed_in_user(request), pk)
    if page is None:
        raise Http404("no such reply for this person")
    return page


def _forms(page: ReplyPage, data: Any = None, files: Any = None) -> dict[str, forms.Form]:
    return {
        "reply": ReplyForm(data, files, auto_id="reply_%s"),
        "withdraw": ReasonForm(data, auto_id="withdraw_%s"),
        "uphold": ReasonForm(data, auto_id="uphold_%s"),
        "change": ChangeForm(data, item=page.line.item, better=page.better, auto_id="change_%s"),
    }


def _reply_page(
    request: HttpRequest, page: ReplyPage, bound: dict[str, forms.Form] | None = None, status: int = 200
) -> HttpResponse:
    context = {"page": page, "forms": _forms(page) | (bound or {}), "refused": next(iter((bound or {}).values()), None)}
    return render(request, "supervisi/reply_detail.html", context, status=status)


@require_POST
def reply_step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Reply, take back, or decide."""
    page = _found(request, pk)
    if name not in reply_steps.TRANSITIONS:
        raise Http404("no such step")
    form, by = _forms(page, request.POST, request.FILES)[name], signed_in_user(request)
    try:
        if not form.is_valid():
            # Rights come first: whoever may not is told so, not what is wrong with his form.
            reply_steps.check_right(page.line.reply, name, by)
            return _reply_page(request, page, {name: form}, 422)
        _take(page.line.reply, name, form, request)
    except NotAllowed:
        raise
    except DomainError as refusal:
        # What was typed stays in the form.
        form.add_error(None, refusal.message)
        return _reply_page(request, _found(request, pk), {name: form}, refusal.status)
    messages.success(request, _DONE[name])
    return redirect(page.line.reply)


def _take(reply: Reply, name: str, form: forms.Form, request: HttpRequest) -> None:
    by, text = signed_in_user(request), form.cleaned_data["text"]
    if name == "reply":
        reply_steps.send_reply(reply=reply, text=text, uploads=form.cleaned_data["photos"], by=by)
    elif name == "withdraw":
        reply_steps.withdraw_reply(reply=reply, reason=text, by=by)
    elif name == "uphold":
        reply_steps.uphold_value(reply=reply, reason=text, by=by)
    else:
        assert isinstance(form, ChangeForm)  # by the name, see _forms
        reply_steps.change_value(reply=reply, answer=form.answer, reason=text, by=by)
