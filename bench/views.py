"""What any portal would do for the same page or save: the same middleware, as many single rows, a reply as long."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse

from supervisi.models import Answer, AnswerRevision
from wbbm.organisasi.models import Unit


def _read(queries: int) -> None:
    for number in range(1, queries + 1):
        Unit.objects.filter(pk=number).values("pk", "name").first()


def bare(request: HttpRequest, queries: int, size: int) -> HttpResponse:
    """Read so many single rows and answer with so many letters."""
    _read(queries)
    return HttpResponse("a" * size)


def bare_save(request: HttpRequest, queries: int, answer_pk: int) -> HttpResponse:
    """Do the two statements of a save in a transaction, and read single rows for all others that a save sends."""
    with transaction.atomic():
        _read(queries - 2)
        answer = Answer(pk=answer_pk)
        Answer.objects.filter(pk=answer_pk).update(version=F("version") + 1)
        AnswerRevision.objects.create(
            uuid=uuid.uuid4(), answer=answer, checklist_id=int(request.POST["lembar"]), payload_hash="0" * 64,
            value={}, author_id=request.user.pk, base_version=0, outcome="conflict",
        )  # fmt: skip
    return HttpResponse('{"code": "saved"}', content_type="application/json")
