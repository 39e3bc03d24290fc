"""Who may read a file: the app that keeps a kind of file registers the answer."""

from __future__ import annotations

from collections.abc import Callable

from wbbm.organisasi.models import User

from .models import StoredFile

Reader = Callable[[User, StoredFile], bool]
_readers: dict[str, Reader] = {}


def register_reader(kind: str, may_read: Reader) -> None:
    """Let `may_read(user, file)` decide for files of the kind; called in an app's ready()."""
    _readers[kind] = may_read


def may_read(user: User, file: StoredFile) -> bool:
    """Tell whether the person may read the file; a kind that nobody registered is closed."""
    reader = _readers.get(file.kind)
    return reader is not None and reader(user, file)
