"""App configuration of the file store."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Uploads: type check, re-encoding, thumbnails, download after a permission check."""

    name = "wbbm.files"
    label = "files"
    verbose_name = "Berkas"
