"""Receiving of uploads: what exceeds the limit is counted, never written to memory or disk."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from .limits import MAX_BYTES

_RECEIVED = "wbbm-received"


class CappedUploadHandler(FileUploadHandler):
    """Stands before Django's own handlers; passes on what the limit holds, and one chunk more."""

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, Any] | None = None,
    ) -> None:
        """Begin to count a file."""
        super().new_file(field_name, file_name, content_type, content_length, charset, content_type_extra)
        # The parameters of the part's Content-Type: the one dictionary that reaches the finished file.
        self.counted = content_type_extra if content_type_extra is not None else {}
        self.counted[_RECEIVED] = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Count what came; drop it once the limit was exceeded."""
        is_over = self.counted[_RECEIVED] > MAX_BYTES
        self.counted[_RECEIVED] += len(raw_data)
        return None if is_over else raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the finished file to the handlers behind."""


class MemoryHandler(FileUploadHandler):
    """Keeps a file in memory, whatever its size; stands behind CappedUploadHandler, which knows the limit."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self.held = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Hold what came."""
        self.held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the file; its name goes no further."""
        self.held.seek(0)
        size = self.held.getbuffer().nbytes
        extra = self.content_type_extra or {}
        return InMemoryUploadedFile(self.held, self.field_name, "berkas", self.content_type, size, None, extra)


def memory_handlers(request: HttpRequest) -> list[FileUploadHandler]:
    """Return the handlers of a request whose files must never lie on a disk, not for a moment."""
    return [CappedUploadHandler(request), MemoryHandler(request)]


def received_size(upload: UploadedFile) -> int:
    """Return how many bytes of the file came, of which those above the limit were not kept."""
    extra = getattr(upload, "content_type_extra", None) or {}
    counted = extra.get(_RECEIVED)
    return max(upload.size or 0, counted if isinstance(counted, int) else 0)
