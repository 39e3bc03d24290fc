"""Every list as a file: at once, or by a worker when it is long."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from supervisi.lists import registry
from supervisi.lists.asked import Asked
from supervisi.models import ListFile
from supervisi.pages.moments import long_moment
from supervisi.services.list_files import known_file, list_address, open_table, request_file
from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.second_factor import ask_first
from wbbm.organisasi.shell import main_posting
from wbbm.organisasi.tables import CONTENT_TYPES


@require_http_methods(["GET", "HEAD", "POST"])
def list_file(request: HttpRequest, name: str, suffix: str) -> HttpResponseBase:
    """Give a list as a file; a long one is offered to be made, and asked for by POST."""
    user, asked = signed_in_user(request), Asked.of(request.GET.dict())
    kind = registry.LISTS.get(name)
    table = kind.read(user, asked) if kind is not None and suffix in CONTENT_TYPES else None
    if table is None or kind is None:
        raise Http404("no such list for this person")
    proof = ask_first(request, is_file=True) if kind.is_personal else None
    if proof is not None:
        return proof
    is_long = table.count > registry.MOST_AT_ONCE
    if request.method == "POST":
        if is_long:
            request_file(name=name, suffix=suffix, asked=asked, by=user)
            messages.success(request, "Berkas sedang dibuat. Anda diberi tahu di kotak masuk bila sudah siap.")
        return redirect(list_address(name, suffix, asked))
    if is_long:
        return _offer(request, kind, suffix, table.count, known_file(name, suffix, asked, user))
    return _served(open_table(table, suffix), table.name, suffix)


def _offer(
    request: HttpRequest, kind: registry.ListKind, suffix: str, count: int, known: ListFile | None
) -> HttpResponse:
    posting = main_posting(signed_in_user(request).scope.postings)
    made = long_moment(known.made_at, posting.unit) if known is not None and posting is not None else ""
    context = {
        "title": kind.title, "suffix": suffix, "count": count, "known": known, "made": made,
        "most": registry.MOST_AT_ONCE,
    }  # fmt: skip
    return render(request, "supervisi/list_large.html", context)


def _served(content: object, name: str, suffix: str) -> FileResponse:
    file_name = f"{name}-{timezone.localdate():%Y-%m-%d}.{suffix}"
    response = FileResponse(content, as_attachment=True, filename=file_name, content_type=CONTENT_TYPES[suffix])
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@require_safe
def download(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Send a long list to whoever asked for it, while his postings are what they were."""
    row = ListFile.objects.visible_to(signed_in_user(request)).ready().filter(pk=pk).first()
    if row is None:
        raise Http404("no such file for this person")
    asked = ask_first(request, is_file=True) if registry.LISTS[row.name].is_personal else None
    if asked is not None:
        return asked
    try:
        content = default_storage.open(row.path)
    except FileNotFoundError as fault:
        raise Http404("file is gone from the storage") from fault
    return _served(content, row.name, row.suffix)
