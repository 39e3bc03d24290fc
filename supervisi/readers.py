"""Who may read files of evidence."""

from __future__ import annotations

from supervisi.models import Evidence
from supervisi.services.evidence import FILE_KIND
from wbbm.files.access import register_reader
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import User


def may_read_evidence(user: User, file: StoredFile) -> bool:
    """Tell whether the file proves an answer of a sheet in the person's sight."""
    return Evidence.objects.visible_to(user).filter(file=file).exists()


def register() -> None:
    """Register with the file store."""
    register_reader(FILE_KIND, may_read_evidence)
