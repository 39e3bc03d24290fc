"""Evidence of an answer: uploaded one file at a time by script, or several by the plain form."""

from __future__ import annotations

import hashlib
import uuid

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from supervisi.access import posting_to_write
from supervisi.models import Answer, AnswerEvidence
from supervisi.pages.item_cards import EvidenceLine
from supervisi.services.evidence import Attached, OutdatedFile, UploadReused, attach_upload, detach
from supervisi.views.operations import foreign_queue, is_foreign_queue
from wbbm.errors import NotAllowed
from wbbm.files.errors import FileRefused
from wbbm.files.services import plain_name
from wbbm.middleware import wants_json
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.models import User

_MOST_AT_ONCE = 10
_NO_FILE = "Belum ada berkas yang dipilih. Pilih foto atau berkasnya dulu."


def find_answer(user: User, pk: int) -> Answer:
    """Return an answer in the person's sight; a foreign and a missing one give the same 404."""
    frame = Answer.objects.visible_to(user).select_related("checklist__unit", "checklist__visit__unit", "item")
    found = frame.filter(pk=pk).first()
    if found is None:
        raise Http404("no such answer for this person")
    return found


def read_uuid(request: HttpRequest) -> uuid.UUID:
    """Return the UUID that was made for the act on the device or with the page.

    Raises:
        FileRefused: there is none.
    """
    try:
        return uuid.UUID(request.POST.get("uuid", ""))
    except ValueError as fault:
        raise FileRefused("Nomor unggahan tidak terbaca. Muat ulang halaman, lalu pilih berkasnya lagi.") from fault


@require_POST
def evidence_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep uploaded files as evidence of an answer: a script's one file, or all of the plain form."""
    if is_foreign_queue(request):
        return foreign_queue()
    user = signed_in_user(request)
    answer = find_answer(user, pk)
    if posting_to_write(user, answer.checklist) is None:
        raise NotAllowed("Bukti hanya dapat ditambah oleh yang mengisi lembar ini.")
    files = request.FILES.getlist("file")
    if not wants_json(request):
        return _add_all(request, answer, files, user)
    if len(files) != 1:
        raise FileRefused(_NO_FILE if not files else "Satu kiriman memuat satu berkas. Kirim satu per satu.")
    attached = attach_upload(
        answer=answer,
        upload=files[0],
        upload_uuid=read_uuid(request),
        by=user,
        camera_time=request.POST.get("camera_time", ""),
    )
    return JsonResponse(_reply(request, answer, attached))


def _reply(request: HttpRequest, answer: Answer, attached: Attached) -> dict[str, object]:
    link = attached.link
    line = {"line": EvidenceLine.of(link, answer.checklist, timezone.now()), "can_write": True}
    return {
        "code": "saved",
        "number": link.evidence.number,
        "link": link.pk,
        "html": "" if link.detached_at else render_to_string("supervisi/_evidence_line.html", line, request=request),
        "message": _message(attached),
    }


def _add_all(request: HttpRequest, answer: Answer, files: list[UploadedFile], user: User) -> HttpResponse:
    """Keep the files of the plain form one by one; what is wrong with one costs the others nothing."""
    form = read_uuid(request)
    place = f"b-{answer.item.code}"
    if not files:
        messages.error(request, _NO_FILE, extra_tags=place)
    for file in files[:_MOST_AT_ONCE]:
        try:
            attached = attach_upload(answer=answer, upload=file, upload_uuid=_uuid_within(form, file), by=user)
        except (FileRefused, UploadReused, OutdatedFile) as refusal:
            messages.error(request, f"{plain_name(file.name or '')}: {refusal.message}", extra_tags=place)
        else:
            messages.success(request, _message(attached), extra_tags=place)
    left = len(files) - _MOST_AT_ONCE
    if left > 0:
        text = f"{left} berkas lagi belum diunggah: paling banyak {_MOST_AT_ONCE} sekali kirim. Pilih sisanya lagi."
        messages.error(request, text, extra_tags=place)
    return to_item(answer)


def _uuid_within(form: uuid.UUID, file: UploadedFile) -> uuid.UUID:
    """Give each file of a form a UUID of its own: the same one when the same file is sent again by the same form."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return uuid.uuid5(form, digest.hexdigest())


def _message(attached: Attached) -> str:
    evidence = attached.link.evidence
    number = evidence.number_at(attached.link.answer.checklist.unit_id)
    if attached.link.detached_at is not None:
        return f"Berkas ini pernah dikirim sebagai bukti nomor {number}, lalu dilepas dari butir ini."
    if attached.duplicate_of is not None:
        return f"Berkas ini sudah ada sebagai bukti nomor {number}."
    return f"Bukti nomor {number} tersimpan."


def to_item(answer: Answer) -> HttpResponseRedirect:
    """Lead back to the item's card."""
    area = reverse("supervisi:checklist-area", args=[answer.checklist_id, answer.item.area_key])
    return HttpResponseRedirect(f"{area}#b-{answer.item.code}")


@require_POST
def evidence_detach(request: HttpRequest, pk: int) -> HttpResponse:
    """Take evidence away from an answer."""
    user = signed_in_user(request)
    frame = AnswerEvidence.objects.visible_to(user).select_related(
        "evidence__file", "answer__item", "answer__checklist__unit", "answer__checklist__visit__unit"
    )
    link = frame.filter(pk=pk).first()
    if link is None:
        raise Http404("no such evidence for this person")
    detach(link=link, by=user)
    place = f"b-{link.answer.item.code}"
    text = f"Bukti nomor {link.evidence.number} dilepas dari butir ini. Berkasnya tetap ada di Riwayat."
    messages.success(request, text, extra_tags=place)
    return to_item(link.answer)
