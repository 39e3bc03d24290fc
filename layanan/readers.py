"""Who may read files of the public side."""

from __future__ import annotations

from layanan.models import GratuityFile, InnovationFile
from layanan.services import gratuities, innovations
from wbbm.files.access import register_reader
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import User


def may_read_gratuity_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file came with a gratuity report that the person sees."""
    return GratuityFile.objects.visible_to(user).filter(file=file).exists()


def may_read_innovation_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file proves an innovation in the person's sight."""
    return InnovationFile.objects.visible_to(user).filter(file=file).exists()


def register() -> None:
    """Register with the file store."""
    register_reader(gratuities.FILE_KIND, may_read_gratuity_file)
    register_reader(innovations.FILE_KIND, may_read_innovation_file)
