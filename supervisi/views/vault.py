"""The evidence of a unit: list, one document, adding, describing, revising, and choosing it at an item."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from supervisi.access import posting_to_keep, posting_to_write
from supervisi.forms.evidence import FactsForm, FileForm
from supervisi.models import AnswerEvidence, Evidence
from supervisi.pages.item_cards import EvidenceLine
from supervisi.pages.vault import ASKED, Wanted, find_unit, read_evidence, read_evidence_list, read_picker
from supervisi.services import vault
from supervisi.views.evidence import find_answer, read_uuid, to_item
from wbbm.errors import DomainError, NotAllowed
from wbbm.middleware import wants_json
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import Role, Unit

_TEXT_LIMIT = 80


def _asked(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").strip()[:_TEXT_LIMIT].replace("\0", "")


# --- the list -------------------------------------------------------------------------------------------------


@require_safe
def own_evidence(request: HttpRequest) -> HttpResponse:
    """Show the evidence of the unit where the person is operator or commander."""
    held = signed_in_user(request).scope.postings
    order = (Role.OPERATOR, Role.COMMANDER)
    found = sorted((each for each in held if each.role in order), key=lambda each: order.index(Role(each.role)))
    if not found:
        raise Http404("no unit of one's own")
    return _list_page(request, found[0].unit)


@require_safe
def evidence_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a unit keeps, and what is shared with it."""
    return _list_page(request, _unit(request, pk))


def _unit(request: HttpRequest, pk: int) -> Unit:
    unit = find_unit(signed_in_user(request), pk)
    if unit is None:
        raise Http404("unit out of sight")
    return unit


def _list_page(request: HttpRequest, unit: Unit) -> HttpResponse:
    wanted = Wanted(**{name: _asked(request, key) for name, key in ASKED.items() if key in request.GET})
    found = read_evidence_list(signed_in_user(request), unit, wanted)
    return render(request, "supervisi/evidence_list.html", {"found": found})


# --- one document ---------------------------------------------------------------------------------------------


@require_safe
def evidence_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a document with its revisions and where it is used."""
    page = read_evidence(signed_in_user(request), pk)
    if page is None:
        raise Http404("no such evidence for this person")
    return render(request, "supervisi/evidence_detail.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a document of the unit that proves no answer yet."""
    unit = _unit(request, pk)
    user = signed_in_user(request)
    if posting_to_keep(user, unit) is None:
        raise NotAllowed("Bukti satuan ditambah oleh operator satuan itu.")
    context = {"unit": unit, "title": "Tambah bukti", "label": "Simpan bukti"}
    if request.method != "POST":
        return _form_page(request, context, FileForm(can_share=unit.numchild > 0))
    form = FileForm(request.POST, request.FILES, can_share=unit.numchild > 0)
    if form.is_valid():
        try:
            added = vault.add_evidence(unit=unit, upload=form.cleaned_data["file"], facts=form.facts, by=user)
        except DomainError as refusal:
            return _refused(request, context, form, refusal)
        number = added.evidence.number
        known = f"Berkas ini sudah ada sebagai bukti nomor {number}. Keterangannya tidak diubah."
        (messages.warning if added.is_known else messages.success)(
            request, known if added.is_known else f"Bukti nomor {number} tersimpan."
        )
        return redirect(added.evidence)
    return _form_page(request, context, form, 422)


def _refused(request: HttpRequest, context: dict[str, Any], form: FactsForm, refusal: DomainError) -> HttpResponse:
    """Show the form again with what was typed."""
    if refusal.status == 403:
        raise refusal
    form.add_error(None, refusal.message)
    return _form_page(request, context, form, refusal.status)


def _form_page(request: HttpRequest, context: dict[str, Any], form: FactsForm, status: int = 200) -> HttpResponse:
    return render(request, "supervisi/evidence_form.html", context | {"form": form}, status=status)


def _evidence(request: HttpRequest, pk: int) -> Evidence:
    rows = Evidence.objects.visible_to(signed_in_user(request)).select_related("unit", "file")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404("no such evidence for this person")
    if vault.posting_to_change(signed_in_user(request), found) is None:
        raise NotAllowed(vault.KEPT_BY)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is said of a document."""
    evidence = _evidence(request, pk)
    context = {"evidence": evidence, "unit": evidence.unit, "title": "Ubah keterangan bukti", "label": "Simpan"}
    can_share = evidence.is_own and evidence.unit.numchild > 0
    if request.method != "POST":
        return _form_page(request, context, FactsForm(initial=FactsForm.initial_of(evidence), can_share=can_share))
    form = FactsForm(request.POST, can_share=can_share)
    if not form.is_valid():
        return _form_page(request, context, form, 422)
    try:
        vault.change_facts(evidence=evidence, facts=form.facts, by=signed_in_user(request))
    except DomainError as refusal:
        return _refused(request, context, form, refusal)
    messages.success(request, f"Keterangan bukti nomor {evidence.number} tersimpan.")
    return redirect(evidence)


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_revise(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a new file in the place of a document's newest one."""
    evidence = _evidence(request, pk)
    context = {"evidence": evidence, "unit": evidence.unit, "title": "Unggah revisi", "label": "Simpan revisi"}
    can_share = evidence.is_own and evidence.unit.numchild > 0
    if request.method != "POST":
        initial = FactsForm.initial_of(evidence) | {"valid_from": None, "valid_until": None, "dated_on": None}
        return _form_page(request, context | {"is_revision": True}, FileForm(initial=initial, can_share=can_share))
    form = FileForm(request.POST, request.FILES, can_share=can_share)
    context["is_revision"] = True
    if not form.is_valid():
        return _form_page(request, context, form, 422)
    try:
        made = vault.add_revision(
            evidence=evidence, upload=form.cleaned_data["file"], facts=form.facts, by=signed_in_user(request)
        )
    except DomainError as refusal:
        return _refused(request, context, form, refusal)
    messages.success(request, f"Revisi {made.revision} dari bukti nomor {made.number} tersimpan.")
    return redirect(made)


# --- choosing what is there -----------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def evidence_pick(request: HttpRequest, pk: int) -> HttpResponse:
    """Search what is there, and attach it to an answer."""
    user = signed_in_user(request)
    answer = find_answer(user, pk)
    if posting_to_write(user, answer.checklist) is None:
        raise NotAllowed("Bukti hanya dapat ditambah oleh yang mengisi lembar ini.")
    if request.method == "POST":
        return _attach(request, pk)
    picker = read_picker(user, answer, _asked(request, "cari"), _asked(request, "halaman") or "1")
    is_part = bool(request.headers.get("HX-Request"))
    template = "supervisi/_evidence_picker.html" if is_part else "supervisi/evidence_pick.html"
    return render(request, template, {"picker": picker, "is_part": is_part})


def _attach(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in_user(request)
    answer = find_answer(user, pk)
    chosen = request.POST.get("evidence", "")
    is_number = chosen.isascii() and chosen.isdigit() and len(chosen) < 19
    evidence = Evidence.objects.visible_to(user).filter(pk=int(chosen) if is_number else 0).first()
    if evidence is None:
        raise DomainError("Bukti ini tidak ada atau tidak dapat Anda baca. Muat ulang halaman, lalu pilih lagi.")
    link = vault.attach_existing(answer=answer, evidence=evidence, link_uuid=read_uuid(request), by=user)
    text = f"Bukti nomor {link.evidence.number_at(answer.checklist.unit_id)} dipasang pada butir ini."
    if wants_json(request):
        return JsonResponse({"code": "saved", "link": link.pk, "message": text, "html": _line(request, link)})
    messages.success(request, text, extra_tags=f"b-{answer.item.code}")
    return to_item(answer)


def _line(request: HttpRequest, link: AnswerEvidence) -> str:
    if link.detached_at is not None:
        return ""
    line = EvidenceLine.of(link, link.answer.checklist, timezone.now())
    return render_to_string("supervisi/_evidence_line.html", {"line": line, "can_write": True}, request=request)
