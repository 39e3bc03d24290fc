"""Evidence of an answer: uploaded one file at a time, or several by the plain form."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from supervisi.access import posting_to_write
from supervisi.models import Answer, AnswerEvidence
from supervisi.services.evidence import Attached, attach_upload, detach
from wbbm.errors import NotAllowed
from wbbm.files.errors import FileRefused
from wbbm.middleware import wants_json
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import User

USER_HEADER = "X-WBBM-User"
_MOST_AT_ONCE = 10


def _answer(user: User, pk: int) -> Answer:
    found = (
        Answer.objects.visible_to(user)
        .select_related("checklist__unit", "checklist__visit__unit", "item", "checklist__instrument")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404("no such answer for this person")
    return found


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as fault:
        raise FileRefused("Nomor unggahan tidak terbaca. Muat ulang halaman, lalu pilih berkasnya lagi.") from fault


@require_POST
def evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the uploaded files as evidence of an answer; a bad file costs nothing else."""
    user = signed_in_user(request)
    answer = _answer(user, pk)
    files = [file for file in request.FILES.getlist("file") if file.size or file.name]
    is_script = wants_json(request) or USER_HEADER in request.headers
    claimed = request.headers.get(USER_HEADER)
    if claimed is not None and claimed != str(user.pk):
        return JsonResponse({"code": "user", "message": "Berkas ini milik akun lain pada perangkat ini."}, status=403)
    if posting_to_write(user, answer.checklist) is None:
        raise NotAllowed("Bukti ditambahkan oleh yang mengisi lembar ini.")
    if not files:
        raise FileRefused("Belum ada berkas yang dipilih.")
    if is_script:
        attached = attach_upload(
            answer=answer, upload=files[0], upload_uuid=_uuid(request.POST.get("uuid", "")), by=user
        )
        return JsonResponse(_reply(attached))
    first = _uuid(request.POST.get("uuid", ""))
    for place, file in enumerate(files[:_MOST_AT_ONCE]):
        # Several files of one form get numbers of their own, the same ones when the form is sent again.
        number = first if place == 0 else uuid.uuid5(first, str(place))
        try:
            attached = attach_upload(answer=answer, upload=file, upload_uuid=number, by=user)
        except FileRefused as refusal:
            messages.error(request, f"{file.name}: {refusal.message}")
        else:
            messages.success(request, _message(attached))
    area = reverse("supervisi:checklist-area", args=[answer.checklist_id, answer.item.area_key])
    return HttpResponseRedirect(f"{area}#b-{answer.item.code}")


def _message(attached: Attached) -> str:
    if attached.duplicate_of is not None:
        return f"Berkas ini sudah ada sebagai bukti nomor {attached.duplicate_of}."
    return f"Bukti nomor {attached.link.evidence.number} tersimpan."


def _reply(attached: Attached) -> dict[str, object]:
    evidence = attached.link.evidence
    file = evidence.file
    return {
        "code": "saved",
        "number": evidence.number,
        "title": evidence.title,
        "link": attached.link.pk,
        "url": reverse("files:download", args=[file.pk]),
        "thumb_url": reverse("files:thumbnail", args=[file.pk]) if file.thumbnail_path else "",
        "message": _message(attached),
    }


@require_POST
def evidence_detach(request: HttpRequest, pk: int) -> HttpResponse:
    """Take evidence away from an answer."""
    user = signed_in_user(request)
    link = (
        AnswerEvidence.objects.select_related(
            "evidence", "answer__item", "answer__checklist__unit", "answer__checklist__visit__unit"
        )
        .filter(pk=pk, answer__in=Answer.objects.visible_to(user).order_by().values("pk"))
        .first()
    )
    if link is None:
        raise Http404("no such evidence for this person")
    answer = link.answer
    detach(link=link, by=user)
    messages.success(request, "Bukti dilepas dari butir ini. Berkasnya tetap tersimpan dalam riwayat.")
    area = reverse("supervisi:checklist-area", args=[answer.checklist_id, answer.item.area_key])
    return HttpResponseRedirect(f"{area}#b-{answer.item.code}")
