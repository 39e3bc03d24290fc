"""Download of stored files, after a permission check, never as a page of ours."""

from __future__ import annotations

from collections.abc import Callable

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from wbbm.organisasi.http import signed_in_user
from wbbm.organisasi.second_factor import ask_first

from .access import asks_first, may_read
from .models import StoredFile
from .thumbnails import open_thumbnail


def _served(path: str, name: str, content_type: str, opener: Callable[[str], File] | None = None) -> FileResponse:
    try:
        # Asked for at each call: the storage may be another one than when this module was read.
        opened = (opener or default_storage.open)(path)
    except FileNotFoundError as fault:
        raise Http404("file is gone from the storage") from fault
    response = FileResponse(opened, as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _readable(request: HttpRequest, pk: int) -> StoredFile:
    file = StoredFile.objects.filter(pk=pk).first()
    if file is None or not may_read(request.user, file):  # type: ignore[arg-type]
        raise Http404("no such file for this person")
    return file


def _asked(request: HttpRequest, file: StoredFile) -> HttpResponse | None:
    return ask_first(request, is_file=True) if asks_first(signed_in_user(request), file) else None


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the file as an attachment."""
    file = _readable(request, pk)
    return _asked(request, file) or _served(file.path, file.name, file.content_type)


@require_safe
def thumbnail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Send the small picture of a photo."""
    file = _readable(request, pk)
    if not file.thumbnail_path:
        raise Http404("no thumbnail")
    return _asked(request, file) or _served(file.thumbnail_path, f"kecil-{pk}.jpg", "image/jpeg", open_thumbnail)
