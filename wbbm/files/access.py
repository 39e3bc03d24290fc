"""Who may read a file: the app that keeps a kind of file registers the answer."""

from __future__ import annotations

from collections.abc import Callable

from wbbm.organisasi.models import User

from .models import StoredFile

Reader = Callable[[User, StoredFile], bool]
_readers: dict[str, Reader] = {}
_asking: dict[str, Reader] = {}


def register_reader(kind: str, may_read: Reader, *, asks_first: Reader | None = None) -> None:
    """Let `may_read(user, file)` decide for files of the kind; called in an app's ready().

    Args:
        asks_first: tells whether the reader proves himself once more before he is given the file.
    """
    _readers[kind] = may_read
    if asks_first is not None:
        _asking[kind] = asks_first


def may_read(user: User, file: StoredFile) -> bool:
    """Tell whether the person may read the file; a kind that nobody registered is closed."""
    reader = _readers.get(file.kind)
    return reader is not None and reader(user, file)


def asks_first(user: User, file: StoredFile) -> bool:
    """Tell whether the person proves himself once more before he is given the file."""
    asks = _asking.get(file.kind)
    return asks is not None and asks(user, file)
