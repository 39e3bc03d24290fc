"""Reading of an uploaded instrument, of corrected pairs, and of the day from which a version holds."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.http import QueryDict

from supervisi.instrument_uploads import MAX_BYTES
from wbbm.files.uploads import received_size

_LIMIT = f"{MAX_BYTES // 1024 // 1024} MB"


class InstrumentForm(forms.Form):
    """The file of a new version."""

    file = forms.FileField(
        label="Berkas instrumen",
        max_length=200,
        help_text=f"YAML (.yaml) dalam UTF-8, bentuknya sama dengan berkas versi lama, paling besar {_LIMIT}.",
        error_messages={
            "required": "Pilih berkasnya dulu.",
            "empty": "Berkas kosong. Pilih berkas yang terisi.",
            "max_length": "Nama berkas terlalu panjang. Pendekkan namanya, lalu unggah lagi.",
        },
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".yaml,.yml"}),
    )
    is_too_large = False

    def clean_file(self) -> bytes:
        """Return the content, unless it is too large to be read at all."""
        upload = self.cleaned_data["file"]
        size = received_size(upload)
        if size > MAX_BYTES:
            self.is_too_large = True
            found = f"{size / 1024 / 1024:.1f}".replace(".", ",")
            raise forms.ValidationError(f"Berkas {found} MB terlalu besar. Batasnya {_LIMIT}.")
        self.name: str = upload.name or ""
        content: bytes = upload.read()
        return content


class PublishForm(forms.Form):
    """From which day on, and that the effect was seen."""

    starts_on = forms.DateField(
        label="Berlaku untuk periode yang mulai pada atau sesudah",
        widget=forms.DateInput(attrs={"class": "form-control", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Isi tanggalnya.", "invalid": "Isi tanggal, misalnya 1 Januari 2027."},
    )
    is_seen = forms.BooleanField(
        label="Perbedaan, padanan, dan dampak sudah saya periksa. Versi yang terbit tidak dapat diubah atau ditarik.",
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
        error_messages={"required": "Centang bila sudah diperiksa."},
    )

    def __init__(self, *args: Any, proposed: datetime.date | None = None, **kwargs: Any) -> None:
        """Propose a day."""
        super().__init__(*args, **kwargs)
        self.fields["starts_on"].initial = proposed


def read_pairs(data: QueryDict, codes: list[str]) -> dict[str, str | None]:
    """Return the pairs that were sent: old code → new code, or None where the field is empty or missing."""
    return {code: data.get(f"padanan-{code}", "").strip()[:40] or None for code in codes}


def read_seen(data: QueryDict) -> int:
    """Return the version of the crosswalk that the page showed; 0 when it can't be read."""
    text = data.get("versi", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
