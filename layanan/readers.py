"""Who may read files of the public side."""

from __future__ import annotations

from layanan.models import DeclarationFile, GratuityFile, InnovationFile, Pledge
from layanan.services import commitment, gratuities, innovations
from wbbm.files.access import register_reader
from wbbm.files.models import StoredFile
from wbbm.organisasi.models import User


def may_read_gratuity_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file came with a gratuity report that the person sees."""
    return GratuityFile.objects.visible_to(user).filter(file=file).exists()


def may_read_innovation_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file proves an innovation in the person's sight."""
    return InnovationFile.objects.visible_to(user).filter(file=file).exists()


def may_read_declaration_file(user: User, file: StoredFile) -> bool:
    """Tell whether the file is a document of a declaration that the person sees."""
    return DeclarationFile.objects.visible_to(user).filter(file=file).exists()


def may_read_pledge_scan(user: User, file: StoredFile) -> bool:
    """Tell whether the file is the scan of a pledge that the person sees."""
    return Pledge.objects.visible_to(user).filter(scan=file).exists()


def register() -> None:
    """Register with the file store."""
    register_reader(commitment.DECLARATION_FILES, may_read_declaration_file)
    register_reader(commitment.PLEDGE_SCANS, may_read_pledge_scan)
    # Who opens what somebody else reported proves himself once more, also by the address of a photo.
    register_reader(
        gratuities.FILE_KIND, may_read_gratuity_file, asks_first=lambda user, file: file.created_by_id != user.pk
    )
    register_reader(innovations.FILE_KIND, may_read_innovation_file)
