"""Reading of an uploaded workbook and of the lines that a person accepts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from supervisi.services.operations import VERSION_LIMIT
from supervisi.workbook.package import MAX_BYTES, too_large
from wbbm.files.uploads import received_size


class WorkbookForm(forms.Form):
    """The workbook to read."""

    file = forms.FileField(
        label="Buku kerja",
        max_length=200,
        help_text="XLSX tanpa makro dan kata sandi, paling besar 10 MB.",
        error_messages={
            "required": "Pilih buku kerjanya dulu.",
            "empty": "Berkas kosong. Pilih buku kerja yang terisi.",
        },
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".xlsx"}),
    )

    def clean_file(self) -> bytes:
        """Return the content, unless it is too large to be read at all."""
        upload = self.cleaned_data["file"]
        # What came above the portal's limit was counted, and not kept.
        if received_size(upload) > MAX_BYTES:
            raise forms.ValidationError(too_large(received_size(upload)))
        self.name: str = upload.name or ""
        content: bytes = upload.read()
        return content


class TemplateForm(WorkbookForm):
    """The person's own template to fill in."""

    prefix = "templat"

    def __init__(self, *args: Any, **options: Any) -> None:
        """Name the field after what it takes."""
        super().__init__(*args, **options)
        self.fields["file"].label = "Templat Anda"


def read_accepted(data: QueryDict) -> dict[str, int]:
    """Return the chosen item codes with the versions that the person saw; what can't be read is not chosen."""
    takes_all, chosen = "semua" in data, set(data.getlist("butir"))
    versions = {}
    for name, raw in data.items():
        code = name.removeprefix("dasar-")
        if code == name or not (takes_all or code in chosen):
            continue
        text = str(raw)
        if text.isascii() and text.isdigit() and len(text) < 12 and int(text) <= VERSION_LIMIT:
            versions[code] = int(text)
    return versions
