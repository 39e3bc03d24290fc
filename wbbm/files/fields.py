"""The form field of several files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

_KINDS = "PDF, JPEG, PNG, DOCX, XLSX; paling besar 10 MB per berkas, paling banyak 10 sekali kirim."


class SeveralFiles(forms.ClearableFileInput):
    """A choice of several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, or none; what came is examined by the file store."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Return the files that came."""
        return list(data or [])


def files_field(label: str) -> FilesField:
    """Return the field of photos and files."""
    widget = SeveralFiles(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.docx,.xlsx", "class": "form-control"})
    return FilesField(label=label, required=False, widget=widget, help_text=_KINDS)
