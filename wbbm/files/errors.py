"""Refusals of an upload; each says what is wrong and what to do."""

from wbbm.errors import DomainError


class FileRefused(DomainError):
    """The file is not kept; nothing else on the page is touched."""

    status = 422
    code = "file"


class FileTooLarge(FileRefused):
    """The file is larger than the limit."""

    status = 413
    code = "file-too-large"


class StorageFailed(FileRefused):
    """The storage takes nothing now (full, gone); the same file may be sent again later."""

    status = 507
    code = "storage"
