"""What a document may fetch: our own style sheets, its QR code, the photos that it shows, by id; nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.staticfiles import finders
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from wbbm.files.thumbnails import open_thumbnail

BASE = "dokumen:/"
CODE = "dokumen:/kode.svg"
_STATIC = re.compile(r"dokumen:/static/(css/[a-z0-9-]+\.css)")
_PHOTO = re.compile(r"dokumen:/foto/(\d{1,18})")


class StorageBroken(FatalURLFetchingError):
    """The storage of photos failed; the document is made again later."""


class ForbiddenFetch(FatalURLFetchingError):
    """A document asked for something that it may not have; it is not made."""


class DocumentFetcher(URLFetcher):
    """Knows `dokumen:/static/css/….css`, `dokumen:/foto/<id>` of the photos given, and `dokumen:/kode.svg`.

    It opens no socket, and no path that an address names.

    Args:
        photos: the paths of thumbnails in the storage, by the id of their file.
        on_photo: called for each photo.
        code: the QR code as SVG.
    """

    def __init__(
        self, photos: Mapping[int, str], on_photo: Callable[[], None] = lambda: None, code: bytes | None = None
    ) -> None:
        super().__init__(allowed_protocols=("dokumen",), allow_redirects=False)
        self._photos = photos
        self._on_photo = on_photo
        self._code = code

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return a style sheet, a thumbnail, or the code.

        Raises:
            ForbiddenFetch: any other address, a photo that the document does not show, an unknown style sheet.
        """
        static = _STATIC.fullmatch(url)
        if static:
            return _style(url, static[1])
        if url == CODE and self._code is not None:
            return URLFetcherResponse(url, self._code, {"Content-Type": "image/svg+xml"})
        photo = _PHOTO.fullmatch(url)
        path = self._photos.get(int(photo[1])) if photo else None
        if path is None:
            raise ForbiddenFetch(f"not ours to fetch: {url[:200]}")
        self._on_photo()
        return URLFetcherResponse(url, _thumbnail(path), {"Content-Type": "image/jpeg"})


def _thumbnail(path: str) -> bytes:
    """Read a photo; one that is gone for good is shown by its words, a storage that fails stops the document."""
    try:
        with open_thumbnail(path) as opened:
            data: bytes = opened.read()
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise StorageBroken(path) from fault
    return data


def _style(url: str, name: str) -> URLFetcherResponse:
    path = finders.find(name)
    if not isinstance(path, str):
        raise ForbiddenFetch(f"no such style sheet: {name}")
    with open(path, "rb") as opened:  # noqa: PTH123 (a path found among our own static files)
        return URLFetcherResponse(url, opened.read(), {"Content-Type": "text/css"})
